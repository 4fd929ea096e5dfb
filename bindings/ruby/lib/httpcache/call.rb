# frozen_string_literal: true

module HTTPCache
  # One call of the library: the memory it writes to, and what is made of its answer.
  #
  # All of it runs with interrupts held back (see Owned#use), so that an object that the library made is not lost
  # to a Thread#raise. A signal's exception is raised nevertheless; so what was not taken over is destroyed.
  class Call
    ERROR = 0
    OUT = 8
    DATA = 16
    SIZE = 24
    OUTCOME = 32
    VIEW = 40
    DECISION = VIEW + 8
    private_constant :ERROR, :OUT, :DATA, :SIZE, :OUTCOME, :VIEW, :DECISION

    # Calls that are over: neither an error nor an object is left in them. No lock: each step is one operation of Array.
    FREE = [] # rubocop:disable Style/MutableConstant
    MOST_FREE = 64
    private_constant :FREE, :MOST_FREE

    # Yields a call, whose memory is used again afterwards.
    def self.borrow
      call = FREE.pop || new
      yield call
    ensure
      call&.give_back
    end

    def initialize
      @memory = FFI::MemoryPointer.new(VIEW + Native::VIEW_SIZE)
      @base = @memory.address
      @memory.put_uint64(VIEW, Native::VIEW_SIZE)
    end

    # Where the library writes to.
    def error = @base + ERROR
    def out = @base + OUT
    def data = @base + DATA
    def size = @base + SIZE
    def outcome = @base + OUTCOME
    def view = @base + VIEW

    # For a call that leaves the decision as it was: there is none.
    def view_without_decision
      @memory.put_int32(DECISION, Native::NO_DECISION)
      view
    end

    # What the library wrote.
    def data_value = Native.copy(@memory.get_uint64(DATA), size_value)
    def size_value = @memory.get_uint64(SIZE)
    def number_value = @memory.get_int64(SIZE)
    def outcome_value = Native::OUTCOMES.fetch(@memory.get_int32(OUTCOME))
    def view_value = View.new(@memory.get_bytes(VIEW, Native::VIEW_SIZE))

    # Takes the status of a call, and raises what the call or its callbacks came to.
    def check(status)
      raise_error if status.negative?
      Callback.raise_failure
      status
    end

    # The same for a call that has done its work also where a callback raised: the caller takes over the result and
    # then raises (Callback.raise_failure).
    def complete(status)
      raise_error if status.negative?
      status
    end

    # Runs a call that makes an object. Returns its address, or nil where there is none.
    def make(destroy)
      address = take(yield)
    ensure
      drop(destroy) unless address
    end

    # The address of the object that a call with this status made; the caller has it from now on.
    def take(status)
      check(status)
      address = @memory.get_uint64(OUT)
      return if address.zero?

      @memory.put_uint64(OUT, 0)
      address
    end

    # Destroys what was made and not taken.
    def drop(destroy)
      address = @memory.get_uint64(OUT)
      return if address.zero?

      @memory.put_uint64(OUT, 0)
      Keeper.destroy(destroy, address)
    end

    def give_back
      free_error
      FREE.push(self) if FREE.size < MOST_FREE
    end

    private

    def free_error
      error = @memory.get_uint64(ERROR)
      return if error.zero?

      @memory.put_uint64(ERROR, 0)
      Native.hc_error_free(error)
    end

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
  end
end
