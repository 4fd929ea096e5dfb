# frozen_string_literal: true

module HTTPCache
  # What the cache counted since it was opened, and what lies on disk: stored +responses+ and their +bytes+ (of all
  # processes); +hits+, +misses+, +stale_hits+, +revalidations+, +stores+; +errors+ of the cache itself, each of
  # which was passed through and logged.
  Stats = Struct.new(:responses, :bytes, :hits, :misses, :stale_hits, :revalidations, :stores, :errors,
                     keyword_init: true)

  # An open cache. Once it is open the store never breaks a caller: where the cache itself fails, a lookup says
  # +:forward+, a fetch passes through, and Stats#errors and a log line tell.
  class Cache
    include Owned

    # As #initialize; with a block, yields the cache, closes it afterwards and returns the block's value.
    def self.open(...)
      cache = new(...)
      return cache unless block_given?

      begin
        yield cache
      ensure
        cache.close
      end
    end

    # Opens the cache in the directory `path`, making it if there is none (mode 0700). Opened twice in a process, a
    # directory is one store. `options` are Options, or settings by name.
    #
    # Errors that name a refused path: NotDirectoryError, SymbolicLinkError, ForeignOwnerError, PermissionError,
    # ReadOnlyError, FullError, NewerFormatError, BusyError, MismatchError, UnsupportedError. ConflictError names
    # two settings.
    def initialize(path, options = nil, **settings)
      raise ArgumentError, 'give Options or settings, not both' if options && !settings.empty?

      path = File.path(path)
      options ||= own_options = Options.new(**settings)
      options.use do |native|
        address = Call.new.make(:hc_close) { |call| Native.hc_open(path, native, call.out, call.error) }
        @uses = 0
        own(address, :hc_close)
      end
    ensure
      own_options&.close
    end

    # Answers a request from the cache or from its origin (over libcurl), and returns the Response once its header
    # section is there. `request` is a Request, or a URL to GET. The origin's body is stored as it is read: a
    # response closed before its end stores nothing. With a block, yields the response, closes it afterwards and
    # returns the block's value. Waits.
    #
    # Failures of the origin where nothing stale may be used: ResolveError, ConnectError, TLSError, TimeoutError,
    # ProtocolError, TransportError, RedirectError, TooLargeError.
    def fetch(request, &)
      yielded(asked(request) { |cache, native, call| fetch_with(cache, native, call) }, &)
    end

    # Decides how the cache answers a request and returns the Exchange; no network. `request` and the block are as
    # of #fetch.
    def lookup(request, &)
      yielded(asked(request) { |cache, native, call| lookup_with(cache, native, call) }, &)
    end

    # Waits until everything stored so far is durable, at most `timeout` seconds, or +:never+. TimeoutError.
    def flush(timeout: :never)
      milliseconds = Setting.duration(timeout, 'the timeout')
      use { |cache| Call.new.check { |call| Native.hc_flush(cache, milliseconds, call.error) } }
      nil
    end

    # What the cache counted: Stats.
    def stats
      memory = FFI::MemoryPointer.new(Native::STATS_SIZE)
      memory.put_uint64(0, Native::STATS_SIZE)
      use { |cache| Call.new.check { |call| Native.hc_get_stats(cache, memory.address, call.error) } }
      Stats.new(**Stats.members.zip(memory.get_bytes(0, Native::STATS_SIZE).unpack(Native::STATS).drop(1)).to_h)
    end

    # Gives up the cache. Its store closes when the exchanges and responses made from it are gone too, and when the
    # calls that other threads are in have returned.
    def close
      Thread.handle_interrupt(HELD_BACK) do
        @lock&.synchronize do
          @closed = true
          release if @uses.zero?
        end
      end
      nil
    end

    def closed?
      @closed || @address.nil?
    end

    # For the classes of this gem: many at once.
    def use
      Thread.handle_interrupt(HELD_BACK) do
        address = enter
        begin
          yield address
        ensure
          leave
        end
      end
    end

    private

    def enter
      raise ClosedError, 'the cache was not opened' unless @lock

      @lock.synchronize do
        raise ClosedError, 'the cache is closed' if @closed

        @uses += 1
      end
      @address
    end

    def leave
      @lock.synchronize do
        @uses -= 1
        release if @closed && @uses.zero?
      end
    end

    def asked(request)
      request = own_request = Request.new('GET', request) unless request.is_a?(Request)
      use { |cache| request.use { |native| yield cache, native, Call.new } }
    ensure
      own_request&.close
    end

    def fetch_with(cache, request, call)
      address = call.make(:hc_response_free) do
        Native.hc_fetch(cache, request, 0, call.out, call.error)
      end
      Response.take(address)
    end

    def lookup_with(cache, request, call)
      view = call.view
      address = call.make(:hc_exchange_free) do
        Native.hc_lookup(cache, request, view, call.out, call.error)
      end
      Exchange.take(address, call.view_value)
    end

    def yielded(object)
      return object unless block_given?

      begin
        yield object
      ensure
        object.close
      end
    end
  end
end
