# frozen_string_literal: true

require_relative 'helper'

# Looking into a cache, and after it.
class TestMaintenance < CacheTest
  START = Time.at(1_700_000_000)

  def setup
    super
    @clock = TestClock.new(START)
    @cache = open_cache(clock: @clock.to_proc, durability: :fast)
  end

  def keep(name, body = 'body', **fields)
    fields = FRESH.merge(fields.transform_keys(&:to_s))
    assert_equal :stored, store(@cache, get(URL + name), answer(200, fields, body))
  end

  # The last letters of the URLs that are met, in the order in which they are.
  def letters(**conditions) = @cache.each(**conditions).map { |stored| stored.url[-1] }.join

  def any_order(**conditions) = letters(**conditions).chars.sort.join

  # Three of different sizes; "a" is stale.
  def fill
    keep('a', 'xxx')
    @clock.pass(30)
    keep('b', 'x')
    keep('b?c', 'xx')
    @clock.pass(31)
  end

  def test_a_walk_shows_what_a_hit_shows
    request = get("#{URL}a", fields: { 'Accept' => 'a/b', 'Authorization' => 'secret',
                                       'Content-Type' => 'application/json' }, body: '[1]')
    assert_equal :stored, store(@cache, request, answer(200, FRESH.merge('X-A' => %w[1 2])))
    @clock.pass(61)
    stored = @cache.each.to_a
    assert_equal 1, stored.size
    stored = stored.first
    assert_equal [200, 'Reason', "#{URL}a", 4, true, true, false, false],
                 [stored.status, stored.reason, stored.url, stored.body_size, stored.from_cache?, stored.expired?,
                  stored.alias?, stored.unreadable?]
    assert_equal ['1, 2', [%w[X-A 1], %w[X-A 2]]], [stored['x-a'], stored.fields.last(2)]
    assert_equal [START, START + 60, 61.0, 60.0],
                 [stored.created_at, stored.expires_at, stored.age, stored.freshness_lifetime]
    assert_equal ['GET', "#{URL}a", 'a/b', 'REDACTED', '[1]'],
                 [stored.request.http_method, stored.request.url, stored.request['Accept'],
                  stored.request['Authorization'], stored.request.body]
    assert_nil stored.response
    assert @cache.key?(stored.key)
    assert_match(%r{Stored 200 http://h.test/a}, stored.inspect)
  end

  def test_what_is_met_is_what_is_asked_for
    fill
    assert_equal 'abc', any_order
    assert_equal 'a', letters(match: :expired)
    assert_equal 'bc', any_order(match: [:fresh])
    assert_equal 'abc', any_order(match: %i[fresh expired])
    assert_equal '', letters(match: %i[unreadable aliases])
    assert_equal 'a', letters(created_before: START + 1)
    assert_equal 'a', letters(expires_before: START + 61)
    assert_equal 'a', letters(expires_before: (START + 61).to_datetime)
    assert_equal 'b', letters(url: 'HTTP://H.test:80/./b')
    assert_equal 'b', letters(url: URI("#{URL}b"))
    assert_equal 'bc', any_order(url_glob: '*/b')
    assert_equal 'bc', any_order(url_glob: '*/b', method: 'GET')
    assert_equal '', letters(url_glob: '*/b', method: 'POST')
    assert_equal '', letters(url_glob: '*/b', match: :expired)
  end

  def test_the_order_is_the_one_asked_for
    fill
    assert_equal 'bca', letters(order: :size)
    assert_equal 'acb', letters(order: :size, descending: true)
    assert_equal 'ac', letters(order: :size, descending: true, limit: 2)
    assert_equal 'a', letters(order: :created, limit: 1)
    assert_equal 'a', letters(order: :expiry, limit: 1)
    keys = @cache.each(order: :key).map(&:key)
    assert_equal keys.sort, keys
    assert_equal keys.reverse, @cache.each(descending: true).map(&:key)
  end

  def test_without_a_block_it_is_an_enumerator
    fill
    walk = @cache.each(order: :size)
    assert_kind_of Enumerator, walk
    assert_equal %w[b c], walk.lazy.map { |stored| stored.url[-1] }.first(2)
    assert_equal ['b', 'c', 'a'], Array.new(3) { walk.next.url[-1] }
    assert_raises(StopIteration) { walk.next }
    assert_equal 3, walk.count
    assert_same @cache, @cache.each {}
  end

  def test_a_walk_is_walked_once
    fill
    walk = @cache.walk(order: :size)
    assert_equal 'b', walk.next.url[-1]
    assert_equal 'c', walk.each.next.url[-1]
    assert_equal(['a'], walk.map { |stored| stored.url[-1] })
    2.times { assert_raises(StopIteration) { walk.next } }
    assert_empty walk.to_a
    walk.close
    assert_raises(HTTPCache::ClosedError) { walk.next }
    assert_raises(HTTPCache::ClosedError) { walk.each {} }
  end

  def test_a_walk_is_closed_after_its_block
    seen = nil
    assert_equal 7, @cache.walk { |walk| (seen = walk) && 7 }
    assert_predicate seen, :closed?
    assert_raises(ZeroDivisionError) { @cache.walk { |walk| (seen = walk) && (1 / 0) } }
    assert_predicate seen, :closed?
  end

  def test_bodies_are_there_where_they_are_asked_for
    large = 'x' * 200_001
    keep('a', large)
    keep('b', 'small')
    assert_equal [200_001, 5], @cache.each(order: :size, descending: true).map(&:body_size)
    met = @cache.each(bodies: true, order: :size).to_a
    @cache.clear
    assert_equal ['small', large], met.map { |stored| stored.response.body }
    assert_equal met.map(&:key), met.map { |stored| stored.response.key }
    assert_equal ["#{URL}b", "#{URL}a"], met.map { |stored| stored.response.request.url }
    met.each { |stored| stored.response.close }
  end

  def test_what_is_met_outlives_walk_and_cache
    keep('a', 'x' * 200_000)
    stored = @cache.walk(bodies: true, &:next)
    @cache.close
    assert_equal ["#{URL}a", '/a', 200_000],
                 [stored.url, URI(stored.request.url).path, stored.response.read.bytesize]
  end

  def test_a_walk_goes_on_while_things_are_stored_and_deleted
    300.times { |i| keep(i.to_s, 'x') }
    met = @cache.each.map do |stored|
      @cache.delete(stored.key)
      stored.url
    end
    assert_equal Array.new(300) { |i| "#{URL}#{i}" }.sort, met.sort
    assert_equal 0, @cache.stats.responses
  end

  def test_records_that_cannot_be_read_are_met_where_they_are_asked_for
    path = directory
    open_cache(path).tap { |cache| store(cache, get, answer(200, FRESH, 'b' * 100)) }.close
    data = Dir.glob("#{path}/*/data.mdb").first
    bytes = File.binread(data)
    at = bytes.index('b' * 100)
    refute_nil at
    bytes.setbyte(at, 0x7a)
    File.binwrite(data, bytes)
    cache = open_cache(path)
    assert_equal 0, cache.each.count { |stored| !stored.unreadable? }
    stored = cache.each(match: :unreadable, bodies: true).to_a
    assert_equal [[true, 0, '', [], nil, nil, nil, nil]],
                 (stored.map do |it|
                   [it.unreadable?, it.status, it.url, it.fields, it.created_at, it.expires_at, it.request, it.response]
                 end)
    assert_match(/unreadable/, stored.first.inspect)
    refute cache.key?(stored.first.key)
    assert_equal 1, cache.delete_where(match: :unreadable)
    assert_equal 0, cache.stats.responses
  end

  def test_a_response_is_got_by_its_key
    keep('a')
    key = @cache.key("#{URL}a")
    @cache.get(key) do |response|
      assert_equal [200, 'body', true, "#{URL}a"], [response.status, response.body, response.from_cache?, response.url]
      @cache.get(response.key) { |same| assert_equal response.key, same.key }
      assert_equal ['GET', "#{URL}a"], [response.request.http_method, response.request.url]
    end
    assert_equal 'body', @cache.get(get("#{URL}a"), &:body)
    @clock.pass(100)
    assert @cache.get(key, &:expired?)
  end

  def test_where_nothing_is_stored_nothing_is_got
    key = @cache.key(URL)
    assert_nil @cache.get(key)
    assert_nil(@cache.get(key) { flunk 'nothing is yielded' })
    refute @cache.key?(key)
    assert_equal 0, @cache.delete(key)
  end

  def test_a_request_that_the_cache_has_no_part_in_has_nothing_stored
    past = get(bypass: true)
    keep('')
    assert_nil @cache.key(past)
    assert_equal [nil, false, 0], [@cache.get(past), @cache.key?(past), @cache.delete(past)]
    assert_equal 1, @cache.stats.responses
  end

  def test_a_key_names_all_variants_or_one
    %w[en de].each do |language|
      store(@cache, get(fields: { 'Accept-Language' => language }),
            answer(200, FRESH.merge('Vary' => 'Accept-Language'), language))
    end
    key = @cache.key(get)
    one = @cache.each.find { |stored| stored.request['Accept-Language'] == 'en' }.key
    assert_equal 'en', @cache.get(one, &:body)
    assert_equal 1, @cache.delete(one)
    refute @cache.include?(one)
    assert_equal 'de', @cache.get(key, &:body)
    assert_equal 1, @cache.delete(get)
    assert_equal [0, false], [@cache.stats.responses, @cache.key?(key)]
  end

  def test_a_key_of_all_variants_deletes_them_all
    %w[en de].each do |language|
      store(@cache, get(fields: { 'Accept-Language' => language }),
            answer(200, FRESH.merge('Vary' => 'Accept-Language'), language))
    end
    assert_equal 2, @cache.delete(@cache.key(get))
    assert_empty @cache.each.to_a
  end

  def test_deleting_by_url_and_by_criteria
    fill
    assert_equal 1, @cache.delete_where(url: "#{URL}b?c")
    assert_equal 'ab', any_order
    assert_equal 1, @cache.delete_where(match: :expired)
    assert_equal 'b', letters
    assert_equal 0, @cache.delete_where(url_glob: 'other.test')
    assert_equal :fresh, decision(@cache, get("#{URL}b"))
  end

  def test_deleting_at_most_so_many_takes_the_first_in_order
    fill
    assert_equal 2, @cache.delete_where(order: :size, descending: true, limit: 2)
    assert_equal 'b', letters
  end

  def test_clear_takes_all
    fill
    assert_equal 3, @cache.clear
    assert_equal 0, @cache.clear
    assert_empty @cache.each.to_a
    assert_equal :forward, decision(@cache, get("#{URL}b"))
  end

  def test_a_cache_that_is_only_read_is_cleared_all_the_same
    keep('a')
    reader = open_cache(@directories.first, read_only: true)
    assert_equal 1, reader.clear
    assert_equal 0, reader.stats.responses
  end

  def test_who_has_a_body_open_reads_on
    keep('a', 'x' * 200_000)
    response = @cache.get(@cache.key("#{URL}a"))
    assert_equal 1, @cache.clear
    assert_equal 'x' * 200_000, response.body
    response.close
  end

  def test_everything_gets_another_expiry
    cache = open_cache(directory, cache_control: false, expire_after: 1, clock: @clock.to_proc)
    %w[a b].each { |name| store(cache, get(URL + name), answer(200, {})) }
    @clock.pass(2)
    assert_equal 2, cache.reset_expiration(60)
    assert_equal [START + 62] * 2, cache.each.map(&:expires_at)
    assert_equal 2, cache.reset_expiration(:never)
    assert_equal [:never] * 2, cache.each.map(&:expires_at)
    assert_equal 0, cache.reset_expiration(:never)
    assert_equal 2, cache.reset_expiration(:unset)
    assert_equal 2, cache.each(match: :expired).count
  end

  def test_what_is_put_is_a_hit
    request = get(fields: { 'Accept' => 'a' })
    told = answer(200, { 'Vary' => 'Accept' })
    assert @cache.put(request, told, created_at: START - 5, expires_at: START + 5)
    @cache.lookup(request) do |exchange|
      assert_equal [:fresh, 'body', START - 5, START + 5, 5.0],
                   [exchange.decision, exchange.body, exchange.created_at, exchange.expires_at, exchange.age]
    end
    assert_equal :forward, decision(@cache, get(fields: { 'Accept' => 'b' }))
    assert @cache.put(URL, answer(200, {}), expires_at: :never)
    assert_equal [START, :never], @cache.get(@cache.key(URL)) { |response| [response.created_at, response.expires_at] }
    assert @cache.put(URL, answer)
    assert_equal START + 60, @cache.get(@cache.key(URL), &:expires_at)
    refute @cache.put(HTTPCache::Request.new('PUT', URL), answer)
  end

  def test_what_was_read_is_put_elsewhere
    keep('a', 'x' * 200_000)
    other = open_cache(clock: @clock.to_proc)
    @cache.each(bodies: true) do |stored|
      assert other.put(stored.url, stored.response, created_at: stored.created_at, expires_at: stored.expires_at)
      stored.response.close
    end
    assert_equal 'x' * 200_000, other.get(get("#{URL}a"), &:body)
  end

  def test_what_another_cache_has_is_taken_over
    other = open_cache(clock: @clock.to_proc)
    keep('a', 'old')
    @clock.pass(1)
    { 'a' => 'new', 'b' => 'x' * 200_000 }.each { |name, body| store(other, get(URL + name), answer(200, FRESH, body)) }
    store(other, get("#{URL}c", fields: { 'Authorization' => 'Basic YTpi' }), answer)
    told = []
    updated = @cache.update(other) { |*progress| told << progress }
    assert_equal [2, 0, 1], updated.to_a
    assert_equal [3, 3], told.last
    assert_equal ['new', 'x' * 200_000], %w[a b].map { |name| @cache.get(get(URL + name), &:body) }
    assert_equal [0, 2, 1], @cache.update(other).to_a
  end

  def test_taking_over_ends_where_its_block_says_so
    other = open_cache
    store(other)
    assert_raises(HTTPCache::CancelledError) { @cache.update(other) { false } }
    assert_raises(ZeroDivisionError) { @cache.update(other) { 1 / 0 } }
    assert_equal [[0, 1, 0], 1], [@cache.update(other).to_a, @cache.stats.responses]
  end

  # A cache of two, one of which has a body that was damaged behind its back.
  def damaged
    path = directory
    open_cache(path, durability: :fast).tap do |cache|
      store(cache, get("#{URL}a"))
      store(cache, get("#{URL}b"), answer(200, FRESH, 'b' * 200_000))
      cache.flush
      file = Dir.glob("#{path}/*/bodies/**/*").find { |name| File.size(name) >= 200_000 && File.file?(name) }
      File.open(file, 'r+b') { |body| body.seek(100_000) && body.write('z') }
    end
  end

  def test_a_damaged_body_is_found_and_taken_away
    cache = damaged
    found = cache.verify
    assert_equal [2, 1, 1, 0], [found.records, found.bodies, found.damaged_bodies, found.mended]
    assert_equal 2, cache.stats.responses
    assert_equal 1, cache.verify(mend: true).mended
    assert_equal HTTPCache::Verification.members.to_h { |name| [name, name == :records ? 1 : 0] }, cache.verify.to_h
    assert_equal %i[fresh forward], %w[a b].map { |name| decision(cache, get(URL + name)) }
  end

  def test_verifying_ends_where_its_block_says_so
    cache = damaged
    told = []
    cache.verify { |*progress| told << progress }
    assert_equal told.last.last, told.last.first
    assert_raises(HTTPCache::CancelledError) { cache.verify { false } }
    assert_raises(ZeroDivisionError) { cache.verify(mend: true) { 1 / 0 } }
  end

  def test_a_cache_that_is_only_read_is_verified_and_not_mended
    keep('a')
    reader = open_cache(@directories.first, read_only: true)
    assert_equal 1, reader.verify.records
    assert_raises(HTTPCache::ReadOnlyError) { reader.verify(mend: true) }
  end

  def test_without_threads_the_program_lends_the_time
    cache = open_cache(directory, workers: false)
    store(cache)
    assert_equal :fresh, decision(cache)
    in_child { assert_equal :forward, decision(cache) }
    refute cache.work(budget: 10)
    in_child { assert_equal :fresh, decision(cache) }
    refute cache.work
  end

  def test_work_says_whether_something_is_left
    cache = open_cache(directory, workers: false, durability: :fast)
    # More than one transaction takes.
    100.times { |i| store(cache, get("#{URL}#{i}"), answer(200, FRESH, 'x' * 60_000)) }
    assert cache.work(budget: 0)
    nil while cache.work(budget: 0)
    in_child { assert_equal 100, cache.each.count }
  end

  def test_a_fetched_response_knows_its_request
    response = @cache.lookup(get(fields: { 'A' => 'b' })) do |exchange|
      exchange.store(answer)
      exchange.response
    end
    assert_equal [URL, 'b'], [response.request.url, response.request['A']]
    assert_nil answer.request
  end

  def test_other_threads_run_while_a_walk_looks
    200.times { |i| keep(i.to_s) }
    walks = Array.new(4) { Thread.new { @cache.each(bodies: true).sum { |stored| stored.response.body.size } } }
    assert_equal [800] * 4, walks.map(&:value)
  end

  def test_a_walk_from_before_a_fork_can_only_be_closed
    fill
    @cache.flush
    walk = @cache.walk
    enumerator = @cache.each
    walk.next
    enumerator.next
    in_child do
      assert_raises(HTTPCache::MisuseError) { walk.next }
      assert_raises(HTTPCache::MisuseError) { enumerator.next }
      walk.close
      assert_equal 'abc', any_order
      keep('d')
      assert_equal 1, @cache.delete_where(url: "#{URL}d")
      @cache.flush
    end
    assert_equal 2, walk.count
    assert_equal 'abc', any_order
  end
end
