# frozen_string_literal: true

require_relative 'helper'

# The life of an exchange without any network of the library.
class TestExchange < CacheTest
  def setup
    super
    @clock = TestClock.new
    @cache = open_cache(clock: @clock.to_proc, stale_if_error: 3600)
  end

  def test_miss_store_hit
    @cache.lookup(get) do |exchange|
      assert_equal [:forward, 'uri-miss', nil, 0],
                   [exchange.decision, exchange.reason, exchange.outcome, exchange.status]
      refute exchange.answered?
      assert_nil exchange.body
      assert_nil exchange.response
      assert_equal [URL, 'GET', []], exchange.forward.then { |sent| [sent.url, sent.http_method, sent.fields] }
      assert_equal :stored, exchange.store(answer)
      assert exchange.answered?
      assert_equal [:stored, 200, 'Reason', URL, 'body', false],
                   [exchange.outcome, exchange.status, exchange.view.reason, exchange.url, exchange.body,
                    exchange.from_cache?]
    end
    @cache.lookup(get) do |exchange|
      assert_equal [:fresh, '', nil, true, 'body'],
                   [exchange.decision, exchange.reason, exchange.forward, exchange.from_cache?, exchange.body]
      assert_equal [@clock.now, @clock.now + 60, 0.0, 60.0],
                   [exchange.created_at, exchange.expires_at, exchange.age, exchange.freshness_lifetime]
      refute_predicate exchange, :expired?
    end
  end

  def test_fields_keep_their_order_and_their_bytes
    fields = [['Cache-Control', 'max-age=60'], ['X-b', '2'], ['x-B', '1'], ['X-Empty', ''],
              ['X-Raw', "\x80\xFF \xC3\xBC\t|".b], ['Set-Cookie', 'a=1'], ['Set-Cookie', 'b=2']]
    store(@cache, get, answer(200, fields))
    @cache.lookup(get) do |exchange|
      assert_equal(fields, exchange.fields.grep_v(['Age', '0']))
      assert_equal ['2, 1', '', 'a=1', nil], %w[x-b X-EMPTY set-cookie none].map { |name| exchange[name] }
      assert_equal [Encoding::BINARY], exchange.fields.map { |_, value| value.encoding }.uniq
      assert(exchange.fields.flatten.all?(&:frozen?))
    end
  end

  def test_bodies_hold_any_bytes_and_are_binary
    [0, 1, 256, 65_536, 65_537, 1_000_000].each do |size|
      body = Origin.body(size, size)
      request = get("#{URL}#{size}")
      assert_equal :stored, store(@cache, request, answer(200, FRESH, body))
      @cache.lookup(request) do |exchange|
        assert_equal body, exchange.body
        assert_equal Encoding::BINARY, exchange.body.encoding
        assert_equal size, exchange.body_size
      end
    end
  end

  def test_what_is_not_stored_is_handed_on_as_it_came
    @cache.lookup(get) do |exchange|
      assert_equal :not_stored, exchange.store(answer(200, { 'Cache-Control' => 'no-store', 'X-A' => %w[1 2] }))
      refute exchange.answered?
      refute_empty exchange.reason
      assert_equal [200, '1, 2', nil, nil, nil],
                   [exchange.status, exchange['X-A'], exchange.created_at, exchange.expires_at, exchange.response]
    end
  end

  def test_a_304_freshens
    store(@cache, get, answer(200, FRESH.merge('ETag' => '"a"')))
    @clock.pass(100)
    @cache.lookup(get) do |exchange|
      assert_equal [:revalidate, 'stale', '"a"'],
                   [exchange.decision, exchange.reason, exchange.forward['If-None-Match']]
      assert_equal :freshened, exchange.store(answer(304, FRESH.merge('ETag' => '"a"'), nil))
      assert_equal [200, 'body', true, true],
                   [exchange.status, exchange.body, exchange.from_cache?, exchange.revalidated?]
    end
    assert_equal :fresh, decision(@cache)
  end

  def test_a_304_that_fits_nothing_is_asked_again
    store(@cache, get, answer(200, FRESH.merge('ETag' => '"a"')))
    @clock.pass(100)
    @cache.lookup(get) do |exchange|
      assert_equal :repeat, exchange.store(answer(304, { 'ETag' => '"b"' }, nil))
      assert_equal [0, nil, nil], [exchange.status, exchange.body, exchange.forward['If-None-Match']]
      refute exchange.answered?
      assert_equal :stored, exchange.store(answer(200, FRESH, 'new'))
      assert_equal 'new', exchange.body
    end
  end

  def test_a_failed_origin_is_stood_in_for
    store(@cache)
    @clock.pass(100)
    @cache.lookup(get) do |exchange|
      assert exchange.failure
      assert_equal [:used_stale, 'body', true, true],
                   [exchange.outcome, exchange.body, exchange.expired?, exchange.answered?]
    end
    @cache.lookup(get) { |exchange| assert_equal :used_stale, exchange.store(answer(503)) }
    @cache.lookup(get("#{URL}none")) do |exchange|
      refute exchange.failure
      assert_equal [:not_stored, 0], [exchange.outcome, exchange.status]
    end
  end

  def test_a_request_that_only_reads_stores_nothing_and_one_that_bypasses_reads_nothing
    reader = get(read_only: true)
    assert_equal :not_stored, store(@cache, reader)
    store(@cache)
    assert_equal :fresh, @cache.lookup(reader, &:decision)
    assert_equal :forward, @cache.lookup(get(bypass: true), &:decision)
  end

  def test_only_if_cached_is_unsatisfiable
    @cache.lookup(get(fields: { 'Cache-Control' => 'only-if-cached' })) do |exchange|
      assert_equal [:unsatisfiable, 504, '', true],
                   [exchange.decision, exchange.status, exchange.body.to_s, exchange.answered?]
      assert_nil exchange.forward
    end
  end

  def test_stale_is_allowed_where_the_request_says_so
    store(@cache)
    @clock.pass(100)
    @cache.lookup(get(fields: { 'Cache-Control' => 'max-stale' })) do |exchange|
      assert_equal [:stale, 'body', true], [exchange.decision, exchange.body, exchange.expired?]
    end
  end

  SOFT = { 'Cache-Control' => 'max-age=60, stale-while-revalidate=600' }.freeze

  def test_stale_while_it_is_revalidated
    store(@cache, get, answer(200, SOFT))
    @clock.pass(100)
    @cache.lookup(get) do |exchange|
      assert_equal [:stale_revalidate, true, 'body', true],
                   [exchange.decision, exchange.answered?, exchange.body, exchange.expired?]
      assert_equal :stale, decision(@cache)
      kept = exchange.response
      assert_equal URL, exchange.forward.url
      assert_equal :stored, exchange.store(answer(200, FRESH, 'new'))
      assert_equal %w[body new], [kept.body, exchange.body]
      assert_equal [nil, :stale_revalidate], [exchange.forward, exchange.view.decision]
    end
    assert_equal :fresh, decision(@cache)
  end

  def test_a_revalidation_that_is_not_answered_changes_nothing
    store(@cache, get, answer(200, SOFT))
    @clock.pass(100)
    assert_equal %i[stale_revalidate stale_revalidate], Array.new(2) { decision(@cache) }
    @cache.lookup(get) { |exchange| refute exchange.failure && exchange.outcome != :used_stale }
    assert_equal :stale_revalidate, decision(@cache)
  end

  def test_conditions_and_ranges_of_the_caller_s_are_answered
    store(@cache, get, answer(200, FRESH.merge('ETag' => '"a"')))
    { { 'If-None-Match' => '"a"' } => [304, ''], { 'If-None-Match' => '"b"' } => [200, 'body'],
      { 'Range' => 'bytes=1-2' } => [206, 'od'], { 'Range' => 'bytes=9-' } => [416, ''] }.each do |fields, expected|
      @cache.lookup(get(fields: fields)) do |exchange|
        assert_equal [:fresh, *expected], [exchange.decision, exchange.status, exchange.body], fields
      end
    end
  end

  def test_it_explains_itself
    @cache.lookup(get) do |exchange|
      assert_match(/forward/i, exchange.explain)
      exchange.store(answer)
    end
    explained = @cache.lookup(get, &:explain)
    assert_match(/fresh/i, explained)
    assert_equal [Encoding::UTF_8, false], [explained.encoding, explained.include?(URL)]
  end

  def test_an_unsafe_method_invalidates
    store(@cache)
    store(@cache, HTTPCache::Request.new('POST', URL, body: 'x'), answer(200, {}))
    assert_equal :forward, decision(@cache)
  end

  def test_the_view_outlives_the_exchange
    store(@cache)
    view = @cache.lookup(get, &:view)
    assert_equal [200, 'max-age=60', :fresh, 60.0],
                 [view.status, view['cache-control'], view.decision, view.freshness_lifetime]
  end

  def test_the_response_outlives_everything
    store(@cache)
    response = @cache.lookup(get, &:response)
    @cache.close
    assert_equal ['body', true, 200, nil],
                 [response.body, response.from_cache?, response.status, response.view.decision]
    assert_kind_of String, response.key
    response.close
  end

  def test_requests_of_urls_and_uris
    store(@cache, URL)
    assert_equal :fresh, decision(@cache, URI(URL))
    assert_equal :fresh, decision(@cache, 'HTTP://H.test:80/./#fragment')
  end

  def test_a_request_is_used_again
    request = get(fields: { 'A' => %w[1 2], b: 3 })
    assert_equal [%w[A 1], %w[A 2], %w[b 3]], request.fields
    assert_equal '1, 2', request['a']
    assert request.remove('A')
    refute request.remove('A')
    request.body = 'content'
    assert_equal ['content', 'GET', URL], [request.body, request.http_method, request.url]
    request.assign('PUT', "#{URL}x")
    assert_equal ['PUT', "#{URL}x", [], ''], [request.http_method, request.url, request.fields, request.body]
    request.add('C', 'd').add('C', 'e')
    assert_equal 'd, e', request['c']
  end

  def test_credentials_of_a_url_become_a_field
    assert_equal 'Basic YTpi', get('http://a:b@h.test/')['Authorization']
  end

  def test_a_response_that_was_built_says_what_it_is
    built = answer(200, { 'A' => 'b' })
    assert_equal [200, 'Reason', 'b', 'body', false, nil],
                 [built.status, built.reason, built['a'], built.body, built.from_cache?, built.key]
    built.add('A', 'c')
    built.body = nil
    assert_equal ['b, c', ''], [built['a'], built.body]
  end
end
