# frozen_string_literal: true

module HTTPCache
  class FaradayMiddleware < ::Faraday::Middleware
    # One request, from the decision of the cache to the response that is handed on.
    class Transfer
      # With these nothing is stored that could take the place of the origin's answer.
      NOTHING_STORED = %w[uri-miss vary-miss method].freeze
      private_constant :NOTHING_STORED

      def initialize(app, env, exchange, content)
        @app = app
        @env = env
        @exchange = exchange
        @content = content
        @reader = reader
        @delivery = delivery
        @body = env.body
      end

      # Returns the Faraday::Response.
      def run
        return from_store if @exchange.answered?

        ask
      rescue Exception # rubocop:disable Lint/RescueException
        close
        raise
      end

      # Hands on what is stored, and returns the Faraday::Response.
      def hand_on
        @delivery.from_store
        @delivery.response
      end

      private

      def reader = Reader.new(@env, @content)
      def delivery = Delivery.new(@env, @exchange, @content, @reader)

      def from_store
        answer_from_store
        @delivery.response
      end

      # ---- asking the origin ----

      def ask
        prepare
        response = call_app or return from_store
        response.on_complete { |_| settle }
      end

      # nil: the origin failed, and what is stored is used though it is stale.
      def call_app
        @app.call(@env)
      rescue ::Faraday::ClientError
        # An answer, of which `raise_error` below made an exception.
        raise
      rescue ::Faraday::Error
        raise if !stands_in? || @reader.begun?
      end

      # Whether a stored response is the answer, also to an origin that failed.
      def stands_in?
        return %i[freshened used_stale].include?(@head) if @head && @head != :storing

        @exchange.failure
      end

      # The request as it goes to the origin: the caller's objects are not changed.
      def prepare
        sent = @exchange.forward
        @env.request_headers = @delivery.headers(sent.fields)
        @env.url = URI.parse(sent.url) if sent.url != @env.url.to_s
        stream if @reader.streams?
        @delivery.reason = @exchange.reason
        @is_immediate = !@content.decodes? && NOTHING_STORED.include?(@exchange.reason)
        sent.close
      end

      def stream
        @env.request = @env.request.dup
        @env.request.on_data = ->(bytes, _size, env = nil) { receive(bytes, env) }
      end

      # ---- the origin's answer ----

      # A piece of the body. Faraday 2 has the head by then.
      def receive(bytes, env)
        return if bytes.empty?

        @is_streamed = true
        head if env&.status && !@head
        return take(bytes) if @head

        (@spool ||= Spool.new) << bytes
        @reader.piece(bytes) if @is_immediate
      end

      def head
        report_head
        begin_with_stored if @exchange.continued? && @reader.streams?
      end

      # What the library does not take as an answer is handed on and not stored.
      def report_head
        origin = Response.new(@env.status, reason: @env.reason_phrase.to_s, fields: @env.response_headers.to_h)
        @head = @exchange.begin(origin)
        @view = @exchange.view
        @reader.head(@view)
      rescue Error
        @head = :not_stored
      ensure
        origin&.close
      end

      # The origin's body is but the rest: in front of it goes what is stored.
      def begin_with_stored
        @exchange.response&.then do |stored|
          stored.each { |bytes| @reader.piece(bytes) }
        ensure
          stored.close
        end
      end

      def take(bytes)
        @exchange.write(bytes) if @head == :storing
        @reader.piece(bytes) if @reader.streams? && %i[storing not_stored].include?(@head)
      end

      def settle
        head unless @head
        return repeat if @head == :repeat

        @reader.streams? ? settle_pieces : settle_whole
      ensure
        close unless @head == :repeat
      end

      def settle_whole
        return answer_from_store if @exchange.answered?

        body = @env.body
        # A parser below has made something else of it.
        is_bytes = body.nil? || body.is_a?(String)
        beginning = @exchange.continued? ? @exchange.body : ''
        store(body.to_s) if @head == :storing && is_bytes
        body = @reader.whole(@view, beginning + body.to_s) if @view && is_bytes
        @delivery.hand_on(@view, body, size: (body.bytesize if body && is_bytes))
      end

      def store(body)
        @exchange.write(body)
        @exchange.end
      end

      def settle_pieces
        return answer_from_store if @exchange.answered?

        @spool&.each { |bytes| @is_immediate ? (@exchange.write(bytes) if @head == :storing) : take(bytes) }
        @env.body = take_whole(@env.body) unless @is_streamed
        @exchange.end if @head == :storing
        @reader.finish
        @delivery.hand_on(@view, @env.body)
      end

      # The body from an adapter that knows no pieces.
      def take_whole(body)
        return body unless body.is_a?(String)

        take(body) unless body.empty?
        +''
      end

      # The 304 fits nothing that is stored. Also where requests run in parallel this one is then alone: its
      # response is being completed.
      def repeat
        @head = @view = @is_streamed = nil
        @spool&.close
        @spool = nil
        @delivery.restore
        @env.status = @env.reason_phrase = @env.response_headers = @env.response_body = nil
        @env.body = @body
        @env.parallel_manager = nil
        ask
      end

      # ---- the stored response ----

      def answer_from_store
        @delivery.from_store
        close
      end

      def close
        @exchange.close
        @spool&.close
        @spool = nil
      end
    end
  end
end
