# frozen_string_literal: true

require 'tempfile'

module HTTPCache
  class FaradayMiddleware < ::Faraday::Middleware
    # The caller's end: gets the body decoded, whole or in pieces through his on_data.
    class Reader
      def initialize(env, content)
        @env = env
        @content = content
        @handler = env.request.on_data if env.request.stream_response?
        # Faraday 2 gives its handlers the env, too.
        @with_env = env.respond_to?(:stream_response)
        @size = 0
      end

      # Whether the caller wants pieces.
      def streams? = !@handler.nil?

      # Whether he was given any, also where his handler raised: then nothing else can take their place.
      def begun? = @size.positive?

      # The decoder is known with the head; without it the caller gets what came.
      def head(view)
        @decoder = @content.decoder(view)
      end

      def piece(bytes)
        hand_on((@decoder ||= Identity).call(bytes))
      end

      def finish
        hand_on(@decoder.finish) if @decoder
        give(+'', 0) if @size.zero?
      end

      # The whole body, decoded.
      def whole(view, bytes)
        decoder = @content.decoder(view)
        decoder.call(bytes) + decoder.finish
      end

      private

      def hand_on(bytes)
        return if bytes.empty?

        @size += bytes.bytesize
        give(bytes, @size)
      end

      def give(bytes, size)
        @with_env ? @handler.call(bytes, size, @env) : @handler.call(bytes, size)
      end
    end

    # Pieces of a body whose head is not known yet: in memory, then in a file.
    class Spool
      MOST_IN_MEMORY = 256 * 1024
      private_constant :MOST_IN_MEMORY

      def initialize
        @io = StringIO.new(+''.b)
      end

      def <<(bytes)
        if @io.is_a?(StringIO) && @io.pos + bytes.bytesize > MOST_IN_MEMORY
          held = @io.string
          @io = Tempfile.new('httpcache', binmode: true)
          @io.write(held)
        end
        @io.write(bytes)
        self
      end

      def each
        @io.rewind
        while (piece = @io.read(Response::PIECE))
          yield piece
        end
      end

      def close
        @io.is_a?(Tempfile) ? @io.close! : @io.close
      end
    end
  end
end
