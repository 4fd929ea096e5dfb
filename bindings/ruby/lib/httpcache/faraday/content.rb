# frozen_string_literal: true

require 'zlib'

module HTTPCache
  class FaradayMiddleware < ::Faraday::Middleware
    # The content coding between the cache and the caller.
    #
    # Net::HTTP asks for gzip and decodes it, unless the request has an Accept-Encoding: then it hands on what came.
    # A store that programs of all languages read must hold what came, with the fields that belong to it. So the
    # middleware asks for gzip itself, and decodes on its way to the caller.
    #
    # Faraday 1 gives pieces of a body before it gives the head that says how they are coded: there it asks for none.
    class Content
      CODINGS = /\A(?:x-)?gzip\z/i
      private_constant :CODINGS

      # The fields of the request, as the cache and the origin get them.
      attr_reader :request_fields

      def initialize(env)
        @request_fields = env.request_headers.to_h.compact
        chooses = @request_fields.none? { |name, _| %w[accept-encoding range].include?(name.to_s.downcase) }
        has_head_first = !env.request.stream_response? || env.respond_to?(:stream_response)
        # A response without content may have a Content-Encoding all the same.
        @decodes = chooses && has_head_first && env.method != :head
        @request_fields['Accept-Encoding'] = has_head_first ? 'gzip' : 'identity' if chooses
      end

      # Whether the body is decoded, as far as is known without its head.
      def decodes?(view = nil)
        @decodes && (view.nil? || view['Content-Encoding'].to_s.match?(CODINGS))
      end

      # What turns the pieces of a body into what the caller gets.
      def decoder(view)
        decodes?(view) ? Decoder.new : Identity
      end

      # The fields that the caller gets; `size` of what he gets, nil: it is not known.
      def fields(view, size)
        return view.fields unless decodes?(view)

        fields = view.fields.reject { |name, _| name.match?(/\Acontent-(?:encoding|length)\z/i) }
        size ? fields + [['Content-Length', size.to_s]] : fields
      end
    end

    # Hands pieces on as they are.
    module Identity
      def self.call(piece) = piece
      def self.finish = ''
    end

    # Decodes gzip in pieces.
    class Decoder
      def initialize
        # 32: zlib looks at the head which of its two formats it is.
        @inflate = Zlib::Inflate.new(32 + Zlib::MAX_WBITS)
      end

      def call(piece)
        @inflate.inflate(piece)
      rescue Zlib::Error => e
        raise ::Faraday::ParsingError, e
      end

      # The end: what is left, and whether it was the end for zlib too.
      def finish
        @inflate.total_in.zero? ? '' : @inflate.finish
      rescue Zlib::Error => e
        raise ::Faraday::ParsingError, e
      ensure
        # zlib warns of streams that are closed before their end.
        @inflate.reset
        @inflate.close
      end
    end
  end
end
