# frozen_string_literal: true

module HTTPCache
  # What Cache#update came to: stored responses that were +copied+; +older+ ones, which are not newer than what was
  # there; +skipped+ ones, which were left.
  Updated = Struct.new(:copied, :older, :skipped, keyword_init: true)

  # What Cache#verify looked at, and what did not fit: +records+ and +bodies+ (files of them) that were looked at;
  # +damaged_records+ that cannot be read, the bodies in them included; +damaged_bodies+, files that are damaged or
  # gone, of records that are sound; +damaged_lists+ of variants; +damaged_marks+, small rows beside the responses;
  # +unheld_bodies+, of which no row says that they are in use; +dangling_bodies+, rows of bodies whose record is no
  # longer there; +orphan_bodies+, files that no row names, and +dangling_marks+, which do no harm; how many of all
  # these were +mended+.
  Verification = Struct.new(:records, :bodies, :damaged_records, :damaged_bodies, :damaged_lists, :damaged_marks,
                            :unheld_bodies, :dangling_bodies, :orphan_bodies, :dangling_marks, :mended,
                            keyword_init: true)

  # Looking into a Cache, and after it. Unlike #lookup and #fetch these say when the store fails: InputOutputError,
  # ReadOnlyError and so on.
  #
  # A `key` is that of Cache#key, which names all variants, or of Response#key and Stored#key, which names one; or a
  # Request, which has the key of Cache#key. A URL is none: see #delete_where.
  module Maintenance
    # Yields what is stored, each as Stored, and returns the cache. Conditions are those of Query. Where `bodies` is
    # true each has a Response too, which is yours to close. Without a block: an Enumerator.
    #
    #   cache.each(match: :expired, order: :size, descending: true, limit: 10) { |stored| puts stored.url }
    def each(bodies: false, **conditions, &block)
      return enum_for(:each, bodies: bodies, **conditions) unless block

      walk(bodies: bodies, **conditions) { |walk| walk.each(&block) }
      self
    end

    # The Walk that #each makes. With a block, yields it, closes it afterwards and returns the block's value.
    def walk(bodies: false, **conditions, &)
      walk = Query.lend(conditions) do |query|
        looking do |cache, call|
          address = call.make(:hc_iter_free) { Native.hc_iter_new(cache, query, call.out, call.error) }
          Walk.take(address, bodies)
        end
      end
      yielded(walk, &)
    end

    # The stored Response that a key names, whether it is fresh or not; of several variants the newest. nil: there is
    # none that can be read. With a block, yields what there is, closes it afterwards and returns the block's value.
    def get(key, &)
      key = key_text(key) or return
      response = looking do |cache, call|
        address = call.make(:hc_response_free) { Native.hc_get(cache, key, key.bytesize, call.out, call.error) }
        address && Response.take(address)
      end
      response && yielded(response, &)
    end

    # Whether something is stored under a key that can be read.
    def key?(key)
      key = key_text(key) or return false
      looking { |cache, call| call.check(Native.hc_get(cache, key, key.bytesize, 0, call.error)) == Native::OK }
    end
    alias include? key?

    # Deletes what is stored under a key: all variants, or the one. Returns how many there were. This, #delete_where and
    # #clear delete also with the setting +read_only+. Who has a body open reads on.
    def delete(key)
      key = key_text(key) or return 0
      counting { |cache, call| Native.hc_delete(cache, key, key.bytesize, call.size, call.error) }
    end

    # Deletes what the conditions of Query ask for, with +limit+ those that come first in the order. Returns how many.
    # InvalidArgumentError: there is no condition; #clear deletes everything.
    #
    #   cache.delete_where(url: 'https://example.org/')
    def delete_where(**conditions)
      Query.lend(conditions) do |query|
        counting { |cache, call| Native.hc_delete_where(cache, query, call.size, call.error) }
      end
    end

    # Deletes everything, some at a time, beside whatever else uses the cache: what is stored meanwhile may stay.
    # Returns how many responses that were.
    def clear
      counting { |cache, call| Native.hc_clear(cache, call.size, call.error) }
    end

    # Gives all stored responses another expiry, whatever gave them theirs; returns how many had another one before.
    # `expire_after` is as of the setting, and counts from now; +:unset+: what the settings would have given each when
    # it was received. With cache_control what a response says itself still comes first. Some are changed at a time.
    def reset_expiration(expire_after)
      milliseconds = Setting.duration(expire_after, 'expire_after')
      counting { |cache, call| Native.hc_reset_expiration(cache, milliseconds, call.size, call.error) }
    end

    # Stores a Response as the answer to a request, in place of what is stored of the same variant, as told: what RFC
    # 9111, the lists and the filter say of storing is not asked. For what is imported, or moved by hand. `request` is
    # as of #fetch; `created_at` is when it was received (nil: now), `expires_at` when it becomes stale, or +:never+
    # (nil: what the settings say); with cache_control what a response says itself still comes first. Says whether it is
    # stored: the cache may have no part in such a request.
    #
    # InvalidArgumentError: what no request would find, or what must not be stored: the status is 1xx, 206, 304, 407,
    # 412 or 416, Vary is *, the body has another length than Content-Length, or the response names a URL with a secret
    # in it. TooLargeError, ReadOnlyError.
    def put(request, response, created_at: nil, expires_at: nil)
      made = Request.new('GET', request) unless request.is_a?(Request)
      times = [Setting.instant_or_name(created_at, 'created_at'),
               Setting.instant_or_name(expires_at, 'expires_at', %i[never])]
      response.use do |answer|
        (made || request).hold do |native|
          looking { |cache, call| call.check(Native.hc_put(cache, native, answer, *times, call.error)) == Native::OK }
        end
      end
    ensure
      made&.close
    end

    # Takes over what is stored in another Cache and newer than what this one has: under the keys that the settings of
    # this one make, with the times and the expiry it has. Returns Updated. What only a hash under a cache's own secret
    # tells from others (credentials, partitions, secrets) is left, for it may be somebody's, and so is what cannot be
    # read, or is over +max_response_bytes+.
    #
    # A block is told how far it is, as of #rekey. What was taken over by then stays.
    def update(from, &progress)
      raise TypeError, "a Cache is needed, not #{from.inspect}" unless from.is_a?(Cache)

      from.use do |source|
        observed(Updated, Native::UPDATED, Native::UPDATED_SIZE, progress) do |cache, number, counts, call|
          Native.hc_update(cache, source, Callback::PROGRESS, number, counts, call.error)
        end
      end
    end

    # Looks at everything that is stored: reads each record and each body, and looks whether each row that leads to one
    # does. Returns Verification. Where `mend` is true what is damaged is taken away, and what leads to what is sound is
    # put right; nothing sound is taken away. ReadOnlyError: it is to mend, and nothing can be written, or +read_only+
    # is set.
    #
    # A block is told how far it is, as of #rekey.
    def verify(mend: false, &progress)
      observed(Verification, Native::VERIFICATION, Native::VERIFICATION_SIZE, progress) do |cache, number, counts, call|
        Native.hc_verify(cache, mend ? 1 : 0, Callback::PROGRESS, number, counts, call.error)
      end
    end

    private

    # Makes a call that fills a struct of counts.
    def counts(struct, format, size)
      memory = FFI::MemoryPointer.new(size)
      memory.put_uint64(0, size)
      looking { |cache, call| call.check(yield(cache, memory.address, call)) }
      struct.new(**struct.members.zip(memory.get_bytes(0, size).unpack(format).drop(1)).to_h)
    end

    # The same for one that says how far it is: it is asked each time whether to go on, also where there is no block, so
    # that what interrupts this thread ends it.
    def observed(struct, format, size, progress)
      told = ->(done, total) { progress && progress.call(done, total) == false ? Native::CANCELLED : Native::OK }
      Callback.lend(told) do |number|
        counts(struct, format, size) { |cache, memory, call| yield cache, number, memory, call }
      end
    end

    def key_text(key)
      key = key.is_a?(Request) ? self.key(key) : Bytes.of(key)
      key && Bytes.held(key)
    end

    def looking
      use { |cache| Call.borrow { |call| yield cache, call } }
    end

    def counting
      looking do |cache, call|
        call.check(yield(cache, call))
        call.size_value
      end
    end
  end
end
