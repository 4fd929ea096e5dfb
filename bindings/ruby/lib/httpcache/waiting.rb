# frozen_string_literal: true

module HTTPCache
  # A call of the library that waits for an origin, until it is interrupted.
  #
  # Ruby interrupts a thread in Ruby's own code alone. So the call is made on a thread of its own, and this one waits
  # for that: what interrupts it (Timeout, Thread#raise, Thread#kill, a signal, a fiber's scheduler) finds it in Ruby,
  # and the library is told to give up, which takes it a moment. While a call is under way its memory and its objects
  # are in use; so nobody leaves before it has returned.
  module Waiting
    # Makes the call `call` for the request at an address, and yields its status, with interrupts held back.
    def self.on(request, call)
      worker = made = value = is_done = nil
      Thread.handle_interrupt(Owned::HELD_BACK) { worker = Thread.new { made = make(call) } }
      worker.join
      Thread.handle_interrupt(Owned::HELD_BACK) do
        is_done = true
        value = yield taken(made)
      end
      value
    ensure
      give_up(worker, request) if worker && !is_done
    end

    # Status and failures of the call. A thread has the interrupts held back that it was made with.
    def self.make(call)
      status = call.call
      [status, Callback.take_failure]
    rescue Exception => e # rubocop:disable Lint/RescueException
      [nil, e]
    end

    def self.taken(made)
      status, failure = made
      raise failure unless status

      Callback.failed(failure) if failure
      status
    end

    def self.give_up(worker, request)
      Thread.handle_interrupt(Owned::HELD_BACK) do
        Native.hc_request_cancel(request)
        # For a callback, if one runs.
        worker.raise(CancelledError, 'the call it runs in was interrupted')
        worker.join
      rescue Exception # rubocop:disable Lint/RescueException -- of another signal; the first one is on its way
        retry
      end
    end
    private_class_method :make, :taken, :give_up
  end
end
