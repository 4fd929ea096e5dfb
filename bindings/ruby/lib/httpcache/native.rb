# frozen_string_literal: true

require 'ffi'

module HTTPCache
  # The functions of httpcache.h as they are. Nothing here is for programs that use the gem.
  #
  # Addresses are integers: a FFI::Pointer for each would cost more than most of the calls. +bytes+ is memory of
  # a String or of a FFI::MemoryPointer; +address+ is an object of the library, or memory it writes to.
  module Native
    extend FFI::Library

    # Until 1.0 each minor version has an ABI of its own, and a name of its own.
    ABI = VERSION[/\A0\.\d+|\A\d+/]
    ffi_lib(ENV.fetch('HTTPCACHE_LIBRARY') { ["libhttpcache.so.#{ABI}", 'httpcache'] })

    typedef :uintptr_t, :address
    typedef :pointer, :bytes
    typedef :pointer, :function
    typedef :int32, :status

    OK = 0
    DONE = 1
    NOT_FOUND = 2
    CALLBACK_FAILED = -40
    CANCELLED = 1
    KEY_SIZE = 128

    TIMES = { immediately: 0, unset: -2_147_483_647, never: -2_147_483_646, do_not_cache: -2_147_483_645 }.freeze
    DECISIONS = {
      0 => :forward, 1 => :fresh, 2 => :stale, 3 => :stale_revalidate, 4 => :revalidate, 5 => :unsatisfiable
    }.freeze
    NO_DECISION = -1
    OUTCOMES = {
      0 => :not_stored, 1 => :stored, 2 => :freshened, 3 => :used_stale, 4 => :storing, 5 => :repeat
    }.freeze
    LOG_LEVELS = { error: 1, warning: 2, info: 3, debug: 4 }.freeze
    FLAGS = { from_cache: 1, revalidated: 2, expired: 4, continued: 8, is_alias: 16, unreadable: 32 }.freeze

    # The members of hc_view, hc_stats, hc_rekeyed, hc_updated, hc_verification and hc_query for String#unpack. A
    # named filler of four bytes is not needed: all 64-bit members come to lie on multiples of eight.
    VIEW = 'Qlll LQQQQQQq QQqqqqq'.delete(' ').freeze
    VIEW_SIZE = 136
    STATS = 'Q9'
    STATS_SIZE = 72
    REKEYED = 'Q4'
    REKEYED_SIZE = 32
    UPDATED = 'Q4'
    UPDATED_SIZE = 32
    VERIFICATION = 'Q12'
    VERIFICATION_SIZE = 96
    QUERY = 'QLLqqQQQQ'
    QUERY_SIZE = 64

    # Arguments and result of each function; `true`: it waits, and other threads run meanwhile. hc_close does so where
    # it is the last one, which commits.
    FUNCTIONS = {
      hc_strerror: [%i[status], :string],
      hc_error_status: [%i[address], :status],
      hc_error_message: [%i[address], :string],
      hc_error_cause: [%i[address address], :string],
      hc_error_free: [%i[address], :void],
      hc_version: [[], :string],
      hc_version_number: [[], :uint32],
      hc_has_feature: [%i[string], :int],
      hc_options_new: [[], :address],
      hc_options_set: [%i[address int32 int64 address], :status],
      hc_options_add: [%i[address int32 bytes size_t address], :status],
      hc_options_item: [%i[address int32 size_t], :string],
      hc_options_clear: [%i[address int32 address], :status],
      hc_options_set_string: [%i[address int32 bytes size_t address], :status],
      hc_options_status_expiry: [%i[address int32 int64 address], :status],
      hc_options_add_url_rule: [%i[address int32 bytes size_t int64 address], :status],
      hc_options_clock: [%i[address function address function], :status],
      hc_options_log: [%i[address int32 function address function], :status],
      hc_options_filter: [%i[address function address function], :status],
      hc_options_free: [%i[address], :void],
      hc_open: [%i[string address address address], :status, true],
      hc_close: [%i[address], :void, true],
      hc_flush: [%i[address int64 address], :status, true],
      hc_work: [%i[address int64 address], :status, true],
      hc_get_stats: [%i[address address address], :status, true],
      hc_request_new: [%i[bytes size_t bytes size_t address address], :status],
      hc_request_copy: [%i[address address address], :status],
      hc_request_assign: [%i[address bytes size_t bytes size_t address], :status],
      hc_request_add: [%i[address bytes size_t bytes size_t address], :status],
      hc_request_add_fields: [%i[address bytes bytes size_t address], :status],
      hc_request_remove: [%i[address bytes size_t], :status],
      hc_request_set_body: [%i[address bytes size_t address], :status],
      hc_request_set: [%i[address int32 int64 address], :status],
      hc_request_set_string: [%i[address int32 bytes size_t address], :status],
      hc_request_option: [%i[address int32 address], :status],
      hc_request_cancel: [%i[address], :void],
      hc_request_is_cancelled: [%i[address], :int],
      hc_request_method: [%i[address], :string],
      hc_request_url: [%i[address], :string],
      hc_request_fields: [%i[address address], :address],
      hc_request_body: [%i[address address], :address],
      hc_request_free: [%i[address], :void],
      hc_options_key: [%i[address function address function], :status],
      hc_options_normalize: [%i[address function address function], :status],
      hc_sink_write: [%i[address bytes size_t], :status],
      hc_sink_write_default_key: [%i[address address], :status],
      hc_sink_write_url: [%i[address address], :status],
      hc_sink_write_body: [%i[address address], :status],
      hc_sink_write_field: [%i[address address bytes size_t], :status],
      hc_key: [%i[address address address address], :status, true],
      hc_key_settings: [%i[address address address], :status],
      hc_rekey: [%i[address bytes size_t function address address address], :status, true],
      hc_response_new: [%i[int32 bytes size_t address address], :status],
      hc_response_assign: [%i[address int32 bytes size_t address], :status],
      hc_response_add: [%i[address bytes size_t bytes size_t address], :status],
      hc_response_add_fields: [%i[address bytes bytes size_t address], :status],
      hc_response_set_body: [%i[address bytes size_t address], :status],
      hc_response_view: [%i[address address], :status],
      hc_response_status: [%i[address], :int32],
      hc_response_from_cache: [%i[address], :int],
      hc_response_get: [%i[address bytes size_t address], :address],
      hc_response_body: [%i[address address address address], :status, true],
      hc_response_read: [%i[address bytes size_t address address], :status, true],
      hc_response_key: [%i[address], :string],
      hc_response_request: [%i[address], :address],
      hc_response_alias_of: [%i[address], :string, true],
      hc_response_history: [%i[address size_t], :address],
      hc_response_free: [%i[address], :void],
      hc_lookup: [%i[address address address address address], :status, true],
      hc_exchange_decision: [%i[address], :int32],
      hc_exchange_forward: [%i[address], :address],
      hc_exchange_reason: [%i[address], :string],
      hc_exchange_explain: [%i[address], :string],
      hc_exchange_response: [%i[address address address], :status],
      hc_store: [%i[address address address address address], :status, true],
      hc_store_begin: [%i[address address address address address], :status, true],
      hc_store_write: [%i[address bytes size_t address], :status, true],
      hc_store_end: [%i[address address address], :status, true],
      hc_store_failure: [%i[address address address], :status, true],
      hc_exchange_free: [%i[address], :void],
      hc_fetch: [%i[address address address address address], :status, true],
      hc_iter_new: [%i[address address address address], :status],
      hc_iter_next: [%i[address address address address], :status, true],
      hc_iter_key: [%i[address], :string],
      hc_iter_request: [%i[address], :address],
      hc_iter_free: [%i[address], :void],
      hc_get: [%i[address bytes size_t address address], :status, true],
      hc_delete: [%i[address bytes size_t address address], :status, true],
      hc_delete_where: [%i[address address address address], :status, true],
      hc_clear: [%i[address address address], :status, true],
      hc_reset_expiration: [%i[address int64 address address], :status, true],
      hc_put: [%i[address address address int64 int64 address], :status, true],
      hc_update: [%i[address address function address address address], :status, true],
      hc_verify: [%i[address int32 function address address address], :status, true]
    }.freeze

    FUNCTIONS.each do |name, (arguments, result, waits)|
      attach_function(name, arguments, result, blocking: waits || false)
    end

    unless hc_version.start_with?("#{ABI}.")
      raise LoadError, "libhttpcache #{hc_version} is not of the ABI #{ABI} that this gem was made for"
    end

    # All memory, to be read by address: a pointer for each place would cost more than the copy. It begins at 1, since
    # ffi takes a pointer to 0 for one to nothing.
    MEMORY = FFI::Pointer.new(1)
    private_constant :MEMORY

    # A copy of `size` bytes at an address.
    def self.copy(address, size)
      size.zero? ? String.new : MEMORY.get_bytes(address - 1, size)
    end

    # A copy of the text at an address, up to its NUL.
    def self.text(address)
      address.zero? ? '' : MEMORY.get_string(address - 1).force_encoding(Encoding::UTF_8)
    end
  end
end
