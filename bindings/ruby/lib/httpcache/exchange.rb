# frozen_string_literal: true

module HTTPCache
  # A request on its way through the cache, whose network is yours.
  #
  #   cache.lookup(request) do |exchange|
  #     next exchange.body if exchange.answered?          # :fresh, :stale, :unsatisfiable (a 504)
  #
  #     status, fields, body = send_somehow(exchange.forward)
  #     exchange.store(HTTPCache::Response.new(status, fields: fields, body: body))
  #     exchange.answered? ? exchange.body : body
  #   end
  #
  # What follows what:
  #
  #   decision                 hand on                then
  #   :forward, :revalidate    -                      send #forward, then #store, #begin or #failure
  #   :fresh, :stale           #view, #body           -
  #   :stale_revalidate        #view, #body           send #forward, then #store, #begin or #failure
  #   :unsatisfiable           #view, #body           -
  #
  #   outcome                  hand on                then
  #   :not_stored              #view, origin's body   -                             see #continued?
  #   :stored, :freshened      #view, #body           -
  #   :used_stale              #view, #body           drop the origin's body
  #   :storing                 #view, origin's body   #write ..., then #end or #failure; see #continued?
  #   :repeat                  -                      send #forward again, then as after :forward
  #
  # Anything else is a MisuseError and changes nothing. What is closed before its end is not stored.
  #
  # :stale_revalidate is answered at once, and revalidated behind the caller's back, on any thread (RFC 5861 3). One
  # caller a variant is told so, until his exchange is closed; closed without an answer it changes nothing. Take what
  # is to be handed on before the answer is reported, which changes #view and #body.
  class Exchange
    include Owned
    include Viewed

    ANSWERS = %i[fresh stale stale_revalidate unsatisfiable stored freshened used_stale].freeze
    private_constant :ANSWERS

    private_class_method :new

    # What Cache#lookup decided.
    attr_reader :decision

    # What the last verb came to; nil before the first.
    attr_reader :outcome

    # For the classes of this gem.
    def self.take(address, view) = new(address, view)

    def initialize(address, view)
      own(address, :hc_exchange_free)
      @decision = view.decision
      show(view, @decision)
    end

    # What to hand on, as far as there is something: its status is 0 where there is not.
    def view
      open_address
      @view
    end

    # Whether the view and #body are what to hand on, whatever the origin still sends.
    def answered?
      open_address
      @answered
    end

    # Whether the origin's body is but the rest: hand on #body, or that of #response, which was stored, and then the
    # origin's. Only with the setting +complete+, and after +:storing+ and +:not_stored+; only the rest is written.
    def continued?
      !answered? && @view.continued?
    end

    # The request to send, as a Request of its own: yours, with the conditions that are needed. nil: there is
    # nothing to send, or no more.
    def forward
      use do |exchange|
        address = Native.hc_exchange_forward(exchange)
        Request.copy_of(address) unless address.zero?
      end
    end

    # Why the request is forwarded, as a token of RFC 9211 2.2 ("uri-miss", "vary-miss", "stale", ...), or why an
    # answer was not stored. "" where neither is so. (The reason phrase is that of #view.)
    def reason
      use { |exchange| Native.hc_exchange_reason(exchange) }
    end

    # The decision in words, a line for each step, for people. It holds no URL, field value or credential.
    def explain
      use { |exchange| Native.hc_exchange_explain(exchange).force_encoding(Encoding::UTF_8) }
    end

    # The response to hand on as a Response of its own, for reading its body in pieces; it outlives the exchange.
    # nil while there is none, or it is the origin's and not wholly stored. Where it is #continued?, its body is what
    # was stored.
    def response
      use do |exchange|
        Call.borrow do |call|
          address = call.make(:hc_response_free) { Native.hc_exchange_response(exchange, call.out, call.error) }
          address && Response.take(address)
        end
      end
    end

    # The whole body of the response to hand on; nil where #response is.
    def body
      lent = use { @lent && Native.copy(*@lent) }
      return lent if lent

      response&.then do |response|
        response.body
      ensure
        response.close
      end
    end

    # Reports the origin's whole answer. Returns the outcome.
    def store(response)
      response.use do |origin|
        report { |exchange, view, call| Native.hc_store(exchange, origin, call.outcome, view, call.error) }
      end
    end

    # Reports the head of the origin's answer, whose body follows in pieces. Returns the outcome; only +:storing+
    # wants the body written.
    def begin(response)
      response.use do |head|
        report { |exchange, view, call| Native.hc_store_begin(exchange, head, call.outcome, view, call.error) }
      end
    end

    # Stores the next bytes of the body. Says whether it is still being stored.
    def write(bytes)
      bytes = Bytes.held(bytes)
      use do |exchange|
        Call.borrow do |call|
          call.check(Native.hc_store_write(exchange, bytes, bytes.bytesize, call.error)) == Native::OK
        end
      end
    end

    # As #write; returns the exchange.
    def <<(bytes)
      write(bytes)
      self
    end

    # Ends the body. Returns +:stored+, or +:not_stored+ where it is short of its Content-Length or longer, or the
    # cache failed.
    def end
      verb do |exchange, call|
        call.complete(Native.hc_store_end(exchange, call.outcome, call.error))
        note(call.outcome_value)
      end
    end

    # Reports that the origin could not be reached, or broke off. Says whether a stored response is to be handed on
    # though it is stale (RFC 5861 4).
    def failure
      verb do |exchange, call|
        status = call.complete(Native.hc_store_failure(exchange, call.view, call.error))
        status == Native::OK ? note(:used_stale, call.view_value) : note(:not_stored)
      end
      @answered
    end

    private

    def report
      verb do |exchange, call|
        call.complete(yield(exchange, call.view, call))
        note(call.outcome_value, call.view_value)
      end
    end

    # The exchange has gone on also where a filter raised.
    def verb
      use do |exchange|
        Call.borrow { |call| yield exchange, call }
        Callback.raise_failure
        @outcome
      end
    end

    # Without a view of its own the verb leaves the one before; what that has lent is gone.
    def note(outcome, view = nil)
      @outcome = outcome
      view ? show(view, outcome) : show(@view, outcome, lends: false)
    end

    def show(view, come_to, lends: true)
      @view = view
      @answered = ANSWERS.include?(come_to)
      @lent = (view.lent_body if lends && @answered)
    end
  end
end
