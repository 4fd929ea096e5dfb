# frozen_string_literal: true

module HTTPCache
  # A response: of Cache#fetch, of an Exchange, lent to a filter, or one that you build of an origin's answer to
  # hand to Exchange#store or Exchange#begin.
  class Response
    include Owned
    include Viewed

    # Bytes of a piece, where no other size is asked for.
    PIECE = 65_536

    # For the classes of this gem.
    def self.take(address)
      allocate.tap { |response| response.send(:own, address, :hc_response_free) }
    end

    # A response of the library's, until it is closed. For the classes of this gem.
    def self.lend(address)
      allocate.tap { |response| response.send(:own, address, nil) }
    end

    # An origin's answer. `fields` as of Request. InvalidArgumentError: the status is not between 100 and 999.
    def initialize(status, reason: '', fields: nil, body: nil)
      reason = Bytes.of(reason)
      address = Call.new.make(:hc_response_free) do |call|
        Native.hc_response_new(status, reason, reason.bytesize, call.out, call.error)
      end
      own(address, :hc_response_free)
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
        call = Call.new
        call.check { Native.hc_response_view(response, call.view) }
        call.view_value
      end
    end

    # The key of this variant, printable; nil: it is not stored.
    def key
      use { |response| Native.hc_response_key(response) }
    end

    # The whole body, whatever was read before. It is the same String each time. MisuseError: part of an origin's
    # body was read and, because it is not being stored, is gone.
    def body
      open_address
      @body ||= use do |response|
        call = Call.new
        call.check { Native.hc_response_body(response, call.out, call.size, call.error) }
        Native.copy(call.out_value, call.size_value)
      end
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
      use do |response|
        @buffer ||= FFI::MemoryPointer.new(PIECE)
        call = Call.new
        status = call.check { Native.hc_response_read(response, @buffer, capacity, call.size, call.error) }
        next @buffer.read_bytes(call.size_value) if status == Native::OK

        @view = nil
      end
    end

    def release
      super
      @buffer = @body = @view = nil
    end

    def verb
      use { |response| Call.new.check { |call| yield response, call } }
      @view = @body = nil
      self
    end
  end
end
