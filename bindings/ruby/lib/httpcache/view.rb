# frozen_string_literal: true

require 'forwardable'

module HTTPCache
  # What is known of a response at one moment. It never changes, needs no closing, and stays when the object it
  # was taken from is closed.
  class View
    # Members of hc_view, in their order.
    MEMBERS = %i[struct_size decision outcome status flags fields field_count text text_len body body_len body_size
                 reason url created_at expires_at age freshness_lifetime elapsed].freeze
    MEMBERS.each_with_index { |name, at| const_set(:"AT_#{name.upcase}", at) }
    private_constant(*MEMBERS.map { |name| :"AT_#{name.upcase}" })

    # The reason phrase.
    attr_reader :reason

    # The final URL.
    attr_reader :url

    # What is lent is copied at once, and taken apart when it is asked for.
    def initialize(packed)
      @members = packed.unpack(Native::VIEW)
      @places = Native.copy(@members[AT_FIELDS], @members[AT_FIELD_COUNT] * 32)
      @text = Native.copy(@members[AT_TEXT], @members[AT_TEXT_LEN])
      @reason = Native.text(@members[AT_REASON])
      @url = Native.text(@members[AT_URL])
    end

    # The status code; 0: there is nothing to hand on yet.
    def status = @members[AT_STATUS]

    # Bytes of the whole body; nil: not known yet.
    def body_size
      size = @members[AT_BODY_SIZE]
      size unless size.negative?
    end

    # What Cache#lookup decided (nil: it was not asked), and what became of the origin's answer.
    def decision = Native::DECISIONS[@members[AT_DECISION]]
    def outcome = Native::OUTCOMES[@members[AT_OUTCOME]]

    # The fields in order, as frozen pairs of name and value, repeats kept. A value is bytes: it is ASCII-8BIT.
    def fields
      @fields ||= @places.unpack('Q*').each_slice(4).map do |name, name_size, value, value_size|
        [text(name, name_size).force_encoding(Encoding::UTF_8).freeze, text(value, value_size).freeze].freeze
      end.freeze
    end

    # The value of a field: its lines joined with ", " (RFC 9110 5.3), of Set-Cookie the first only. nil: none.
    def [](name)
      size = name.bytesize
      values = []
      # As #fields, and without making them all: this is most of what a hit is asked.
      places = @places.unpack('Q*')
      at = -4
      while (at += 4) < places.size
        next unless places[at + 1] == size && name.casecmp(text(places[at], size))&.zero?

        values << text(places[at + 2], places[at + 3])
      end
      return values.first if values.size < 2 || name.casecmp?('Set-Cookie')

      values.join(', ').b
    end

    # Whether it comes from the cache.
    def from_cache? = flag?(:from_cache)

    # Whether the origin said, for this answer, that it is still valid (304).
    def revalidated? = flag?(:revalidated)

    # Whether it was stale when this view was taken.
    def expired? = flag?(:expired)

    # Whether the origin's body is but the rest: see Exchange#continued?.
    def continued? = flag?(:continued)

    # In walks: whether it is no response but a redirect that leads to one.
    def alias? = flag?(:is_alias)

    # In walks: whether it is a record that cannot be read. Nothing else of it is known but its key.
    def unreadable? = flag?(:unreadable)

    # When it was received or last freshened; nil: it is not stored.
    def created_at = Setting.to_time(@members[AT_CREATED_AT])

    # When it becomes stale: a Time, +:never+, or nil where it is not stored.
    def expires_at = Setting.to_time(@members[AT_EXPIRES_AT])

    # Its current age in seconds (RFC 9111 4.2.3).
    def age = Setting.to_seconds(@members[AT_AGE])

    # Seconds, +:never+, or nil where it is not stored.
    def freshness_lifetime = Setting.to_seconds(@members[AT_FRESHNESS_LIFETIME])

    # Seconds the origin took to the header section; 0 where it was not asked.
    def elapsed = Setting.to_seconds(@members[AT_ELAPSED])

    # Where the body lies while its owner is unchanged; nil: it is not in memory. For the classes of this gem.
    def lent_body
      address = @members[AT_BODY]
      [address, @members[AT_BODY_LEN]] unless address.zero?
    end

    def inspect
      "#<#{self.class} #{status} #{url}>"
    end

    private

    def flag?(name)
      (@members[AT_FLAGS] & Native::FLAGS.fetch(name)) != 0
    end

    def text(address, size)
      @text.byteslice(address - @members[AT_TEXT], size)
    end
  end

  # What can be asked of an object with a view.
  module Viewed
    extend Forwardable

    def_delegators :view, :status, :reason, :url, :body_size, :fields, :[], :from_cache?, :revalidated?, :expired?,
                   :created_at, :expires_at, :age, :freshness_lifetime, :elapsed
  end
end
