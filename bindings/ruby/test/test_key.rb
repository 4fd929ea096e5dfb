# frozen_string_literal: true

require_relative 'helper'

# Which requests are the same: settings, the block that makes keys, normalising, and keys made anew.
class TestKey < CacheTest
  Key = HTTPCache::Key
  JSON = { 'Content-Type' => 'application/json' }.freeze
  class Refused < StandardError; end

  def post(body, **rest)
    HTTPCache::Request.new('POST', URL, body: body, **rest)
  end

  # What stands behind the host.
  def path(request) = request.url[%r{://[^/]*(/.*)}, 1]

  def test_what_the_settings_say_is_the_same_has_one_key
    accept = ->(value) { get(fields: { 'Accept' => value }) }
    x = ->(value) { get(fields: { 'X' => value }) }
    [[{}, get("#{URL}?foo=bar"), get("#{URL}?foo=qux"), false],
     # The three requests of the documents.
     [{ ignored: 'foo' }, get, get("#{URL}?foo=bar"), true],
     [{ ignored: 'foo' }, get("#{URL}?foo=qux"), get("#{URL}?foo=bar"), true],
     [{ ignored: 'foo', ignored_presence_counts: true }, get, get("#{URL}?foo=bar"), false],
     [{ ignored: 'foo', ignored_presence_counts: true }, get("#{URL}?foo=1"), get("#{URL}?foo=2"), true],
     [{ ignored: 'auth-token', methods: %w[POST] }, post('{"auth-token":1}', fields: JSON),
      post('{"auth-token":2}', fields: JSON), true],
     [{}, accept['a'], accept['b'], true],
     [{ match_fields: 'Accept' }, accept['a'], accept['b'], false],
     [{ match_fields: 'Accept' }, accept['a, b'], accept['B,a'], true],
     [{ match_fields: 'X' }, x['a, b'], x['b, a'], false],
     [{ match_fields: 'X', unordered_field_names: 'X' }, x['a, b'], x['b, a'], true],
     [{ match_fields: 'X', unordered_field_names: 'Y' }, x['a, b'], x['b, a'], false],
     [{ match_fields: 'X', unordered_fields: true }, x['a, b'], x['b, a'], true],
     [{ match_all_fields: true }, x['a'], x['b'], false],
     [{ match_all_fields: true, ignored: 'X' }, x['a'], x['b'], true]].each do |settings, one, other, same|
      cache = open_cache(cache_control: false, **settings)
      refute_nil cache.key(one)
      assert_equal same, cache.key(one) == cache.key(other), settings.inspect
      store(cache, one)
      assert_equal same ? :fresh : :forward, decision(cache, other), settings.inspect
    end
  end

  def test_a_key_is_that_of_the_stored_response_and_looks_up_nothing
    cache = open_cache
    key = cache.key(URL)
    assert_match(/\A[!-~]+\z/, key)
    store(cache)
    assert_equal [key, 0], [cache.key(get), cache.stats.hits]
    assert_operator cache.lookup(get, &:response).key, :start_with?, key
  end

  def test_what_the_cache_has_no_part_in_has_no_key
    assert_nil open_cache.key(post(''))
    assert_nil open_cache.key(get(expire_after: :do_not_cache))
  end

  def test_partitions_are_apart
    cache = open_cache(partition: 'mine')
    requests = [get, get(partition: 'other'), get(partition: "\xFF"), get(partition: nil)]
    requests.each_with_index { |request, i| assert_equal :stored, store(cache, request, answer(200, FRESH, i.to_s)) }
    assert_equal(%w[0 1 2 3], requests.map { |request| cache.lookup(request, &:body) })
    request = get
    request.partition = 'mine'
    assert_equal cache.key(get), cache.key(request)
    request.partition = ''
    assert_equal cache.key(requests.last), cache.key(request)
  end

  def test_how_tls_is_verified_is_part_of_the_key
    files = %w[one two].to_h { |name| [name, Pathname(directory).join(name).tap { |file| file.write(name) }] }
    secure = ->(**settings) { get('https://h.test/', **settings) }
    cache = open_cache
    usual = cache.key(secure[])
    others = [cache.key(secure[verify_tls: false]), *files.values.map { |file| cache.key(secure[ca_file: file]) }]
    assert_equal 4, [usual, *others].uniq.size
    theirs = open_cache(ca_file: files['one'].to_s)
    assert_equal others[1], theirs.key(secure[])
    assert_equal usual, theirs.key(secure[ca_file: nil])
  end

  def test_credentials_are_shared_where_it_is_said
    alice, bob = %w[alice bob].map { |name| get(fields: { 'Authorization' => name }) }
    cache = open_cache(cache_control: false)
    store(cache, alice)
    assert_equal :forward, decision(cache, bob)
    bob.share_credentials = true
    assert_equal :fresh, decision(cache, bob)
    sharing = open_cache(cache_control: false, share_credentials: true)
    store(sharing, get(fields: { 'X-API-Key' => 'alice' }))
    assert_equal :fresh, decision(sharing, get(fields: { 'X-API-Key' => 'bob' }))
  end

  def test_a_setting_of_a_request_can_be_read
    instant = Time.at(1_900_000_000)
    given = { expire_after: 1.5, stale_if_error: :never, refresh: true, verify_tls: false, max_redirects: 5 }
    request = get(**given)
    assert_equal(given, given.to_h { |name, _| [name, request.setting(name)] })
    assert_nil request.setting(:bypass)
    assert_nil request.setting(:expire_at)
    request.expire_at = instant
    assert_equal [instant, nil], [request.setting(:expire_at), request.setting(:expire_after)]
    %i[immediately do_not_cache never].each do |expiry|
      assert_equal expiry, get(expire_after: expiry).setting(:expire_after)
    end
    assert_nil get(expire_after: :unset).setting(:expire_after)
  end

  # ---- a block that makes keys ----

  def test_requests_of_one_key_are_the_same
    cache = open_cache(key: method(:path))
    store(cache, get('http://a.test/x'))
    assert_equal :fresh, decision(cache, get('http://b.test/x'))
    assert_equal :forward, decision(cache, get('http://a.test/y'))
    assert_equal cache.key('http://a.test/x'), cache.key('https://b.test/x')
  end

  def test_partition_credentials_and_vary_still_tell_them_apart
    cache = open_cache(cache_control: false, key: method(:path))
    store(cache, get(fields: { 'Authorization' => 'alice' }))
    assert_equal :forward, decision(cache)
    refute_equal cache.key(get), cache.key(get(partition: 'mine'))
    store(cache, get(fields: { 'A' => 'b' }), answer(200, { 'Vary' => 'A' }))
    assert_equal :forward, decision(cache, get(fields: { 'A' => 'c' }))
  end

  def key_by(block)
    open_cache(cache_control: false, key: block).key(get(fields: { 'A' => 'b', 'C' => 'd' }))
  end

  def test_a_key_is_made_of_strings_and_parts
    field = ->(*names) { ->(request) { names.map { |name| Key.field(request, name) } } }
    url = ->(query) { ->(_) { Key.url(get(URL + query)) } }
    [[->(_) { 'ab' }, ->(_) { %w[a b] }, true],
     [->(_) { 'a' }, ->(_) { 'b' }, false],
     [field['A'], field['a'], true],
     [field['A'], field['C'], false],
     [field['A', 'C'], field['C', 'A'], false],
     [Key.method(:url), Key.method(:body), false],
     [url['?b=2&a=1'], url['?a=1&b=2'], true],
     [->(_) { 'x' * 65_536 }, ->(_) { ['x'] * 65_536 }, true]].each_with_index do |(one, other, same), i|
      assert_equal same, key_by(one) == key_by(other), i
    end
  end

  def test_it_sees_the_request_and_its_settings
    seen = kept = nil
    block = lambda do |request|
      kept = request
      seen = [request.http_method, request.url, request['A'], request.body, request.setting(:expire_after)]
      'key'
    end
    open_cache(key: block, methods: %w[POST]).key(post('content', fields: { 'A' => 'b' }, expire_after: 5))
    assert_equal ['POST', URL, 'b', 'content', 5.0], seen
    assert_raises(HTTPCache::ClosedError) { kept.url }
  end

  # The example of the documents.
  def simplify(request)
    has_gzip = request['Accept-Encoding'].to_s.include?('gzip')
    request.remove('Accept-Encoding')
    request.add('Accept-Encoding', 'gzip') if has_gzip
    request
  end

  def test_the_example_of_the_documents
    encoded = ->(value) { get(fields: { 'Accept-Encoding' => value }) }
    [{ key: ->(request) { Key.default(simplify(request)) } }, { normalize: method(:simplify) }].each do |block|
      cache = open_cache(match_fields: 'Accept-Encoding', **block)
      cache.lookup(encoded['gzip, compress, br']) do |exchange|
        assert_equal 'gzip, compress, br', exchange.forward['Accept-Encoding']
        exchange.store(answer)
      end
      assert_equal :fresh, decision(cache, encoded['br, gzip'])
      assert_equal :forward, decision(cache, encoded['br'])
      store(cache, encoded['br'])
      assert_equal :fresh, decision(cache)
    end
  end

  def test_the_default_key_is_that_of_the_settings
    cache = open_cache(key: Key.method(:default), ignored: 'foo')
    keys = ['', '?foo=bar', '?foo=qux', '?bar=qux'].map { |query| cache.key(URL + query) }
    assert_equal 1, keys.first(3).uniq.size
    refute_equal keys[0], keys[3]
  end

  # ---- what fails ----

  FAILURES = {
    'raise' => [->(_) { raise Refused }, Refused],
    'nil' => [->(_) {}, TypeError],
    'number' => [->(_) { 7 }, TypeError],
    'array_in_array' => [->(_) { [['a']] }, TypeError],
    'field_name' => [->(request) { Key.field(request, 'a b') }, HTTPCache::InvalidArgumentError],
    'url_for_request' => [->(_) { Key.url(URL) }, TypeError],
    'closed_request' => [->(request) { Key.url(request).tap { request.close } }, HTTPCache::ClosedError],
    'too_many_bytes' => [->(_) { 'x' * 65_537 }, HTTPCache::TooLargeError],
    'throw' => [->(_) { throw :out }, UncaughtThrowError],
    'fiber_yield' => [->(_) { Fiber.yield }, FiberError],
    'exit' => [->(_) { exit }, SystemExit],
    'stack' => [->(_) { (deep = -> { deep.call + 1 }).call }, SystemStackError],
    'wrong_arity' => [-> { 'a' }, ArgumentError]
  }.freeze

  FAILURES.each do |name, (block, error)|
    define_method(:"test_failing_by_#{name}") do
      path = directory
      store(open_cache(path))
      cache = open_cache(path, key: block)
      assert_raises(error) { catch(:out) { cache.lookup(get) } }
      assert_raises(error) { catch(:out) { cache.key(get) } }
      assert_equal [1, 1], cache.stats.then { |stats| [stats.responses, stats.errors] }
      assert_equal :fresh, decision(open_cache(path))
    end
  end

  def test_a_request_without_a_key_goes_past_the_cache
    ['', []].each do |key|
      cache = open_cache(key: ->(_) { key })
      cache.lookup(get) do |exchange|
        assert_equal [:forward, 'key', :not_stored], [exchange.decision, exchange.reason, exchange.store(answer)]
      end
      assert_raises(HTTPCache::CallbackError) { cache.key(get) }
    end
  end

  def test_a_normaliser_that_fails
    cache = open_cache(normalize: ->(request) { request.add('no name', 'x') })
    assert_raises(HTTPCache::InvalidFieldError) { cache.lookup(get) }
    assert_raises(HTTPCache::InvalidFieldError) { cache.key(get) }
    assert_equal 1, cache.stats.errors
  end

  def test_failing_on_the_way_of_a_fetch
    url = Origin.shared.url('/text/hello?field=Cache-Control:max-age%3D60')
    fails = true
    cache = open_cache(key: ->(_) { fails ? raise(Refused) : 'key' })
    assert_raises(Refused) { cache.fetch(url) }
    fails = false
    assert_equal 'hello', cache.fetch(url, &:body)
  end

  def test_it_must_not_ask_its_own_cache
    %i[key normalize].each do |name|
      cache = nil
      errors = []
      ask = lambda do |_|
        errors << message_of { cache.lookup(get("#{URL}inner")) } << message_of { cache.key(URL) }
        'key'
      end
      cache = open_cache(name => ask)
      store(cache)
      assert_equal [:fresh, 0], [decision(cache), cache.stats.errors]
      assert_equal 4, errors.grep(/MisuseError/).size, errors.inspect
    end
  end

  def test_it_may_ask_another_cache
    other = open_cache
    store(other, get, answer(200, FRESH, 'tenant'))
    cache = open_cache(key: ->(request) { [other.lookup(get, &:body), Key.default(request)] })
    store(cache)
    assert_equal :fresh, decision(cache)
  end

  # ---- normalising ----

  def test_a_copy_is_changed_in_all_it_has
    change = lambda do |request|
      request.assign('GET', "#{URL}all").add('A', 'b')
      request.body = 'x'
    end
    cache = open_cache(normalize: change, methods: %w[GET POST], match_fields: 'A')
    request = post('content', fields: { 'A' => '1' })
    assert_equal cache.key(request), cache.key(post('other', fields: { 'A' => '2' }))
    cache.lookup(request) do |exchange|
      assert_equal ['POST', URL, '1', 'content'],
                   exchange.forward.then { |sent| [sent.http_method, sent.url, sent['A'], sent.body] }
    end
    assert_equal [URL, 'content'], [request.url, request.body]
  end

  def test_vary_compares_what_was_made_of_it
    cache = open_cache(normalize: ->(request) { request.remove('A') })
    store(cache, get(fields: { 'A' => '1' }), answer(200, FRESH.merge('Vary' => 'A')))
    assert_equal :fresh, decision(cache, get(fields: { 'A' => '2' }))
  end

  def test_the_copy_is_lent_for_the_call
    lent = nil
    cache = open_cache(normalize: ->(request) { lent = request })
    cache.key(get)
    assert_raises(HTTPCache::ClosedError) { lent.url }
    assert_raises(HTTPCache::ClosedError) { lent.add('A', 'b') }
    assert_raises(HTTPCache::ClosedError) { cache.key(lent) }
    assert_nil lent.close
  end

  def test_the_key_is_made_of_what_was_normalised
    seen = nil
    cache = open_cache(normalize: ->(request) { request.add('A', 'b') }, key: ->(request) { seen = request['A'] })
    cache.key(get)
    assert_equal 'b', seen
  end

  # ---- threads and lifetime ----

  def test_threads_are_inside_at_once
    %i[key normalize].each do |name|
      arrived = Queue.new
      gate = Queue.new
      block = lambda do |request|
        arrived << true
        gate.pop
        path(request)
      end
      cache = open_cache(name => block)
      threads = Array.new(4) { |i| Thread.new { store(cache, get("#{URL}#{i}")) } }
      4.times { arrived.pop }
      gate.close
      assert_equal [:stored] * 4, threads.map(&:value)
    end
  end

  def test_a_timeout_ends_it
    cache = open_cache(key: ->(_) { Queue.new.pop })
    assert_raises(Timeout::Error) { Timeout.timeout(0.01) { cache.lookup(get) } }
    assert_raises(Timeout::Error) { Timeout.timeout(0.01) { cache.key(get) } }
  end

  def test_the_blocks_are_freed_when_nothing_uses_them
    live = HTTPCache::Callback::LIVE
    before = live.size
    options = HTTPCache::Options.new(key: ->(_) { 'a' }, normalize: ->(_) {})
    options.key { 'b' }
    cache = HTTPCache::Cache.open(directory, options)
    options.close
    assert_equal before + 2, live.size
    exchange = cache.lookup(get)
    cache.rekey { true }
    assert_equal before + 2, live.size
    cache.close
    exchange.close
    assert_equal before, live.size
  end

  # ---- keys made anew ----

  def test_keys_are_made_anew
    path = directory
    before = open_cache(path)
    ['?foo=1', '?foo=2', 'other'].each { |url| store(before, get(URL + url)) }
    after = open_cache(path, ignored: 'foo')
    refute_equal before.key_settings, after.key_settings
    assert_equal :forward, decision(after, get("#{URL}?foo=3"))
    told = []
    assert_equal HTTPCache::Rekeyed.new(moved: 2, collided: 1, left: 0), (after.rekey { |*counts| told << counts })
    refute_empty told
    assert_equal told.sort, told
    assert_equal :fresh, decision(after, get("#{URL}?foo=3"))
    assert_equal [0, 0, 0], after.rekey.to_a
  end

  def test_to_the_keys_of_a_block_and_back
    directory = self.directory
    before = open_cache(directory)
    [URL, 'http://a.test/x'].each { |url| store(before, get(url)) }
    fails = ->(_) { '' }
    own = open_cache(directory, key: ->(request) { request.url == URL ? fails.call(request) : path(request) })
    assert_equal [1, 0, 1], own.rekey.to_a
    assert_equal :fresh, decision(own, get('http://b.test/x'))
    assert_equal [1, 0, 0], before.rekey.to_a
    # What it raises is raised when the rest is done.
    fails = ->(_) { raise Refused }
    assert_raises(Refused) { own.rekey }
    assert_equal :fresh, decision(own, get('http://b.test/x'))
  end

  def test_the_settings_that_are_meant_can_be_named
    path = directory
    caches = %w[A B C].map { |name| open_cache(path, match_fields: name) }
    caches.each_with_index { |cache, i| store(cache, get("#{URL}#{i}")) }
    last = open_cache(path, match_fields: 'D')
    assert_equal 1, last.rekey(from: caches[0].key_settings).moved
    assert_equal 2, last.rekey(from: caches.map(&:key_settings)).moved
  end

  def test_it_can_be_ended_and_gone_on_with
    path = directory
    store(open_cache(path), get("#{URL}?foo=1"))
    after = open_cache(path, ignored: 'foo')
    assert_raises(HTTPCache::CancelledError) { after.rekey { false } }
    assert_raises(Refused) { after.rekey { raise Refused } }
    assert_raises(LocalJumpError) { after.rekey { break } }
    assert_raises(Timeout::Error) { Timeout.timeout(0.01) { after.rekey { Queue.new.pop } } }
    after.rekey
    assert_equal :fresh, decision(after, get("#{URL}?foo=2"))
  end
end
