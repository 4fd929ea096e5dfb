# frozen_string_literal: true

require_relative 'helper'

# Bodies in pieces, both ways.
class TestPieces < CacheTest
  SIZES = [0, 1, 100, 65_535, 65_536, 65_537, 1 << 20].freeze

  def setup
    super
    @cache = open_cache
  end

  def begun(fields = FRESH)
    exchange = @cache.lookup(get)
    assert_equal :storing, exchange.begin(answer(200, fields, nil))
    exchange
  end

  SIZES.each do |size|
    [1, 1000, 65_536, 1 << 20].each do |piece|
      next if piece == 1 && size > 100

      define_method(:"test_#{size}_bytes_in_pieces_of_#{piece}") do
        body = Origin.body(size)
        exchange = begun
        0.step(size - 1, piece) { |at| assert exchange.write(body.byteslice(at, piece)) }
        assert_equal :forward, decision(@cache)
        assert_equal :stored, exchange.end
        assert_equal body, exchange.body
        exchange.close
        @cache.lookup(get) { |hit| assert_equal body, hit.response.each.to_a.join }
      end
    end
  end

  def test_appending_and_outcomes
    exchange = begun(FRESH.merge('Content-Length' => '4'))
    refute exchange.answered?
    assert_same exchange, exchange << 'a' << '' << 'bc'
    exchange << 'd'
    assert_equal %i[stored stored], [exchange.end, exchange.outcome]
  end

  def test_a_body_must_be_as_long_as_announced
    exchange = begun(FRESH.merge('Content-Length' => '3'))
    exchange << 'ab'
    assert_equal :not_stored, exchange.end
    exchange = begun(FRESH.merge('Content-Length' => '3'))
    refute exchange.write('abcd')
    refute exchange.write('e')
    assert_equal :not_stored, exchange.end
    refute exchange.answered?
    assert_equal :forward, decision(@cache)
  end

  def test_what_is_abandoned_or_broke_off_is_not_stored
    begun.tap { |exchange| exchange << 'ab' }.close
    exchange = begun
    exchange << 'ab'
    refute exchange.failure
    exchange.close
    assert_equal [0, :forward], [@cache.stats.stores, decision(@cache)]
  end

  def test_pieces_of_any_encoding_are_bytes
    exchange = begun
    pieces = ['ä', 'ä'.encode('UTF-16LE'), "\xFF".b, 'ascii'.encode('US-ASCII'), 'frozen']
    pieces.each { |piece| exchange << piece }
    exchange.end
    assert_equal pieces.map(&:b).join, exchange.body
    assert_equal [Encoding::UTF_8, Encoding::UTF_16LE], pieces.first(2).map(&:encoding)
  end

  # The library reads the piece while other threads run.
  def test_a_piece_may_be_changed_meanwhile
    exchange = begun
    piece = 'a' * 1_000_000
    thread = Thread.new { 2000.times { |i| i.even? ? piece.replace('b' * 10) : piece.replace('a' * 1_000_000) } }
    200.times { exchange.write(piece) }
    thread.join
    # That two threads meet there is luck.
    refute_same piece, HTTPCache::Bytes.held(piece)
    assert_same piece.freeze, HTTPCache::Bytes.held(piece)
    assert_equal :stored, exchange.end
    assert_empty exchange.body.delete('ab')
  end

  def read_back(body = Origin.body(200_000))
    store(@cache, get, answer(200, FRESH, body))
    @cache.lookup(get, &:response)
  end

  def test_read_is_as_of_io
    body = Origin.body(200_000)
    response = read_back(body)
    io = StringIO.new(body)
    [0, 1, 10, 65_536, 100_000, 65_537, 10, 0].each do |length|
      expected = io.read(length)
      expected.nil? ? assert_nil(response.read(length)) : assert_equal(expected, response.read(length))
    end
    assert_equal '', response.read
    assert_nil response.read(1)
    assert_equal body, response.body
  end

  def test_read_into_a_buffer
    response = read_back('abcdef')
    buffer = +'ä'
    assert_same buffer, response.read(4, buffer)
    assert_equal ['abcd', Encoding::BINARY], [buffer, buffer.encoding]
    assert_same buffer, response.read(4, buffer)
    assert_equal 'ef', buffer
    assert_nil response.read(4, buffer)
    assert_equal '', buffer
  end

  def test_readpartial_is_as_of_io
    response = read_back('abcdef')
    assert_equal ['', 'abcd', 'ef'], [response.readpartial(0), response.readpartial(4), response.readpartial(4)]
    assert_raises(EOFError) { response.readpartial(1) }
    assert_raises(ArgumentError) { response.readpartial(-1) }
    assert_raises(ArgumentError) { response.read(-1) }
  end

  def test_io_copy_stream
    body = Origin.body(200_000)
    io = StringIO.new(+''.b)
    assert_equal 200_000, IO.copy_stream(read_back(body), io)
    assert_equal body, io.string
  end

  def test_the_body_is_the_same_string_and_may_be_changed
    response = read_back('abc')
    response.body << 'd'
    assert_equal 'abcd', response.body
    assert_equal 'abc', response.read
  end

  def test_two_readers_have_places_of_their_own
    store(@cache, get, answer(200, FRESH, Origin.body(200_000)))
    one = @cache.lookup(get, &:response)
    two = @cache.lookup(get, &:response)
    assert_equal one.read(100_000), two.read(100_000)
    assert_equal one.read, two.read
  end

  def test_a_body_that_is_replaced_meanwhile_is_read_to_its_end
    response = read_back
    response.read(10)
    again = get(fields: { 'Cache-Control' => 'no-cache' })
    assert_equal :stored, store(@cache, again, answer(200, FRESH, 'new'))
    assert_equal Origin.body(200_000).byteslice(10..), response.read
  end

  def test_100_mib_in_one_string
    body = Random.new(1).bytes(100 << 20)
    assert_equal :stored, store(@cache, get, answer(200, FRESH, body))
    @cache.lookup(get) { |exchange| assert body == exchange.body }
  end
end
