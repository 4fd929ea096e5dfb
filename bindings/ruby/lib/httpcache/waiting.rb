# frozen_string_literal: true

module HTTPCache
  # A call of the library that waits for an origin, until it is interrupted.
  #
  # Ruby interrupts a thread in Ruby's own code alone. So the call is made on a thread of its own, and this one waits
  # for that: what interrupts it (Timeout, Thread#raise, Thread#kill, a signal, a fiber's scheduler) finds it in Ruby,
  # and the library is told to give up, which takes it a moment. While a call is under way its memory and its objects
  # are in use; so nobody leaves before it has returned.
  class Waiting
    # Makes the call `call` for the request at an address, and yields its status, with interrupts held back.
    def self.on(request, call, &)
      new(request, call).wait(&)
    end

    def initialize(request, call)
      @request = request
      @call = call
    end

    def wait
      value = nil
      Thread.handle_interrupt(Owned::HELD_BACK) { Thread.new { work } }.join
      Thread.handle_interrupt(Owned::HELD_BACK) do
        @is_over = true
        value = yield status
      end
      value
    ensure
      give_up unless @is_over
    end

    private

    # A thread has the interrupts held back that it was made with. A signal's exception may have come before its maker
    # knew that it was made; so it makes itself known.
    def work
      @worker = Thread.current
      return if @is_over

      @status = @call.call
      @failure = Callback.take_failure
    rescue Exception => e # rubocop:disable Lint/RescueException
      @failure = e
    end

    # The failure of a callback is raised as after any other call.
    def status
      raise @failure unless @status

      Callback.failed(@failure) if @failure
      @status
    end

    def give_up
      Thread.handle_interrupt(Owned::HELD_BACK) do
        @is_over = true
        Native.hc_request_cancel(@request)
        # For a callback, if one runs.
        @worker&.raise(CancelledError, 'the call it runs in was interrupted')
        @worker&.join
      rescue Exception # rubocop:disable Lint/RescueException -- of another signal; the first one is on its way
        retry
      end
    end
  end
end
