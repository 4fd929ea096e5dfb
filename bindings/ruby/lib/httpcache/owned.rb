# frozen_string_literal: true

module HTTPCache
  # An object of the library: used by one at a time, closed once, by hand or by the garbage collector.
  module Owned
    # Interrupts wait until what the library made is in safe hands.
    HELD_BACK = { Object => :never }.freeze

    # Gives up what this object holds. Does nothing the second time. MisuseError: it is in use.
    def close
      return if closed?

      Thread.handle_interrupt(HELD_BACK) do
        lock
        begin
          release
        ensure
          @lock.unlock
        end
      end
      nil
    end

    def closed?
      @address.nil?
    end

    # Addresses mean nothing to anybody else.
    def inspect
      "#<#{self.class}#{' (closed)' if closed?}>"
    end

    # A copy would destroy what it does not own.
    def initialize_copy(_other)
      raise TypeError, "can't copy #{self.class}"
    end

    # Yields the address for one call of the library. For the classes of this gem.
    def use(&block)
      Thread.handle_interrupt(HELD_BACK) { hold(&block) }
    end

    # The same where interrupts are held back already.
    def hold
      address = enter
      begin
        yield address
      ensure
        leave
      end
    end

    # The same for a call that an interrupt cuts short (see Waiting).
    def use_until_interrupted
      address = nil
      Thread.handle_interrupt(HELD_BACK) { address = enter }
      yield address
    ensure
      Thread.handle_interrupt(HELD_BACK) { leave } if address
    end

    private

    # Takes over the object at `address`, which `destroy` destroys; nil: it is only lent.
    def own(address, destroy)
      @lock = Thread::Mutex.new
      @keeper = destroy && Keeper.of(destroy, address)
      @address = address
      self
    end

    def enter
      lock
      return @address if @address

      @lock.unlock
      open_address
    end

    def leave
      @lock.unlock
    end

    def lock
      raise ClosedError, "the #{kind} was not opened" unless @lock
      return if @lock.try_lock

      raise MisuseError, "the #{kind} is in use; it can be used by one at a time"
    end

    def open_address
      @address or raise ClosedError, "the #{kind} is closed"
    end

    def release
      keeper = @keeper
      @address = @keeper = nil
      keeper&.destroy
    end

    def kind
      self.class.name[/\w+\z/].downcase
    end
  end
end
