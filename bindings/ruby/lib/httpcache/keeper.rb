# frozen_string_literal: true

module HTTPCache
  # Destroys an object of the library when its owner is closed or collected.
  #
  # An owner that was closed gives its keeper back, with the finalizer it has: defining one costs more than most calls
  # of the library. One that is collected takes its keeper along, whose finalizer runs then.
  class Keeper
    # What the finalizer knows: the keeper itself would otherwise never be collected.
    Kept = Struct.new(:destroy, :address)
    # Keepers without an owner. No lock: each step is one operation of Array.
    FREE = [] # rubocop:disable Style/MutableConstant
    MOST_FREE = 256
    private_constant :Kept, :FREE, :MOST_FREE

    # A keeper of the object at `address`, which `destroy` destroys.
    def self.of(destroy, address)
      (FREE.pop || new).keep(destroy, address)
    end

    def self.destroy(destroy, address)
      Callback.without_failure { Native.public_send(destroy, address) } unless address.zero?
    end

    def self.finalizer(kept)
      ->(_) { destroy(kept.destroy, kept.address) }
    end
    private_class_method :finalizer, :new

    def initialize
      @kept = Kept.new(nil, 0)
      ObjectSpace.define_finalizer(self, self.class.send(:finalizer, @kept))
    end

    def keep(destroy, address)
      @kept.destroy = destroy
      @kept.address = address
      self
    end

    # Destroys the object now; the keeper is free.
    def destroy
      destroy = @kept.destroy
      address = @kept.address
      @kept.address = 0
      FREE.size < MOST_FREE ? FREE.push(self) : ObjectSpace.undefine_finalizer(self)
      Keeper.destroy(destroy, address)
    end
  end
end
