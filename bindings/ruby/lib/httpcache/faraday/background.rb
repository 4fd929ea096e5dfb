# frozen_string_literal: true

module HTTPCache
  class FaradayMiddleware < ::Faraday::Middleware
    # Threads behind the caller's back, so many and no more. The end of the program does not wait for them.
    class Background
      def initialize(most)
        @most = Integer(most)
        @threads = []
        @lock = Thread::Mutex.new
      end

      # Runs the block on a thread of its own, or here where all are busy.
      def run(&block)
        started = @lock.synchronize do
          @threads.select!(&:alive?)
          @threads << Thread.new(&block) if @threads.size < @most
        end
        yield unless started
      end

      # Waits for what runs now. What it raised was reported by its thread.
      def wait
        @lock.synchronize { @threads.dup }.each do |thread|
          thread.join
        rescue StandardError
          next
        end
      end
    end
  end
end
