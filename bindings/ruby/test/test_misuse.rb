# frozen_string_literal: true

require_relative 'helper'

# What must not be done: each case ends in an error of Ruby's or of this gem, or in correct work; and the cache works
# afterwards.
class TestMisuse < CacheTest
  E = HTTPCache
  INVALID = E::InvalidArgumentError
  LARGE = 1 << 64

  def self.case(name, error, &block)
    define_method(:"test_#{name.tr(' ', '_')}") do
      @cache = open_cache(durability: :fast)
      raised = assert_raises(error) { instance_exec(&block) }
      refute_empty raised.message
      assert_equal :stored, store(@cache, get("#{URL}after")) unless @cache.closed?
    end
  end

  # A case that is no error.
  def self.fine(name, &block)
    define_method(:"test_#{name.tr(' ', '_')}") do
      @cache = open_cache(durability: :fast)
      instance_exec(&block)
    end
  end

  def closed(object)
    object.tap(&:close)
  end

  def forwarded = @cache.lookup(get)

  def begun
    forwarded.tap { |exchange| exchange.begin(answer(200, FRESH, nil)) }
  end

  def hit(body = 'body')
    @cache.lookup(get) { |exchange| exchange.store(answer(200, FRESH, body)) if exchange.decision == :forward }
    @cache.lookup(get)
  end

  # ---- use after close ----
  closed_error = E::ClosedError
  %i[stats flush].each { |verb| self.case("a closed cache #{verb}", closed_error) { closed(@cache).public_send(verb) } }
  %i[key_settings rekey walk clear verify work].each do |verb|
    self.case("a closed cache #{verb}", closed_error) { closed(@cache).public_send(verb) }
  end
  self.case('a closed cache key', closed_error) { closed(@cache).key(get) }
  %i[get key? delete].each do |verb|
    self.case("a closed cache #{verb}", closed_error) do
      @cache.key(get).then { |key| closed(@cache).public_send(verb, key) }
    end
    self.case("#{verb} of a closed request", closed_error) { @cache.public_send(verb, closed(get)) }
    self.case("#{verb} of what is no key", INVALID) { @cache.public_send(verb, URL) }
    self.case("#{verb} of no bytes", INVALID) { @cache.public_send(verb, '') }
    self.case("#{verb} of nothing", TypeError) { @cache.public_send(verb, nil) }
  end
  self.case('work for less than nothing', INVALID) { @cache.work(budget: -1) }
  self.case('work for no number', TypeError) { @cache.work(budget: 'long') }
  self.case('a closed cache put', closed_error) { closed(@cache).put(URL, answer) }
  self.case('a closed cache reset_expiration', closed_error) { closed(@cache).reset_expiration(:never) }
  self.case('a closed cache updated', closed_error) { closed(@cache).update(open_cache) }
  self.case('updating from a closed cache', closed_error) { @cache.update(closed(open_cache)) }
  self.case('updating from itself', INVALID) { @cache.update(@cache) }
  self.case('updating from what is no cache', TypeError) { @cache.update(directory) }
  self.case('putting a closed response', closed_error) { @cache.put(URL, closed(answer)) }
  self.case('putting for a closed request', closed_error) { @cache.put(closed(get), answer) }
  self.case('putting for no URL', E::InvalidURLError) { @cache.put('nonsense', answer) }
  self.case('putting what is never stored', INVALID) { @cache.put(URL, answer(304, {}, nil)) }
  self.case('putting what is received at no time', TypeError) { @cache.put(URL, answer, created_at: :never) }
  self.case('putting what is stale by a number', TypeError) { @cache.put(URL, answer, expires_at: 60) }
  self.case('putting what is stale by another name', TypeError) { @cache.put(URL, answer, expires_at: :immediately) }
  self.case('putting what was received before all', INVALID) { @cache.put(URL, answer, created_at: Time.at(-1)) }
  self.case('another expiry that is none', INVALID) { @cache.reset_expiration(:do_not_cache) }
  self.case('another expiry before now', INVALID) { @cache.reset_expiration(-1) }
  self.case('another expiry by another name', TypeError) { @cache.reset_expiration(:soon) }
  self.case('a closed cache each', closed_error) { closed(@cache).each {} }
  self.case('a closed cache enumerated', closed_error) { @cache.each.tap { @cache.close }.to_a }
  self.case('a closed cache delete_where', closed_error) { closed(@cache).delete_where(match: :fresh) }
  self.case('a closed walk next', closed_error) { closed(@cache.walk).next }
  self.case('the request of a closed response', closed_error) { closed(answer).request }
  self.case('deleting without a condition', INVALID) { @cache.delete_where }
  self.case('deleting with an order alone', INVALID) { @cache.delete_where(order: :size, descending: true) }
  {
    'an unknown' => [{ mach: :fresh }, INVALID], 'no kind' => [{ match: [] }, INVALID],
    'another kind' => [{ match: :stale }, INVALID], 'a kind by number' => [{ match: 1 }, INVALID],
    'another order' => [{ match: :fresh, order: :age }, INVALID], 'no limit' => [{ limit: 0 }, INVALID],
    'a negative limit' => [{ limit: -1 }, INVALID], 'a large limit' => [{ limit: LARGE }, INVALID],
    'half a limit' => [{ limit: 1.5 }, TypeError], 'the first instant' => [{ created_before: Time.at(0) }, INVALID],
    'less than a millisecond' => [{ created_before: Time.at(0, 999) }, INVALID],
    'an instant before all' => [{ expires_before: Time.at(-1) }, INVALID],
    'a number for an instant' => [{ created_before: 1 }, TypeError],
    'a name for an instant' => [{ expires_before: :never }, TypeError],
    'a NUL in a URL' => [{ url: "#{URL}\0a" }, INVALID], 'a NUL in a glob' => [{ url_glob: "a\0b" }, INVALID],
    'a NUL in a method' => [{ method: "GET\0" }, INVALID], 'no URL' => [{ url: 'nonsense' }, E::InvalidURLError],
    'no glob' => [{ url_glob: 'h[' }, INVALID]
  }.each do |name, (conditions, error)|
    self.case("a walk with #{name}", error) { @cache.walk(**conditions) }
    self.case("deleting with #{name}", error) do
      store(@cache)
      @cache.delete_where(**conditions)
    ensure
      assert_equal 1, @cache.stats.responses
    end
  end
  self.case('the key of a closed request', closed_error) { @cache.key(closed(get)) }
  self.case('a closed request setting read', closed_error) { closed(get).setting(:bypass) }
  self.case('a closed request partition', closed_error) { closed(get).partition = 'a' }
  self.case('closed options key', closed_error) { closed(E::Options.new).key { 'a' } }
  self.case('closed options normalize', closed_error) { closed(E::Options.new).normalize { nil } }
  self.case('the key of no URL', E::InvalidURLError) { @cache.key('nonsense') }
  self.case('the key of nothing', TypeError) { @cache.key(nil) }
  self.case('a setting to read that there is not', INVALID) { get.setting(:expire) }
  self.case('a setting to read that cannot be', INVALID) { get.setting(:partition) }
  self.case('a partition that is long', INVALID) { get(partition: 'x' * 4097) }
  self.case('a partition of a cache that is long', INVALID) { open_cache(partition: 'x' * 4097) }
  self.case('certificates that are not there', E::InputOutputError) { open_cache(ca_file: "#{directory}/nowhere") }
  self.case('certificates that are a number', TypeError) { get(ca_file: 7) }
  self.case('a name of the cache for a request', INVALID) { get(cache_name: 'a') }
  self.case('a field to match that is none', INVALID) { open_cache(match_fields: ['a b']) }
  self.case('keys anew of no settings', INVALID) { @cache.rekey(from: '') }
  self.case('keys anew of what is no settings', INVALID) { @cache.rekey(from: ['nonsense']) }
  self.case('a closed cache fetch', closed_error) { closed(@cache).fetch(URL) }
  self.case('a closed cache lookup', closed_error) { closed(@cache).lookup(get) }
  %i[http_method url fields body].each do |verb|
    self.case("a closed request #{verb}", closed_error) { closed(get).public_send(verb) }
  end
  self.case('a closed request add', closed_error) { closed(get).add('A', 'b') }
  self.case('a closed request remove', closed_error) { closed(get).remove('A') }
  self.case('a closed request body set', closed_error) { closed(get).body = 'x' }
  self.case('a closed request setting', closed_error) { closed(get).expire_after = 1 }
  self.case('a closed request assign', closed_error) { closed(get).assign('GET', URL) }
  self.case('a closed request looked up', closed_error) { @cache.lookup(closed(get)) }
  self.case('a closed request fetched', closed_error) { @cache.fetch(closed(get)) }
  %i[status fields body read key view age expired? each].each do |verb|
    self.case("a closed response #{verb}", closed_error) { closed(answer).public_send(verb) {} }
  end
  self.case('a closed response add', closed_error) { closed(answer).add('A', 'b') }
  self.case('a closed response stored', closed_error) { forwarded.store(closed(answer)) }
  self.case('a closed response begun', closed_error) { forwarded.begin(closed(answer)) }
  %i[view status forward reason explain response body answered? failure end].each do |verb|
    self.case("a closed exchange #{verb}", closed_error) { closed(begun).public_send(verb) }
  end
  self.case('a closed exchange store', closed_error) { closed(forwarded).store(answer) }
  self.case('a closed exchange write', closed_error) { closed(begun).write('x') }
  self.case('closed options set', closed_error) { closed(E::Options.new).retry = true }
  self.case('closed options filter', closed_error) { closed(E::Options.new).filter { true } }
  self.case('closed options opened', closed_error) { E::Cache.open(directory, closed(E::Options.new)) }
  self.case('a closed body that was read', closed_error) { closed(answer.tap(&:body)).body }

  # ---- closing ----
  fine('everything closed twice in any order') do
    objects = [@cache, get, answer, forwarded, begun, hit, E::Options.new, hit.response, @cache.walk]
    objects.shuffle.each { |object| 2.times { assert_nil object.close } }
    assert objects.all?(&:closed?)
  end
  fine('closing from many threads') do
    exchange = begun
    Array.new(8) { Thread.new { message_of { exchange.close } } }.each(&:join)
    exchange.close
    assert_predicate exchange, :closed?
  end
  fine('inspecting what is closed') do
    [@cache, get, answer, begun].each { |object| assert_match(/closed/, closed(object).inspect) }
  end

  # ---- out of order ----
  misuse = E::MisuseError
  self.case('write before begin', misuse) { forwarded.write('x') }
  self.case('end before begin', misuse) { forwarded.end }
  self.case('store on a hit', misuse) { hit.store(answer) }
  self.case('begin on a hit', misuse) { hit.begin(answer) }
  self.case('failure on a hit', misuse) { hit.failure }
  self.case('store twice', misuse) { forwarded.tap { |x| x.store(answer) }.store(answer) }
  self.case('begin twice', misuse) { begun.begin(answer) }
  self.case('store after begin', misuse) { begun.store(answer) }
  self.case('write after end', misuse) { begun.tap(&:end).write('x') }
  self.case('end twice', misuse) { begun.tap(&:end).end }
  self.case('failure twice', misuse) { forwarded.tap(&:failure).failure }
  self.case('write after failure', misuse) { begun.tap(&:failure).write('x') }
  self.case('storing what was read', misuse) { forwarded.store(hit('x' * 100_000).response) }
  self.case('changing what was read', misuse) { hit.response.add('A', 'b') }
  self.case('a body for what was read', misuse) { hit.response.body = 'x' }
  fine('an error changes nothing') do
    exchange = begun
    assert_raises(misuse) { exchange.store(answer) }
    exchange << 'ab'
    assert_equal %i[stored stored], [exchange.end, exchange.outcome]
  end

  # ---- strings ----
  self.case('a path with NUL', ArgumentError) { E::Cache.open("#{directory}\0x") }
  self.case('an empty path', E::Error) { E::Cache.open('') }
  self.case('a URL with NUL', E::InvalidURLError) { get("#{URL}\0") }
  self.case('a relative URL', E::InvalidURLError) { get('/path') }
  self.case('a URL of another scheme', E::InvalidURLError) { get('ftp://h.test/') }
  self.case('an empty URL', E::InvalidURLError) { @cache.lookup('') }
  self.case('a URL that is long', E::TooLargeError) { @cache.lookup(get("#{URL}#{'a' * 70_000}")) }
  self.case('a method with NUL', E::InvalidMethodError) { E::Request.new("GET\0", URL) }
  self.case('an empty method', E::InvalidMethodError) { E::Request.new('', URL) }
  self.case('a field name with NUL', E::InvalidFieldError) { get.add("A\0", 'b') }
  self.case('an empty field name', E::InvalidFieldError) { get.add('', 'b') }
  self.case('a field value with NUL', E::InvalidFieldError) { get.add('A', "b\0") }
  self.case('a field value with a line end', E::InvalidFieldError) { get.add('A', "b\r\nC: d") }
  self.case('a field of a response with NUL', E::InvalidFieldError) { answer.add('A', "\0") }
  fine('a bad field adds none of its list') do
    request = get
    assert_raises(E::InvalidFieldError) { request.add_fields([%w[A b], ['C', "\n\n"], %w[D e]]) }
    assert_empty request.fields
  end
  fine('a body with NUL') { assert_equal "\0a\0", get(body: "\0a\0").body }
  fine('strings of other encodings are sent as UTF-8') do
    request = get(fields: { 'A'.encode('UTF-16LE') => 'ä'.encode('UTF-16BE') })
    assert_equal 'ä'.b, request['a']
  end

  # ---- numbers ----
  self.case('a negative duration', INVALID) { get(expire_after: -1) }
  self.case('a duration that is a named value', INVALID) { get(expire_after: -2_147_483.646) }
  self.case('an infinite duration', INVALID) { get(expire_after: Float::INFINITY) }
  self.case('a duration that is no number', INVALID) { get(expire_after: Float::NAN) }
  self.case('a huge duration', INVALID) { get(expire_after: LARGE) }
  self.case('an instant before 1970', INVALID) { get(expire_at: Time.at(-1)) }
  self.case('a huge number', INVALID) { E::Options.new(max_response_bytes: LARGE) }
  self.case('a percentage over 100', INVALID) { E::Options.new(heuristic_percent: 101) }
  self.case('a status that is none', INVALID) { answer(99) }
  self.case('an interim status', INVALID) { forwarded.store(answer(100)) }
  self.case('a huge status', RangeError) { answer(LARGE) }
  self.case('a negative timeout', INVALID) { @cache.flush(timeout: -1) }
  self.case('a negative length', ArgumentError) { answer.read(-1) }

  # ---- types ----
  self.case('a setting that is none', INVALID) { E::Options.new(colour: 1) }
  self.case('a setting of the cache for a request', E::Error) { get(cache_control: true) }
  self.case('a method that is none in a list', INVALID) { E::Options.new(methods: ['G T']) }
  self.case('a status that is none in a list', INVALID) { E::Options.new(statuses: [99]) }
  self.case('a word for a status', INVALID) { E::Options.new(statuses: ['many']) }
  self.case('a name of the cache with a line end', INVALID) { E::Options.new(cache_name: "a\n") }
  self.case('an expiry of a status that is none', INVALID) { E::Options.new(status_expiry: { 1000 => 1 }) }
  self.case('a negative expiry of a status', INVALID) { E::Options.new(status_expiry: { 404 => -1 }) }
  self.case('a glob without a host', INVALID) { E::Options.new(url_rules: { '/a' => 1 }) }
  self.case('an expression that is too clever', INVALID) { E::Options.new(url_rules: { /(?=a)/ => 1 }) }
  self.case('an expiry of a word', TypeError) { E::Options.new(status_expiry: { 'many' => 1 }) }
  self.case('a list of a request', E::Error) { get(methods: ['GET']) }
  self.case('nil in a list', TypeError) { E::Options.new(methods: [nil]) }
  self.case('background threads that are no number', ArgumentError) do
    require 'httpcache/faraday'
    E::FaradayMiddleware.new(nil, @cache, background: 'many')
  end
  self.case('a string for a flag', TypeError) { E::Options.new(cache_control: 'yes') }
  self.case('a string for a duration', TypeError) { E::Options.new(expire_after: '60') }
  self.case('a number for an instant', TypeError) { E::Options.new(expire_at: 60) }
  self.case('nil for a duration', TypeError) { get(expire_after: nil) }
  self.case('a symbol that is no time', TypeError) { get(expire_after: :tomorrow) }
  self.case('a complex duration', TypeError) { get(expire_after: Complex(1, 1)) }
  self.case('nil for a URL', TypeError) { E::Request.new('GET', nil) }
  self.case('nil for a field value', TypeError) { get(fields: { 'A' => nil }) }
  self.case('fields that are none', NoMethodError) { get(fields: 5) }
  self.case('nil for a path', TypeError) { E::Cache.open(nil) }
  self.case('a piece that is no string', TypeError) { begun.write(5) }
  self.case('a response that is none', NoMethodError) { forwarded.store('body') }
  self.case('options and settings', ArgumentError) { E::Cache.open(directory, E::Options.new, retry: true) }
  self.case('options that are none', NoMethodError) { E::Cache.open(directory, 5) }
  self.case('a log level that is none', INVALID) { E::Options.new.log(:loud) {} }
  self.case('a copy of a cache', TypeError) { @cache.dup }
  self.case('a copy of a request', TypeError) { get.clone }
  self.case('a cache that was only allocated', closed_error) { E::Cache.allocate.stats }
  self.case('a request that was only allocated', closed_error) { @cache.lookup(E::Request.allocate) }
  self.case('an exchange that was only allocated', closed_error) { E::Exchange.allocate.reason }
  self.case('a cache that is written down', TypeError) { Marshal.dump(@cache) }

  # ---- frozen ----
  fine('frozen strings and tables') do
    body = 'body'.b.freeze
    request = get(URL.dup.freeze, fields: { 'A' => 'b' }.freeze, body: body)
    assert_equal ['body', 'b'], [request.body, request['A']]
    assert_equal :stored, store(@cache, get, answer(200, FRESH.dup.freeze, body))
    assert_predicate body, :frozen?
  end
  self.case('closing a frozen object', FrozenError) { forwarded.freeze.close }
end
