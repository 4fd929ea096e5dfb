# frozen_string_literal: true

require_relative 'helper'

class TestOptions < CacheTest
  def setup
    super
    @clock = TestClock.new
  end

  # How long the answer stays fresh, as the cache says.
  def expiry(**settings)
    cache = open_cache(cache_control: false, clock: @clock.to_proc, **settings)
    cache.lookup(get) do |exchange|
      exchange.store(answer(200, {}))
      [exchange.freshness_lifetime, exchange.expires_at]
    end
  end

  def test_durations_are_seconds_of_any_numeric
    { 60 => 60.0, 1.5 => 1.5, Rational(1, 4) => 0.25, 0.0001 => 0.001, 3.0001 => 3.001 }.each do |given, seconds|
      assert_equal [seconds, @clock.now + Rational((seconds * 1000).round, 1000)], expiry(expire_after: given)
    end
  end

  def test_instants_are_times
    assert_equal @clock.now + 90, expiry(expire_at: @clock.now + 90)[1]
    assert_equal @clock.now + 90, expiry(expire_at: (@clock.now + 90).to_datetime)[1]
  end

  def test_named_expiries_are_not_numbers
    assert_equal [:never, :never], expiry(expire_after: :never)
    assert_equal [:never, :never], expiry(expire_after: :unset)
    assert_equal [nil, nil], expiry(expire_after: :do_not_cache)
    assert_equal [nil, nil], expiry(expire_after: :immediately)
  end

  def test_immediately_is_stored_with_a_validator_and_revalidated
    cache = open_cache(cache_control: false, expire_after: :immediately)
    assert_equal :stored, store(cache, get, answer(200, { 'ETag' => '"a"' }))
    assert_equal :revalidate, decision(cache)
  end

  def test_every_setting_has_a_setter_and_a_keyword
    lists = { methods: %w[GET], statuses: [200], ignored: %w[page], match_fields: [], unordered_field_names: %w[A],
              targeted_fields: [], cache_name: 'a', partition: 'a', ca_file: __FILE__,
              status_expiry: { 4 => :unset }, url_rules: { '*' => :unset } }
    lists.each { |name, value| HTTPCache::Options.new(name => value).public_send(:"#{name}=", value) }
    values = { flag: true, duration: 1, instant: @clock.now, number: 100, durability: :safe, place: :user }
    least = { max_bytes: 4 << 20, max_head_bytes: 1024 }
    HTTPCache::Setting::TABLE.each do |name, (_, kind)|
      value = least.fetch(name) { values.fetch(kind) }
      options = HTTPCache::Options.new(name => value)
      options.public_send(:"#{name}=", value)
      options[name] = value
      options.close
    end
  end

  def test_lists_take_the_place_of_their_defaults
    cache = open_cache(cache_control: false, methods: [:POST], statuses: [200, '404'])
    asked = %w[GET POST].map { |method| HTTPCache::Request.new(method, URL) }
    assert_equal(%i[not_stored stored], asked.map { |request| store(cache, request) })
    assert_equal :stored, store(cache, HTTPCache::Request.new('POST', "#{URL}404"), answer(404))
    assert_equal :not_stored, store(cache, HTTPCache::Request.new('POST', "#{URL}410"), answer(410))
    assert_equal :not_stored, store(open_cache(statuses: []))
  end

  def test_what_is_ignored_is_added_to_what_authenticates
    options = HTTPCache::Options.new(ignored: %w[page])
    assert_equal %w[Authorization Proxy-Authorization X-API-Key X-Auth-Token X-API-Token X-Access-Token
                    access_token api_key apikey page], options.items(:ignored)
    options.clear_ignored
    options.ignored = '$..session'
    assert_equal ['$..session'], options.items(:ignored)
    assert_equal %w[GET HEAD], options.items(:methods)
    assert_raises(HTTPCache::InvalidArgumentError) { options.items(:cache_name) }
    assert_raises(HTTPCache::InvalidArgumentError) { options.ignored = '$.a[' }
  end

  def test_a_link_with_an_ignored_value_is_not_stored
    link = answer(200, FRESH.merge('Link' => '</?page=2>; rel=next'))
    assert_equal :not_stored, store(open_cache(ignored: %w[page]), get, link)
    assert_equal :stored, store(open_cache(keep_request: false), get, link)
  end

  def test_targeted_fields
    cache = open_cache(targeted_fields: ['CDN-Cache-Control'])
    assert_equal :not_stored, store(cache, get, answer(200, FRESH.merge('CDN-Cache-Control' => 'no-store')))
  end

  def test_the_cache_has_a_name
    cache = open_cache(cache_status: true, cache_name: 'mine')
    store(cache)
    assert_match(/\A"?mine"?; *hit/, cache.lookup(get) { |exchange| exchange['Cache-Status'] })
  end

  def test_a_status_has_an_expiry_of_its_own
    settings = { cache_control: false, expire_after: 60, statuses: [200, 404, 410], clock: @clock.to_proc }
    cache = open_cache(status_expiry: { 404 => 1.5, 4 => :never }, **settings)
    lifetimes = [200, 404, 410].map do |status|
      cache.lookup(get("#{URL}#{status}")) do |exchange|
        exchange.store(answer(status, {}))
        exchange.freshness_lifetime
      end
    end
    assert_equal [60.0, 1.5, :never], lifetimes
  end

  def test_the_first_rule_for_a_url_holds
    rules = { /PRIVATE/i => :do_not_cache, "#{URL}unset" => :unset, '*' => 1.5 }
    cache = open_cache(cache_control: false, url_rules: rules, clock: @clock.to_proc)
    assert_equal :not_stored, store(cache, get("#{URL}private"), answer(200, {}))
    lifetime = cache.lookup(get("#{URL}unset")) do |exchange|
      exchange.store(answer(200, {}))
      exchange.freshness_lifetime
    end
    assert_equal 1.5, lifetime
  end

  def test_limits_may_be_never
    %i[max_response_bytes stale_if_error head_timeout total_timeout].each do |name|
      HTTPCache::Options.new(name => :never).close
    end
  end

  def test_one_object_opens_many_caches_and_changes_none_of_them
    options = HTTPCache::Options.new(clock: @clock.to_proc, expire_after: 60)
    one = open_cache(directory, options)
    options.expire_after = :do_not_cache
    two = open_cache(directory, options)
    options.close
    assert_equal :stored, store(one, get, answer(200, {}))
    assert_equal :not_stored, store(two, get, answer(200, {}))
  end

  def test_the_clock_is_the_cache_s_time
    cache = open_cache(clock: @clock.to_proc)
    store(cache)
    @clock.pass(59)
    cache.lookup(get) do |exchange|
      assert_equal [:fresh, 59.0], [exchange.decision, exchange.age]
      assert_equal [@clock.now - 59, @clock.now + 1], [exchange.created_at, exchange.expires_at]
    end
    @clock.pass(2)
    assert_equal :forward, decision(cache)
  end

  def test_log_lines_go_to_a_block_with_their_level
    lines = []
    options = HTTPCache::Options.new
    options.log(:debug) { |level, line| lines << [level, line] }
    options.filter { raise 'no' }
    cache = open_cache(directory, options)
    assert_raises(RuntimeError) { store(cache) }
    levels = lines.map(&:first)
    assert_includes levels, :warning
    assert(lines.all? { |_, line| line.encoding == Encoding::UTF_8 })
  end

  def test_log_lines_go_to_a_logger_as_its_level_lets_them
    { Logger::WARN => 1, Logger::FATAL => 0 }.each do |level, count|
      io = StringIO.new
      cache = open_cache(logger: Logger.new(io, level: level), filter: ->(*) { raise 'no' })
      assert_raises(RuntimeError) { store(cache) }
      assert_equal count, io.string.lines.size, io.string
      assert_match(/WARN -- httpcache/, io.string) if count.positive?
    end
  end

  def test_without_a_block_a_callback_is_taken_away
    refuse = ->(*) { raise 'no' }
    options = HTTPCache::Options.new(filter: refuse, clock: @clock.to_proc, key: refuse, normalize: refuse)
    options.filter
    options.key
    options.normalize
    options.clock
    options.log
    options.logger = nil
    cache = open_cache(directory, options)
    assert_equal :stored, store(cache)
    assert_in_delta Time.now, cache.lookup(get, &:created_at), 60
  end

  def test_settings_of_a_request_come_before_those_of_the_cache
    cache = open_cache(cache_control: false, expire_after: 60, clock: @clock.to_proc)
    request = get(expire_after: 5)
    store(cache, request, answer(200, {}))
    assert_equal 5.0, cache.lookup(get, &:freshness_lifetime)
    request.expire_after = :unset
    request.only_if_cached = true
    assert_equal :fresh, decision(cache, request)
    request.assign('GET', "#{URL}other")
    assert_equal :unsatisfiable, decision(cache, request)
  end
end
