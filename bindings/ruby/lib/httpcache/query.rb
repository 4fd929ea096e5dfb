# frozen_string_literal: true

module HTTPCache
  # What a walk or a deletion asks for, as keywords of Cache#each, Cache#walk and Cache#delete_where. All conditions
  # must hold; one that is nil is none.
  #
  # [+match+] which stored responses, one or several of: +:expired+, those that are stale; +:fresh+; +:unreadable+,
  #   records that cannot be read, for which no other condition than +url+ holds; +:aliases+, redirects that lead to a
  #   stored response. Without it all that can be read.
  # [+created_before+] received or last freshened before this instant.
  # [+expires_before+] stale from an instant before this one.
  # [+method+] whose request had this method, in this letter case.
  # [+url+] all that is stored of this URL: of all methods, variants, partitions and credentials, and also where
  #   parameters of it that are ignored are others.
  # [+url_glob+] whose URL this glob matches, written as in the setting +url_rules+. What is not stored of a URL reads
  #   REDACTED.
  # [+limit+] at most so many, from 1.
  # [+order+] +:key+, so that the responses of one URL stand together; +:expiry+, by when they become stale, those that
  #   never do last; +:size+, by the bytes of their bodies; +:created+, by when they were received or last freshened.
  #   Any but +:key+ alone reads all rows before the first step, and holds 64 bytes of memory for each response that is
  #   found, but for no more than +limit+.
  # [+descending+] true: the other way round.
  module Query
    MATCHES = { expired: 1, fresh: 2, unreadable: 4, aliases: 8 }.freeze
    ORDERS = { key: 0, expiry: 1, size: 2, created: 3 }.freeze
    DESCENDING = 16

    TEXTS = %i[method url url_glob].freeze
    CONDITIONS = %i[match order descending created_before expires_before limit].concat(TEXTS).freeze
    private_constant :TEXTS, :CONDITIONS

    # Yields the address of the conditions as the library takes them. For the classes of this gem.
    def self.lend(conditions)
      unknown = conditions.keys - CONDITIONS
      raise InvalidArgumentError, "#{unknown.first.inspect} is no condition" unless unknown.empty?

      texts = TEXTS.map { |name| terminated(name, conditions[name]) }
      memory = FFI::MemoryPointer.new(Native::QUERY_SIZE)
      memory.put_bytes(0, pack(conditions, texts.map { |text| text ? text.address : 0 }))
      yield memory.address
    end

    # The members of hc_query, in their order.
    def self.pack(conditions, texts)
      order = of(ORDERS, :order, conditions[:order] || :key)
      order |= DESCENDING if conditions[:descending]
      instants = %i[created_before expires_before].map { |name| instant(name, conditions[name]) }
      [Native::QUERY_SIZE, flags_of(conditions[:match]), order, *instants, *texts, limit_of(conditions[:limit])]
        .pack(Native::QUERY)
    end

    # No kind at all is not the same as nothing said of it.
    def self.flags_of(match)
      return 0 if match.nil?

      kinds = Array(match)
      raise InvalidArgumentError, 'match names nothing' if kinds.empty?

      kinds.map { |kind| of(MATCHES, :match, kind) }.reduce(:|)
    end

    def self.of(names, condition, name)
      names.fetch(name) { raise InvalidArgumentError, "#{condition} does not take #{name.inspect}" }
    end

    # 0 says to the library that there is no such condition; so it must not come of an instant.
    def self.instant(name, instant)
      return 0 if instant.nil?

      milliseconds = Setting.instant(instant, name)
      raise InvalidArgumentError, "#{name}: nothing is before #{instant}" if milliseconds.zero?

      milliseconds
    end

    def self.limit_of(limit)
      return 0 if limit.nil?
      raise TypeError, "limit does not take #{limit.inspect}" unless limit.is_a?(Integer)
      raise InvalidArgumentError, "limit does not take #{limit}" unless limit.between?(1, Setting::LARGEST)

      limit
    end

    # The text with a NUL at its end, and none in it.
    def self.terminated(name, text)
      return if text.nil?

      bytes = Bytes.of(text).b
      raise InvalidArgumentError, "#{name} holds a NUL" if bytes.include?("\0")

      FFI::MemoryPointer.from_string(bytes)
    end
    private_class_method :pack, :flags_of, :of, :instant, :limit_of, :terminated
  end
end
