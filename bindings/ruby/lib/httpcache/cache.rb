# frozen_string_literal: true

module HTTPCache
  # What the cache counted since it was opened, and what lies on disk: stored +responses+ and their +bytes+ (of all
  # processes); +hits+, +misses+, +stale_hits+, +revalidations+, +stores+; +errors+ of the cache itself, each of
  # which was passed through and logged.
  Stats = Struct.new(:responses, :bytes, :hits, :misses, :stale_hits, :revalidations, :stores, :errors,
                     keyword_init: true)

  # What Cache#rekey came to: stored responses +moved+ to a new key; of these +collided+ with one that had it already,
  # of which the fresher was kept; +left+ under their old key, for want of a value that was not kept, or because a block
  # failed.
  Rekeyed = Struct.new(:moved, :collided, :left, keyword_init: true)

  # An open cache. Once it is open the store never breaks a caller: where the cache itself fails, a lookup says
  # +:forward+, a fetch passes through, and Stats#errors and a log line tell.
  class Cache
    include Owned
    include Maintenance

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
    # directory is one store. `options` are Options, or settings by name; of these +place+ says what else `path` may be.
    #
    # Errors that name a refused path: NotDirectoryError, SymbolicLinkError, ForeignOwnerError, PermissionError,
    # ReadOnlyError, FullError, NewerFormatError, BusyError, MismatchError, UnsupportedError. ConflictError names
    # two settings.
    def initialize(path = nil, options = nil, **settings)
      raise ArgumentError, 'give Options or settings, not both' if options && !settings.empty?

      path = File.path(path) unless path.nil? && (options || settings.key?(:place))
      options ||= own_options = Options.new(**settings)
      options.use do |native|
        Call.borrow do |call|
          address = call.make(:hc_close) { Native.hc_open(path, native, call.out, call.error) }
          @uses = 0
          own(address, :hc_close)
        end
      end
    ensure
      own_options&.close
    end

    # Answers a request from the cache or from its origin (over libcurl), and returns the Response once its header
    # section is there. `request` is a Request, or a URL to GET. The origin's body is stored as it is read: a
    # response closed before its end stores nothing. With a block, yields the response, closes it afterwards and
    # returns the block's value.
    #
    # Waits, on a thread of its own, where the callbacks run too; what interrupts the caller (Timeout, Thread#raise,
    # Ctrl-C) ends the request, at once or within a moment. A response that is stale while it is revalidated is
    # revalidated behind the caller's back, or where the cache has callbacks before this returns.
    #
    # Failures of the origin where nothing stale may be used: ResolveError, ConnectError, TLSError, TimeoutError,
    # ProtocolError, TransportError, RedirectError, TooLargeError.
    def fetch(request, &)
      yielded(fetch_with(request.is_a?(Request) ? request.for_fetch : Request.new('GET', request)), &)
    end

    # Decides how the cache answers a request and returns the Exchange; no network. `request` and the block are as
    # of #fetch.
    def lookup(request, &)
      yielded(request.is_a?(Request) ? lookup_with(request) : lookup_url(request), &)
    end

    # The key that what is stored for a request has, whichever variant it is; nil: the cache has no part in such a
    # request. Nothing is looked up. `request` is as of #fetch.
    def key(request)
      return key_of(request) if request.is_a?(Request)

      made = Request.new('GET', request)
      key_of(made)
    ensure
      made&.close
    end

    # What names the settings that this cache makes keys by. It is stored beside each response.
    def key_settings
      memory = FFI::MemoryPointer.new(Native::KEY_SIZE)
      use { |cache| Call.borrow { |call| call.check(Native.hc_key_settings(cache, memory.address, call.error)) } }
      memory.read_string
    end

    # Makes anew the keys of what was stored under other settings, so that it is found again: after another +ignored+,
    # +match_fields+ and their like, +sort_query+, or another block. Returns Rekeyed. `from` are the settings meant, one
    # or several of #key_settings; nil: all but this cache's, also those of other programs that have the directory.
    #
    # The keys are made from the stored requests, which hold no secrets: what is known of a value only as a keyed hash
    # moves as that, and the block of Options#key is shown REDACTED in its place. What that raises is raised when the
    # rest is done; an empty key is only counted as left.
    #
    # A block is told how much is done, of how much; where it returns false that is a CancelledError, and what it
    # raises, or what interrupts this thread, ends the work. What was moved by then is moved, and the next call does
    # the rest.
    def rekey(from: nil, &progress)
      names = from && Bytes.of(Array(from).join(' '))
      observed(Rekeyed, Native::REKEYED, Native::REKEYED_SIZE, progress) do |cache, number, counts, call|
        Native.hc_rekey(cache, names, names.to_s.bytesize, Callback::PROGRESS, number, counts, call.error)
      end
    end

    # Waits until everything stored and deleted so far, by any thread, is durable and seen by all processes, at most
    # `timeout` seconds, or +:never+. TimeoutError; any other error is why something that was stored since the last
    # flush was lost, and is raised once.
    def flush(timeout: :never)
      milliseconds = Setting.duration(timeout, 'the timeout')
      use { |cache| Call.borrow { |call| call.check(Native.hc_flush(cache, milliseconds, call.error)) } }
      nil
    end

    # Commits on this thread what waits to be committed, for about `budget` seconds, or +:never+: to the end. For a
    # cache whose setting +workers+ is false, when the program is idle; else a thread of the library does it. Says
    # whether something is left.
    def work(budget: :never)
      milliseconds = Setting.duration(budget, 'the budget')
      use do |cache|
        Call.borrow { |call| call.check(Native.hc_work(cache, milliseconds, call.error)) != Native::DONE }
      end
    end

    # What the cache counted: Stats.
    def stats
      counts(Stats, Native::STATS, Native::STATS_SIZE) do |cache, memory, call|
        Native.hc_get_stats(cache, memory, call.error)
      end
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

    private

    # Many at once.
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

    def key_of(request)
      memory = FFI::MemoryPointer.new(Native::KEY_SIZE)
      use do |cache|
        request.hold do |native|
          Call.borrow { |call| call.check(Native.hc_key(cache, native, memory.address, call.error)) }
        end
      end
      key = memory.read_string
      key unless key.empty?
    end

    # The response keeps the request.
    def fetch_with(request)
      response = use_until_interrupted do |cache|
        request.use_until_interrupted { |native| wait_for_response(cache, native, request) }
      end
    ensure
      request.close unless response
    end

    def wait_for_response(cache, native, request)
      Call.borrow do |call|
        Waiting.on(native, -> { Native.hc_fetch(cache, native, 0, call.out, call.error) }) do |status|
          Response.take(call.take(status), request)
        end
      ensure
        Thread.handle_interrupt(HELD_BACK) { call.drop(:hc_response_free) }
      end
    end

    def lookup_url(url)
      request = Request.new('GET', url)
      lookup_with(request)
    ensure
      request&.close
    end

    def lookup_with(request)
      use do |cache|
        request.hold do |native|
          Call.borrow do |call|
            address = call.make(:hc_exchange_free) { Native.hc_lookup(cache, native, call.view, call.out, call.error) }
            Exchange.take(address, call.view_value)
          end
        end
      end
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
