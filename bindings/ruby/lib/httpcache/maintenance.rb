# frozen_string_literal: true

module HTTPCache
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

    private

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
