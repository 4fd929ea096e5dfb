# frozen_string_literal: true

module HTTPCache
  # A block that the library calls: its filter, clock or log, or one that says which requests are the same.
  #
  # The library gets a number, never an object, and the functions it calls are constants: so nothing is in its
  # hands that the garbage collector frees, in whatever order it takes a cache and what belongs to it.
  #
  # The block runs on a fiber of its own. +throw+, +return+, +break+, Fiber.yield and Thread.exit would otherwise
  # leave through frames of the library, which no language may do to another; here they become exceptions, or wait
  # until the call is over. Exceptions end here as well: the library goes on as its header says for a callback that
  # failed, and the exception is raised from the call it happened in, once that is done.
  class Callback
    # Keeps what the library holds a number of. No lock: `destroy` also comes from finalizers, which may run
    # while this thread is in here. Each step is one operation of Hash.
    LIVE = {} # rubocop:disable Style/MutableConstant
    FAILURE = :httpcache_failure
    INTERRUPTIBLE = { Exception => :immediate }.freeze
    private_constant :FAILURE, :INTERRUPTIBLE

    def initialize(block)
      @block = block
      LIVE[object_id] = self # rubocop:disable Lint/HashCompareByIdentity -- the library has the number, not the object
    end

    # What the block returns, or `failed` where it did not return.
    def call(failed, *arguments)
      value, failure = run(arguments)
      return value unless failure

      Callback.failed(failure)
      failed
    rescue Exception => e # rubocop:disable Lint/RescueException
      Callback.failed(e)
      failed
    end

    # Yields the number of a block that is called until this returns.
    def self.lend(block)
      number = new(block).object_id
      yield number
    ensure
      LIVE.delete(number)
    end

    # Calls what the library has the number of.
    def self.call(number, failed, *arguments)
      LIVE[number]&.call(failed, *arguments) || failed
    end

    # Notes what a callback raised; of several the first.
    def self.failed(exception)
      Thread.current[FAILURE] ||= exception
    end

    # What a callback raised in the call that has just returned; nil: nothing.
    def self.take_failure
      failure = Thread.current[FAILURE] or return
      Thread.current[FAILURE] = nil
      failure
    end

    # Raises it.
    def self.raise_failure
      failure = take_failure and raise failure
    end

    # For destroying, which has no caller to raise to.
    def self.without_failure
      return yield if LIVE.empty?

      kept = Thread.current[FAILURE]
      yield
    ensure
      Thread.current[FAILURE] = kept
    end

    # Around a call of the library interrupts wait; a block with a timeout of its own needs them. They are let through
    # inside of the fiber alone, and no exception leaves it as such: Timeout's throws where it is raised anew.
    def run(arguments)
      value = failure = nil
      fiber = Fiber.new(blocking: true) do
        value = Thread.handle_interrupt(INTERRUPTIBLE) { @block.call(*arguments) }
      rescue Exception => e # rubocop:disable Lint/RescueException
        failure = e
      end
      fiber.resume
      if fiber.alive?
        yielded = FiberError.new('a callback of the cache must not yield its fiber')
        # What stands open in it is closed.
        fiber.raise(yielded)
      end
      [value, failure || yielded]
    end
    private :run

    DESTROY = FFI::Function.new(:void, [:uintptr_t]) { |number| LIVE.delete(number) }

    CLOCK = FFI::Function.new(:int64, [:uintptr_t]) do |number|
      call(number, nil) || (Time.now.to_r * 1000).floor
    end

    LOG = FFI::Function.new(:void, %i[uintptr_t int32 pointer size_t]) do |number, level, message, size|
      call(number, nil, level, message.read_bytes(size).force_encoding(Encoding::UTF_8))
    end

    FILTER = FFI::Function.new(:int32, %i[uintptr_t uintptr_t uintptr_t]) do |number, request, response|
      call(number, Native::CALLBACK_FAILED, request, response)
    end

    KEY = FFI::Function.new(:int32, %i[uintptr_t uintptr_t uintptr_t]) do |number, request, sink|
      call(number, Native::CALLBACK_FAILED, request, sink)
    end

    NORMALIZE = FFI::Function.new(:int32, %i[uintptr_t uintptr_t]) do |number, copy|
      call(number, Native::CALLBACK_FAILED, copy)
    end

    PROGRESS = FFI::Function.new(:int32, %i[uintptr_t uint64 uint64]) do |number, done, total|
      call(number, Native::CANCELLED, done, total)
    end
  end
end
