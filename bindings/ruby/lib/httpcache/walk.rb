# frozen_string_literal: true

module HTTPCache
  # What a walk has met: a stored response as it was then. It never changes, and stays when the walk goes on or is
  # closed.
  class Stored
    include Viewed

    # Its key, printable, as of Response#key. Of a record that cannot be read it may be that of all variants.
    attr_reader :key

    # Its Request, with REDACTED in the place of what is not stored: for reading, not for sending. nil: it is not known.
    attr_reader :request

    # Where the walk was asked for bodies, the Response, which is yours to close; else nil, and of what cannot be read.
    attr_reader :response

    # Its head at that moment.
    attr_reader :view

    def initialize(view, key, request, response)
      @view = view
      @key = key
      @request = request
      @response = response
    end

    # Whether it is no response but a redirect that leads to one.
    def alias? = @view.alias?

    # Whether it is a record that cannot be read. Nothing else of it is known but its key; its status is 0.
    def unreadable? = @view.unreadable?

    def inspect
      "#<#{self.class} #{unreadable? ? 'unreadable' : "#{status} #{url}"}>"
    end
  end

  # A walk over the stored responses that were asked for (see Query), made by Cache#walk; it is walked once.
  #
  # Between two steps it holds no transaction and no lock: what is stored or deleted meanwhile may or may not be met,
  # and what is met is as it is then. It keeps the store open until it is closed.
  class Walk
    include Owned
    include Enumerable

    private_class_method :new

    # For the classes of this gem.
    def self.take(address, bodies)
      new(address, bodies)
    end

    def initialize(address, bodies)
      own(address, :hc_iter_free)
      @bodies = bodies
    end

    # The next that is met, Stored. StopIteration: there is no more. Where it raises another error, which is one of the
    # store, the next step goes on.
    def next
      step or raise StopIteration, 'the walk is at its end'
    end

    # Yields all that are still to come.
    def each
      return enum_for(:each) unless block_given?

      while (stored = step)
        yield stored
      end
      self
    end

    private

    def step
      use do |walk|
        Call.borrow do |call|
          status = nil
          address = call.make(:hc_response_free) do
            status = Native.hc_iter_next(walk, call.view, @bodies ? call.out : 0, call.error)
          end
          response = address && Response.take(address)
          met(walk, call.view_value, response) unless status == Native::DONE
        end
      end
    end

    def met(walk, view, response)
      request = Native.hc_iter_request(walk)
      Stored.new(view, Native.hc_iter_key(walk), request.zero? ? nil : Request.copy_of(request), response)
    end
  end
end
