# frozen_string_literal: true

module HTTPCache
  class FaradayMiddleware < ::Faraday::Middleware
    # What the caller finds in his env: his request as he made it, and the response.
    class Delivery
      # Why the origin is asked.
      attr_writer :reason

      def initialize(env, exchange, content, reader)
        @env = env
        @exchange = exchange
        @content = content
        @reader = reader
        @asked = { request_headers: env.request_headers, url: env.url, request: env.request,
                   parallel_manager: env.parallel_manager }
      end

      # Puts the caller's request in the place of what was sent.
      def restore
        @asked.each { |name, value| @env[name] = value }
      end

      # Hands on what is stored.
      def from_store
        view = @exchange.view
        # What a failed origin left.
        @env.status = nil
        return stream(view) if @reader.streams?

        body = @reader.whole(view, @exchange.body.to_s)
        hand_on(view, body, size: body.bytesize)
      end

      # `view` is nil where the origin's answer is handed on as the adapter put it; `size` is known of a whole body.
      def hand_on(view, body, size: nil)
        restore
        reasons = [@exchange.reason, @reason.to_s].reject(&:empty?)
        @env[:httpcache] = Report.new(@exchange.decision, @exchange.outcome, reasons.first, view)
        if view
          @env.status = view.status
          @env.reason_phrase = view.reason
          @env.response_headers = headers(@content.fields(view, size))
        end
        @env.body = body
      end

      # A response of what was handed on.
      def response
        @env.response = ::Faraday::Response.new
        @env.response.finish(@env)
      end

      def headers(fields)
        fields.each_with_object(::Faraday::Utils::Headers.new) do |(name, value), headers|
          headers[name] = headers.key?(name) ? "#{headers[name]}, #{value}" : value.dup
        end
      end

      private

      # The handlers of Faraday 2 find the head in the env.
      def stream(view)
        hand_on(view, +'')
        @reader.head(view)
        @exchange.response&.then do |stored|
          stored.each { |bytes| @reader.piece(bytes) }
        ensure
          stored.close
        end
        @reader.finish
      end
    end
  end
end
