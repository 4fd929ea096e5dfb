# frozen_string_literal: true

module HTTPCache
  # An object of the library: used by one at a time, closed once, by hand or by the garbage collector.
  module Owned
    # Interrupts wait until what the library made is in safe hands.
    HELD_BACK = { Object => :never }.freeze

    # Destroys an object when its owner is collected. It knows the address and not the owner, which would
    # otherwise never be collected.
    class Finalizer
      def initialize(destroy, address, owner_id)
        @destroy = destroy
        @address = address
        @owner_id = owner_id
      end

      # Object#dup gives a copy the same finalizer, even one that #initialize_copy then refuses.
      def call(id)
        Owned.destroy(@destroy, @address) if id == @owner_id
      end
    end

    def self.destroy(destroy, address)
      Callback.without_failure { Native.public_send(destroy, address) } unless address.zero?
    end

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
    def use
      Thread.handle_interrupt(HELD_BACK) do
        lock
        begin
          yield open_address
        ensure
          @lock.unlock
        end
      end
    end

    private

    # Takes over the object at `address`, which `destroy` destroys; nil: it is only lent.
    def own(address, destroy)
      @lock = Thread::Mutex.new
      @destroy = destroy
      @address = address
      ObjectSpace.define_finalizer(self, Finalizer.new(destroy, address, object_id)) if destroy
      self
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
      address = @address or return
      @address = nil
      return unless @destroy

      ObjectSpace.undefine_finalizer(self)
      Owned.destroy(@destroy, address)
    end

    def kind
      self.class.name[/\w+\z/].downcase
    end
  end
end
