# frozen_string_literal: true

module HTTPCache
  # What the block of Options#key makes a key of.
  #
  #   options.key { |request| [HTTPCache::Key.url(request), request['X-Tenant'].to_s] }
  #
  # The parts are written in their order, strings as their bytes. Those that the library makes are written with their
  # lengths, so that one is not taken for the beginning of the next.
  module Key
    # A part of a key that the library makes, of a request as it is when the block has returned.
    Part = Struct.new(:function, :request, :arguments)
    private_constant :Part

    # The key that a request would have without a block.
    def self.default(request) = part(:hc_sink_write_default_key, request)

    # The URL of a request as it would stand in a key: with sorted parameters, those that are ignored left out, and
    # secrets hashed.
    def self.url(request) = part(:hc_sink_write_url, request)

    # What would stand in a key for the body of a request: its kind, type and a hash of its normal form.
    def self.body(request) = part(:hc_sink_write_body, request)

    # The value of a field of a request as it would stand in a key, that there is none too.
    def self.field(request, name)
      name = Bytes.of(name)
      part(:hc_sink_write_field, request, name, name.bytesize)
    end

    # Writes what a block returned. For the classes of this gem.
    def self.write(sink, key)
      (key.is_a?(Array) ? key : [key]).each do |part|
        status = write_part(sink, part)
        raise BY_STATUS.fetch(status), Native.hc_strerror(status) if status.negative?
      end
      Native::OK
    end

    def self.write_part(sink, part)
      case part
      when String then Native.hc_sink_write(sink, part, part.bytesize)
      when Part
        part.request.use { |request| Native.public_send(part.function, sink, request, *part.arguments) }
      else raise TypeError, "a key is made of strings and parts, not of #{part.inspect}"
      end
    end

    def self.part(function, request, *arguments)
      raise TypeError, "a part of a key is made of a Request, not of #{request.inspect}" unless request.is_a?(Request)

      Part.new(function, request, arguments)
    end
    private_class_method :write_part, :part
  end
end
