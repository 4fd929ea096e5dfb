# frozen_string_literal: true

module HTTPCache
  class FaradayMiddleware < ::Faraday::Middleware
    # A stored response is revalidated, and its caller has it already: what comes now goes to the store alone.
    class Revalidation < Transfer
      # Stands for the caller, who has gone.
      class Gone
        def streams? = true
        def begun? = false
        def head(_view) = nil
        def piece(_bytes) = nil
        def finish = nil
      end

      # What was asked, without the handing on.
      class Unasked < Delivery
        def from_store = nil
        def response = nil
        def hand_on(*, **) = nil
      end
      private_constant :Gone, :Unasked

      # The request as it is now, before the answer takes its place.
      def initialize(app, env, exchange, content)
        env = ::Faraday::Env.from(env)
        env.parallel_manager = nil
        super
      end

      # An origin that fails changes nothing.
      def run
        ask
      rescue ::Faraday::Error
        nil
      ensure
        close
      end

      private

      def reader = Gone.new
      def delivery = Unasked.new(@env, @exchange, @content, @reader)
    end
  end
end
