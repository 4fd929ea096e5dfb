# frozen_string_literal: true

require_relative 'faraday_helper'

# A response whose beginning is stored is completed: the origin is asked for the rest alone.
class TestComplete < FaradayTest
  FIELDS = { 'Cache-Control' => 'max-age=60', 'ETag' => '"a"' }.freeze
  SIZE = 300_001
  WHOLE = Origin.body(SIZE).freeze

  def setup
    super
    @cache = open_cache(complete: true)
  end

  def part(from, bytes, size)
    answer(206, FIELDS.merge('Content-Range' => "bytes #{from}-#{from + bytes.bytesize - 1}/#{size}"), bytes)
  end

  def store_beginning(bytes, size)
    request = get(fields: { 'Range' => "bytes=0-#{bytes.bytesize - 1}" })
    assert_equal :stored, store(@cache, request, part(0, bytes, size))
  end

  def test_an_exchange_says_that_it_is_continued
    store_beginning('begin', 8)
    @cache.lookup(get) do |exchange|
      assert_equal ['bytes=5-', false], [exchange.forward['Range'], exchange.continued?]
      assert_equal :storing, exchange.begin(part(5, 'nin', 8).tap { |head| head.body = nil })
      assert_equal [true, 200, 'begin', 'begin'],
                   [exchange.continued?, exchange.status, exchange.body, exchange.response.read]
      exchange << 'ni'
      assert_equal 'begin', exchange.body
      exchange << 'n'
      assert_equal :stored, exchange.end
      assert_equal [false, 'beginnin'], [exchange.continued?, exchange.body]
    end
    assert_equal 'beginnin', @cache.lookup(get, &:body)
  end

  def test_an_exchange_may_be_given_up
    store_beginning('begin', 8)
    @cache.lookup(get) do |exchange|
      exchange.begin(part(5, 'nin', 8).tap { |head| head.body = nil })
      exchange << 'n'
      refute exchange.failure
    end
    store(@cache, get, part(5, 'nin', 8))
    assert_equal 'beginnin', @cache.lookup(get, &:body)
  end

  def target = url("/body/#{SIZE}?ranges&field=Cache-Control:max-age%3D60&field=ETag:%22a%22")

  def begin_with(faraday, size)
    response = faraday.get(target, nil, { 'Range' => "bytes=0-#{size - 1}" })
    assert_equal [206, size], [response.status, response.body.bytesize]
  end

  def get_whole(faraday)
    response = faraday.get(target)
    [response, response.body]
  end

  def get_pieces(faraday)
    pieces = []
    response = faraday.get(target) { |request| request.options.on_data = proc { |piece| pieces << piece } }
    [response, pieces.join]
  end

  %i[get_whole get_pieces].each do |way|
    [5, 200_000].each do |size|
      define_method(:"test_the_middleware_hands_on_#{size}_bytes_and_the_rest_#{way}") do
        faraday = connection(@cache)
        begin_with(faraday, size)
        decisions = Array.new(2) do
          response, body = send(way, faraday)
          assert_equal [200, WHOLE.hash, nil], [response.status, body.hash, response.headers['Content-Range']]
          assert_equal [SIZE.to_s, nil],
                       [response.headers['Content-Length'], response.env.request_headers['Range']]
          report(response).first
        end
        assert_equal %i[forward fresh], decisions
      end
    end

    define_method(:"test_a_rest_that_is_not_stored_#{way}") do
      faraday = connection(open_cache(complete: true, max_response_bytes: 90_000))
      begin_with(faraday, 80_000)
      response, body = send(way, faraday)
      assert_equal [200, WHOLE.hash, :not_stored], [response.status, body.hash, report(response)[1]]
    end
  end

  def test_fetch_joins_them
    @cache.fetch(get(target, fields: { 'Range' => 'bytes=0-99' })) do |response|
      assert_equal [206, 100], [response.status, response.body.bytesize]
    end
    @cache.fetch(target) { |response| assert_equal [200, WHOLE.hash], [response.status, response.body.hash] }
    assert_equal :fresh, decision(@cache, target)
  end
end
