# frozen_string_literal: true

module HTTPCache
  # A response: of Cache#fetch, Cache#get or a Walk, of an Exchange, lent to a filter, or one that you build of an
  # origin's answer to hand to Exchange#store or Exchange#begin.
  class Response
    include Owned
    include Viewed

    # Bytes of a piece, where no other size is asked for.
    PIECE = 65_536

    # The library's response at `address`, with the request it answers, which ends the reading of its body. For the
    # classes of this gem.
    def self.take(address, request = nil)
      allocate.tap { |response| response.send(:take, address, request) }
    end

    # A response of the library's, until it is closed. For the classes of this gem.
    def self.lend(address)
      allocate.tap { |response| response.send(:own, address, nil) }
    end

    # An origin's answer. `fields` as of Request. InvalidArgumentError: the status is not between 100 and 999.
    def initialize(status, reason: '', fields: nil, body: nil)
      reason = Bytes.of(reason)
      Thread.handle_interrupt(HELD_BACK) do
        Call.borrow do |call|
          address = call.make(:hc_response_free) do
            Native.hc_response_new(status, reason, reason.bytesize, call.out, call.error)
          end
          own(address, :hc_response_free)
        end
      end
      add_fields(fields) if fields
      self.body = body if body
    rescue StandardError
      close
      raise
    end

    # Adds a field at the end. MisuseError: the response is not one you built.
    def add(name, value)
      add_fields([[name, value]])
    end

    # Adds fields at the end: all, or after an error none.
    def add_fields(fields)
      text, lengths, count = Bytes.pack(fields)
      verb { |response, call| Native.hc_response_add_fields(response, text, lengths, count, call.error) }
    end

    # Sets the body, for Exchange#store. MisuseError: the response is not one you built.
    def body=(body)
      body = Bytes.of(body || '')
      verb { |response, call| Native.hc_response_set_body(response, body, body.bytesize, call.error) }
    end

    # All that is known of it now. What a miss is stored as is known once its body was read to the end.
    def view
      open_address
      @view ||= use do |response|
        Call.borrow do |call|
          call.check(Native.hc_response_view(response, call.view_without_decision))
          call.view_value
        end
      end
    end

    # The key of this variant, printable; nil: it is not stored.
    def key
      use { |response| Native.hc_response_key(response) }
    end

    # The request that it answers, as a copy; nil: it is not known, or you built the response. Of a response of
    # Cache#get or a Walk it is the stored one, with REDACTED in the place of what is not stored: for reading, not for
    # sending.
    def request
      use do |response|
        address = Native.hc_response_request(response)
        Request.copy_of(address) unless address.zero?
      end
    end

    # The whole body, whatever was read before. It is the same String each time. MisuseError: part of an origin's
    # body was read and, because it is not being stored, is gone.
    def body
      open_address
      load = ->(response, call) { Native.hc_response_body(response, call.data, call.size, call.error) }
      @body ||= wait(load) { |call, _| call.data_value }
    ensure
      @view = nil
    end

    # Reads like IO#read: the rest of the body, or `length` bytes of it, fewer only at the end, where it is nil.
    def read(length = nil, buffer = nil)
      raise ArgumentError, "negative length #{length} given" if length&.negative?

      bytes = (buffer || String.new).clear.force_encoding(Encoding::BINARY)
      while length.nil? || bytes.bytesize < length
        piece = read_piece(length ? [length - bytes.bytesize, PIECE].min : PIECE) or break
        bytes << piece
      end
      bytes unless bytes.empty? && length&.positive?
    end

    # Reads like IO#readpartial: what there is, at most `length` bytes. EOFError at the end.
    def readpartial(length, buffer = nil)
      raise ArgumentError, "negative length #{length} given" if length.negative?

      piece = length.zero? ? String.new : read_piece([length, PIECE].min)
      raise EOFError, 'end of body reached' unless piece

      buffer ? buffer.replace(piece) : piece
    end

    # Yields the rest of the body in pieces, as they come.
    def each
      return enum_for(:each) unless block_given?

      while (piece = read_piece(PIECE))
        yield piece
      end
      self
    end

    private

    # The next bytes of the body; nil at its end. The memory is this object's: a String of the caller's could be
    # changed by another thread meanwhile.
    def read_piece(capacity)
      read = lambda do |response, call|
        @buffer ||= FFI::MemoryPointer.new(PIECE)
        Native.hc_response_read(response, @buffer, capacity, call.size, call.error)
      end
      wait(read) do |call, status|
        next @buffer.read_bytes(call.size_value) if status == Native::OK

        @view = nil
      end
    end

    # Makes a call that waits, and yields what it came to; where it waits for an origin, an interrupt ends it.
    def wait(native)
      return wait_for_origin(native) { |call, status| yield call, call.check(status) } if @waits

      use { |response| Call.borrow { |call| yield call, call.check(native.call(response, call)) } }
    end

    def wait_for_origin(native)
      use_until_interrupted do |response|
        @request.use_until_interrupted do |request|
          Call.borrow { |call| Waiting.on(request, -> { native.call(response, call) }) { |status| yield call, status } }
        end
      end
    end

    def take(address, request)
      own(address, :hc_response_free)
      @request = request
      @waits = request && Native.hc_response_from_cache(address).zero?
    end

    def release
      super
      @request&.close
      @request = @buffer = @body = @view = nil
    end

    def verb
      use { |response| Call.borrow { |call| call.check(yield(response, call)) } }
      @view = @body = nil
      self
    end
  end
end
