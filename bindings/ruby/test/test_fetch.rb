# frozen_string_literal: true

require_relative 'helper'
require 'zlib'

# The library's own network, against origins that behave and that do not.
class TestFetch < CacheTest
  def setup
    super
    @origin = Origin.shared
    @cache = open_cache
  end

  # Targets of this test alone.
  def url(target)
    @origin.url("#{target}#{target.include?('?') ? '&' : '?'}test=#{name}")
  end

  def fresh(target)
    url("#{target}?field=Cache-Control:max-age%3D60")
  end

  def test_miss_and_hit
    target = fresh('/body/100000')
    @cache.fetch(target) do |response|
      refute_predicate response, :from_cache?
      assert_equal [200, 'OK', Origin.body(100_000), target],
                   [response.status, response.reason, response.body, response.url]
    end
    @cache.fetch(URI(target)) do |response|
      assert_predicate response, :from_cache?
      assert_equal [Origin.body(100_000), 60.0], [response.body, response.freshness_lifetime]
    end
    assert_equal 1, @origin.requests(target)
  end

  def test_without_a_block_the_response_is_the_caller_s
    response = @cache.fetch(fresh('/text/hello'))
    assert_equal 'hello', response.body
    response.close
  end

  def test_key_and_expiry_are_known_once_the_body_was_read
    response = @cache.fetch(fresh('/text/hello'))
    response.read
    assert_kind_of String, response.key
    assert_in_delta Time.now + 60, response.expires_at, 30
    response.close
  end

  def test_a_body_not_read_to_its_end_is_not_stored
    target = fresh('/body/1000000')
    @cache.fetch(target) { |response| response.read(10) }
    assert_equal :forward, decision(@cache, target)
  end

  def test_a_304_freshens
    target = url('/version/fetch-304?etag=strong&field=Cache-Control:max-age%3D0')
    @cache.fetch(target, &:body)
    @cache.fetch(target) do |response|
      assert_equal ["fetch-304 version 1\n", true, true], [response.body, response.from_cache?, response.revalidated?]
    end
    @origin.change('fetch-304')
    assert_equal "fetch-304 version 2\n", @cache.fetch(target, &:body)
  end

  def test_redirects
    @cache.fetch(url('/redirect/3')) do |response|
      assert_equal ["arrived\n", "#{@origin.url}/redirect/0"], [response.body, response.url]
    end
    @cache.fetch(get(url('/redirect/3'), follow: false)) { |response| assert_equal 302, response.status }
    assert_raises(HTTPCache::RedirectError) { @cache.fetch(get(url('/redirect/3'), max_redirects: 2)) }
  end

  def test_a_request_with_a_body_and_fields
    request = HTTPCache::Request.new('POST', url('/echo'), fields: { 'X-A' => "\xFF".b }, body: "a\0b")
    @cache.fetch(request) { |response| assert_match(/\APOST .*X-A: \xFF\r\n.*\r\n\r\na\0b\z/mn, response.body) }
  end

  def test_a_head
    @cache.fetch(HTTPCache::Request.new('HEAD', fresh('/body/1000'))) do |response|
      assert_equal [200, '', '1000'], [response.status, response.body, response['content-length']]
    end
  end

  def test_a_stale_response_stands_in
    clock = TestClock.new(Time.now)
    cache = open_cache(clock: clock.to_proc, stale_if_error: :never)
    origin = Origin.new
    target = origin.url('/text/hello?field=Cache-Control:max-age%3D1')
    cache.fetch(target, &:body)
    origin.stop
    clock.pass(10)
    cache.fetch(target) do |response|
      assert_equal ['hello', true, true], [response.body, response.from_cache?, response.expired?]
    end
  end

  def test_stale_while_it_is_revalidated
    target = url('/version/fetch-soft?field=Cache-Control:max-age%3D0,%20stale-while-revalidate%3D3600')
    @cache.fetch(target, &:body)
    @origin.change('fetch-soft')
    @cache.fetch(target) do |response|
      assert_equal ["fetch-soft version 1\n", true], [response.body, response.expired?]
    end
    @cache.flush
    assert_equal "fetch-soft version 2\n", @cache.fetch(target, &:body)
  end

  def test_settings_of_a_request_go_with_it
    target = fresh('/text/hello')
    @cache.fetch(target, &:body)
    2.times { @cache.fetch(get(target, force_refresh: true)) { |response| refute_predicate response, :from_cache? } }
    @cache.fetch(get("#{target}&other", only_if_cached: true)) { |response| assert_equal 504, response.status }
  end

  def test_it_is_read_by_another_thread
    response = @cache.fetch(fresh('/body/1000000'))
    assert_equal Origin.body(1_000_000), Thread.new { response.read }.value
    response.close
  end

  def test_100_mib_in_pieces
    nginx = Nginx.new(directory)
    FileUtils.mkdir_p(File.join(nginx.files, 'fresh'))
    File.binwrite(File.join(nginx.files, 'fresh', 'big'), Random.new(7).bytes(100 << 20))
    expected = Zlib.crc32(File.binread(File.join(nginx.files, 'fresh', 'big')))
    2.times do |round|
      @cache.fetch("#{nginx.url}/fresh/big") do |response|
        assert_equal round == 1, response.from_cache?
        assert_equal expected, (response.each.inject(0) { |crc, piece| Zlib.crc32(piece, crc) })
      end
    end
  ensure
    nginx&.stop
  end

  def closed_port
    TCPServer.open('127.0.0.1', 0) { |server| server.addr[1] }
  end

  def test_failures_of_the_origin_have_classes_of_their_own
    head = "HTTP/1.1 200 OK\r\n"
    {
      "http://127.0.0.1:#{closed_port}/" => HTTPCache::ConnectError,
      'http://h.invalid/' => HTTPCache::ResolveError,
      url('/close') => HTTPCache::ProtocolError,
      @origin.raw('nonsense') => HTTPCache::ProtocolError
    }.each do |target, kind|
      error = assert_raises(kind, target) { @cache.fetch(target) }
      assert_equal kind.status, error.status
      refute_empty error.message
    end
    @cache.fetch(@origin.raw("#{head}Content-Length: 10\r\n\r\nshort")) do |response|
      assert_raises(HTTPCache::ProtocolError) { response.body }
      assert_raises(HTTPCache::ProtocolError) { response.read }
    end
  end

  def test_an_origin_that_says_nothing_times_out
    target = url('/text/x?gate=fetch-silent')
    assert_raises(HTTPCache::TimeoutError) { @cache.fetch(get(target, head_timeout: 0.05)) }
    assert_raises(HTTPCache::TimeoutError) { @cache.fetch(get(target, total_timeout: 0.05)) }
    @origin.ask('/open/fetch-silent')
  end

  def test_limits
    many = (1..50).map { |i| "&field=A#{i}:b" }.join
    cache = open_cache(max_fields: 20)
    assert_raises(HTTPCache::TooLargeError) { cache.fetch(url("/text/x?a#{many}")) }
  end

  def test_a_failing_filter_is_raised_where_the_body_ends
    cache = open_cache(filter: ->(*) { raise ArgumentError, 'of the filter' })
    cache.fetch(fresh('/text/hello')) do |response|
      assert_raises(ArgumentError) { response.body }
      assert_equal 'hello', response.body
    end
    assert_equal 0, cache.stats.responses
  end
end
