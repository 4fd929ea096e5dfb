# frozen_string_literal: true

module HTTPCache
  # Method, URL, fields, body and settings of a request.
  #
  #   HTTPCache::Request.new('GET', 'https://example.org/', fields: { 'Accept' => 'text/html' }, expire_after: 60)
  class Request
    include Owned

    # A Request of its own made of the library's at `address`, with its settings. For the classes of this gem.
    def self.copy_of(address)
      Call.borrow do |call|
        copy = call.make(:hc_request_free) { Native.hc_request_copy(address, call.out, call.error) }
        allocate.tap { |request| request.send(:own, copy, :hc_request_free) }
      end
    end

    # A request of the library's, until it is closed. For the classes of this gem.
    def self.lend(address)
      allocate.tap { |request| request.send(:own, address, nil) }
    end

    # For the classes of this gem.
    def self.fields_at(address, count)
      Native.copy(address, count * 32).unpack('Q*').each_slice(4).map do |name, name_size, value, value_size|
        [Native.copy(name, name_size).force_encoding(Encoding::UTF_8), Native.copy(value, value_size)]
      end
    end

    # `url` is http or https and absolute; it is normalised, its fragment dropped, and what stands before an "@"
    # becomes an Authorization field. `fields` is a Hash, whose values may be arrays, or an array of pairs.
    # InvalidMethodError, InvalidURLError, InvalidFieldError.
    def initialize(method, url, fields: nil, body: nil, **settings)
      method = Bytes.of(method)
      url = Bytes.of(url)
      packed = Bytes.pack(fields) if fields
      Thread.handle_interrupt(HELD_BACK) do
        Call.borrow do |call|
          address = call.make(:hc_request_free) do
            Native.hc_request_new(method, method.bytesize, url, url.bytesize, call.out, call.error)
          end
          own(address, :hc_request_free)
          call.check(Native.hc_request_add_fields(address, *packed, call.error)) if packed
        end
      end
      self.body = body if body
      settings.each { |name, value| self[name] = value }
    rescue StandardError
      close
      raise
    end

    # Makes this a new request of the same settings, so that one object serves many.
    def assign(method, url)
      method = Bytes.of(method)
      url = Bytes.of(url)
      verb do |request, call|
        Native.hc_request_assign(request, method, method.bytesize, url, url.bytesize, call.error)
      end
    end

    # Adds a field at the end. InvalidFieldError: the name is no token, or the value holds CR, LF or NUL.
    def add(name, value)
      add_fields([[name, value]])
    end

    # Adds fields at the end: all, or after an error none.
    def add_fields(fields)
      text, lengths, count = Bytes.pack(fields)
      verb { |request, call| Native.hc_request_add_fields(request, text, lengths, count, call.error) }
    end

    # Removes all fields of a name. Says whether there was one.
    def remove(name)
      name = Bytes.of(name)
      use { |request| Native.hc_request_remove(request, name, name.bytesize) == Native::OK }
    end

    # Sets the body, a String; nil: none.
    def body=(body)
      body = Bytes.of(body || '')
      verb { |request, call| Native.hc_request_set_body(request, body, body.bytesize, call.error) }
    end

    # Sets one of the settings that a request may have (see Setting).
    def []=(name, value)
      if Setting::TEXTS.key?(name) then write_text(name, value)
      else
        number, encoded = Setting.encode(name, value)
        verb { |request, call| Native.hc_request_set(request, number, encoded, call.error) }
      end
    end

    [Setting::TABLE.filter_map { |name, (_, _, of_request)| name if of_request },
     Setting::TEXTS.filter_map { |name, (_, of_request)| name if of_request }].flatten.each do |name|
      define_method(:"#{name}=") { |value| self[name] = value }
    end

    # What this request has for a setting of its own; nil: nothing, the cache's holds. Not of +partition+ and +ca_file+,
    # which cannot be read.
    def setting(name)
      number, = Setting::TABLE.fetch(name) { raise InvalidArgumentError, "#{name.inspect} is no setting to be read" }
      use do |request|
        Call.borrow do |call|
          next if Native.hc_request_option(request, number, call.size) == Native::NOT_FOUND

          Setting.decode(name, call.number_value)
        end
      end
    end

    # The method. (Object#method is something else.)
    def http_method
      use { |request| Native.hc_request_method(request) }
    end

    # The URL, normalised.
    def url
      use { |request| Native.hc_request_url(request) }
    end

    # The fields in order, as pairs of name and value. A value is bytes: it is ASCII-8BIT.
    def fields
      use do |request|
        Call.borrow do |call|
          Request.fields_at(Native.hc_request_fields(request, call.size), call.size_value)
        end
      end
    end

    # The value of a field, its lines joined with ", "; nil: there is none.
    def [](name)
      values = fields.filter_map { |field, value| value if field.casecmp(name)&.zero? }
      values.join(', ').b unless values.empty?
    end

    # The body.
    def body
      use do |request|
        Call.borrow { |call| Native.copy(Native.hc_request_body(request, call.size), call.size_value) }
      end
    end

    # A copy for one fetch, which is cancelled when that is interrupted. For the classes of this gem.
    def for_fetch
      use { |request| Request.copy_of(request) }
    end

    private

    def write_text(name, text)
      number, = Setting::TEXTS.fetch(name)
      text = Setting.text(name, text)
      verb { |request, call| Native.hc_request_set_string(request, number, text, text.to_s.bytesize, call.error) }
    end

    def verb
      use { |request| Call.borrow { |call| call.check(yield(request, call)) } }
      self
    end
  end

  # What goes to the library as bytes.
  module Bytes
    # The bytes of a string, or of what has one (a URI, a Symbol, a number). UTF-16 and the like become UTF-8.
    def self.of(value)
      raise TypeError, 'a string is needed, not nil' if value.nil?

      string = value.to_s
      string.encoding.ascii_compatible? ? string : string.encode(Encoding::UTF_8)
    end

    # The bytes of a string that another thread cannot take away while the library reads them. Copies nothing
    # until the string is changed.
    def self.held(value)
      raise TypeError, "a String is needed, not #{value.inspect}" unless value.is_a?(String)

      value.frozen? ? value : value.dup
    end

    # Fields as the library takes them in one call: their text, their lengths, how many.
    def self.pack(fields)
      text = String.new
      lengths = []
      fields.each do |name, values|
        name = raw(name)
        (values.is_a?(Array) ? values : [values]).each do |value|
          value = raw(value)
          text << name << value
          lengths << name.bytesize << value.bytesize
        end
      end
      [text, lengths.pack('L*'), lengths.size / 2]
    end

    # What can be put together with any other bytes.
    def self.raw(value)
      string = of(value)
      string.ascii_only? ? string : string.b
    end
    private_class_method :raw
  end
end
