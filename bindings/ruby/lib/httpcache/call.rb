# frozen_string_literal: true

module HTTPCache
  # One call of the library: the memory it writes to, and what is made of its answer.
  #
  # All of it runs with interrupts held back (see Owned#use), so that an object that the library made is not lost
  # to a Thread#raise. A signal's exception is raised nevertheless; so what was not taken over is destroyed.
  class Call
    ERROR = 0
    OUT = 8
    SIZE = 16
    OUTCOME = 24
    VIEW = 32
    private_constant :ERROR, :OUT, :SIZE, :OUTCOME, :VIEW

    def initialize
      @memory = FFI::MemoryPointer.new(VIEW + Native::VIEW_SIZE)
      @base = @memory.address
    end

    # Where the library writes to.
    def error = @base + ERROR
    def out = @base + OUT
    def size = @base + SIZE
    def outcome = @base + OUTCOME

    def view
      @memory.put_uint64(VIEW, Native::VIEW_SIZE)
      @base + VIEW
    end

    # What the library wrote.
    def out_value = @memory.get_uint64(OUT)
    def size_value = @memory.get_uint64(SIZE)
    def outcome_value = Native::OUTCOMES.fetch(@memory.get_int32(OUTCOME))
    def view_value = View.new(@memory.get_bytes(VIEW, Native::VIEW_SIZE))

    # Runs a call that returns a status, and raises what it or its callbacks came to.
    def check(&)
      status = complete(&)
      Callback.raise_failure
      status
    end

    # The same for a call that has done its work also where a callback raised: the caller takes over the result and
    # then raises (Callback.raise_failure).
    def complete
      status = yield self
      raise_error if status.negative?
      status
    ensure
      free_error
    end

    # Runs a call that makes an object. Returns its address, or nil where there is none.
    def make(destroy)
      done = false
      check { yield self }
      done = true
      address = out_value
      address unless address.zero?
    ensure
      Owned.destroy(destroy, out_value) unless done
    end

    private

    def raise_error
      error = @memory.get_uint64(ERROR)
      status = Native.hc_error_status(error)
      source = Native.hc_error_cause(error, size)
      number = @memory.get_int32(SIZE)
      failure = BY_STATUS.fetch(status, Error).new(
        Native.hc_error_message(error).dup.force_encoding(Encoding::UTF_8),
        status: status, cause_source: source, cause_number: number
      )
      # What a callback raised says more than that one failed.
      cause = source == 'errno' ? SystemCallError.new(nil, number) : nil
      Callback.raise_failure
      raise failure, cause: cause
    end

    def free_error
      error = @memory.get_uint64(ERROR)
      Native.hc_error_free(error) unless error.zero?
      @memory.put_uint64(ERROR, 0)
    end
  end
end
