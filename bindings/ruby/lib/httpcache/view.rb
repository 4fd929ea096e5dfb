# frozen_string_literal: true

module HTTPCache
  # What is known of a response at one moment. It never changes, needs no closing, and stays when the object it
  # was taken from is closed.
  class View
    # The status code; 0: there is nothing to hand on yet.
    attr_reader :status

    # The reason phrase.
    attr_reader :reason

    # The final URL.
    attr_reader :url

    # Bytes of the whole body; nil: not known yet.
    attr_reader :body_size

    def initialize(packed)
      _, @decision, @outcome, @status, @flags, fields, field_count, @text_address, text_size,
        @body_address, @body_bytes, body_size, reason, url,
        @created_at, @expires_at, @age, @freshness_lifetime, @elapsed = packed.unpack(Native::VIEW)
      @body_size = body_size unless body_size.negative?
      # Copied at once, since it is only lent; taken apart when it is asked for.
      @packed_fields = Native.copy(fields, field_count * 32)
      @text = Native.copy(@text_address, text_size)
      @reason = text_at(reason)
      @url = text_at(url)
    end

    # What Cache#lookup decided, and what became of the origin's answer.
    def decision = Native::DECISIONS[@decision]
    def outcome = Native::OUTCOMES[@outcome]

    # The fields in order, as frozen pairs of name and value, repeats kept. A value is bytes: it is ASCII-8BIT.
    def fields
      @fields ||= @packed_fields.unpack('Q*').each_slice(4).map do |name, name_size, value, value_size|
        [@text.byteslice(name - @text_address, name_size).force_encoding(Encoding::UTF_8).freeze,
         @text.byteslice(value - @text_address, value_size).freeze].freeze
      end.freeze
    end

    # The value of a field: its lines joined with ", " (RFC 9110 5.3), of Set-Cookie the first only. nil: none.
    def [](name)
      values = fields.filter_map { |field, value| value if field.casecmp(name)&.zero? }
      return values.first if values.size < 2 || name.casecmp?('Set-Cookie')

      values.join(', ').b
    end

    # Whether it comes from the cache.
    def from_cache? = flag?(:from_cache)

    # Whether the origin said, for this answer, that it is still valid (304).
    def revalidated? = flag?(:revalidated)

    # Whether it was stale when this view was taken.
    def expired? = flag?(:expired)

    # When it was received or last freshened; nil: it is not stored.
    def created_at = Setting.to_time(@created_at)

    # When it becomes stale: a Time, +:never+, or nil where it is not stored.
    def expires_at = Setting.to_time(@expires_at)

    # Its current age in seconds (RFC 9111 4.2.3).
    def age = Setting.to_seconds(@age)

    # Seconds, +:never+, or nil where it is not stored.
    def freshness_lifetime = Setting.to_seconds(@freshness_lifetime)

    # Seconds the origin took to the header section; 0 where it was not asked.
    def elapsed = Setting.to_seconds(@elapsed)

    # Where the body lies while its owner is unchanged; nil: it is not in memory. For the classes of this gem.
    def lent_body
      [@body_address, @body_bytes] unless @body_address.zero?
    end

    def inspect
      "#<#{self.class} #{status} #{url}>"
    end

    private

    def flag?(name)
      (@flags & Native::FLAGS.fetch(name)) != 0
    end

    def text_at(address)
      return '' if address.zero?

      FFI::Pointer.new(address).read_string.force_encoding(Encoding::UTF_8)
    end
  end

  # What can be asked of an object with a view.
  module Viewed
    %i[status reason url body_size fields [] from_cache? revalidated? expired? created_at expires_at age
       freshness_lifetime elapsed].each do |name|
      define_method(name) { |*arguments| view.public_send(name, *arguments) }
    end
  end
end
