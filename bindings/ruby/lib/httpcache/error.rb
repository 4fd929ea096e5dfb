# frozen_string_literal: true

module HTTPCache
  # The base of all errors of the library; each status has a class of its own (BY_STATUS).
  #
  # Where the system is behind the failure, #cause is its Errno exception.
  class Error < StandardError
    # The status of the library, a negative Integer.
    attr_reader :status

    # Whose number #cause_number is: "errno", "lmdb", "curl" or "callback"; nil if there is none.
    attr_reader :cause_source

    # The number below the failure, 0 if there is none.
    attr_reader :cause_number

    def initialize(message = nil, status: self.class.status, cause_source: nil, cause_number: 0)
      super(message)
      @status = status
      @cause_source = cause_source
      @cause_number = cause_number
    end

    # The status of this class; nil of Error itself.
    def self.status
      BY_STATUS.key(self) || (superclass.status if superclass <= Error)
    end
  end

  # The class of each status.
  BY_STATUS = {
    -1 => :InvalidArgumentError, -2 => :MisuseError, -3 => :UnsupportedError, -4 => :OutOfMemoryError,
    -5 => :InternalError, -6 => :ConflictError, -7 => :MismatchError,
    -10 => :InputOutputError, -11 => :FullError, -12 => :CorruptError, -13 => :NewerFormatError,
    -14 => :BusyError, -15 => :ReadOnlyError, -16 => :PermissionError, -17 => :NotDirectoryError,
    -18 => :ForeignOwnerError, -19 => :SymbolicLinkError,
    -20 => :InvalidURLError, -21 => :InvalidFieldError, -22 => :TooLargeError, -23 => :InvalidMethodError,
    -30 => :TransportError, -31 => :TimeoutError, -32 => :CancelledError, -33 => :ResolveError,
    -34 => :ConnectError, -35 => :TLSError, -36 => :ProtocolError, -37 => :RedirectError,
    -40 => :CallbackError
  }.transform_values { |name| const_set(name, Class.new(Error)) }.freeze

  # The object was used after it was closed.
  class ClosedError < MisuseError; end
end
