# frozen_string_literal: true

require_relative 'helper'
require_relative 'faraday_helper'

# The middleware with Faraday's own network, Net::HTTP, and an origin that is a program.
class TestFaraday < FaradayTest
  TEXT = { 'Content-Type' => 'text/plain' }.freeze

  def test_miss_and_hit
    asked = []
    faraday = connection(log: asked)
    target = fresh('/body/100000')
    one = faraday.get(target)
    two = faraday.get(target)
    assert_equal [Origin.body(100_000)] * 2, [one.body, two.body]
    assert_equal [[:forward, :stored, 'uri-miss'], [:fresh, nil, nil]], [one, two].map { |response| report(response) }
    assert_equal [200, 200, 'OK', 'OK'], [one.status, two.status, one.reason_phrase, two.reason_phrase]
    assert_equal one.headers.to_h, two.headers.to_h.except('Age')
    assert_equal 1, asked.size
  end

  def test_the_view_says_what_the_cache_knows
    faraday = connection
    2.times { faraday.get(fresh('/text/x')) }
    view = faraday.get(fresh('/text/x')).env[:httpcache].view
    assert_equal [true, false, 60.0], [view.from_cache?, view.expired?, view.freshness_lifetime]
  end

  def test_a_304_freshens_and_shows_nothing_of_itself
    faraday = connection
    target = url('/version/faraday-304?etag=strong&field=Cache-Control:max-age%3D0')
    faraday.get(target)
    response = faraday.get(target)
    assert_equal [200, "faraday-304 version 1\n", [:revalidate, :freshened, 'stale']],
                 [response.status, response.body, report(response)]
    refute_includes response.env.request_headers.keys.map(&:downcase), 'if-none-match'
    @origin.change('faraday-304')
    assert_equal ["faraday-304 version 2\n", :stored], faraday.get(target).then { |r| [r.body, report(r)[1]] }
  end

  def test_cache_control_is_on_and_can_be_off
    assert_equal :not_stored, report(connection.get(url('/text/x?field=Cache-Control:no-store')))[1]
    off = connection(directory, cache_control: false)
    assert_equal :stored, report(off.get(url('/text/x?field=Cache-Control:no-store')))[1]
  end

  def test_a_cache_of_the_caller_s_is_not_closed
    cache = open_cache
    faraday = connection(cache)
    faraday.get(fresh('/text/x'))
    faraday.close
    assert_equal 1, cache.stats.responses
    own = connection
    own.get(fresh('/text/x'))
    own.close
    assert_raises(HTTPCache::ClosedError) { own.get(fresh('/text/x')) }
  end

  def test_request_fields_select_variants
    faraday = connection
    target = url('/vary/x?on=Accept&field=Cache-Control:max-age%3D60')
    2.times do |round|
      %w[text/a text/b].each do |accept|
        response = faraday.get(target, nil, { 'Accept' => accept })
        assert_equal ["x\nAccept: #{accept}\n", round.zero? ? :forward : :fresh], [response.body, report(response)[0]]
      end
    end
  end

  def test_request_directives
    asked = []
    faraday = connection(log: asked)
    target = fresh('/text/x')
    assert_equal 504, faraday.get(target, nil, { 'Cache-Control' => 'only-if-cached' }).status
    faraday.get(target)
    assert_equal :stored, report(faraday.get(target, nil, { 'Cache-Control' => 'no-cache' }))[1]
    assert_equal 2, asked.size
  end

  def test_conditions_and_ranges_of_the_caller_s_are_answered
    faraday = connection
    target = url('/version/faraday-range?etag=strong&field=Cache-Control:max-age%3D60')
    etag = faraday.get(target).headers['ETag']
    { { 'If-None-Match' => etag } => [304, ''], { 'Range' => 'bytes=0-2' } => [206, 'far'],
      { 'Range' => 'bytes=900-' } => [416, ''] }.each do |fields, expected|
      response = faraday.get(target, nil, fields)
      assert_equal [*expected, :fresh], [response.status, response.body, report(response)[0]]
    end
  end

  def test_unsafe_methods_pass_and_invalidate
    faraday = connection
    target = fresh('/text/x')
    faraday.get(target)
    response = faraday.post(target, 'content', TEXT)
    assert_equal [200, :not_stored], [response.status, report(response)[1]]
    assert_equal :forward, report(faraday.get(target))[0]
  end

  def test_bodies_of_requests_arrive
    faraday = connection
    assert_match(/\APOST .*\r\n\r\ncontent\z/m, faraday.post(url('/echo'), 'content', TEXT).body)
    io = faraday.post(url('/echo')) do |request|
      request.body = StringIO.new('of an IO')
      request.headers.update(TEXT).update('Content-Length' => '8')
    end
    assert_match(/\r\n\r\nof an IO\z/, io.body)
    # Faraday sends no body with a GET of its own accord; one that is there is a part of the key.
    get = ->(body) { faraday.run_request(:get, fresh('/echo'), body, TEXT) }
    assert_match(/\r\n\r\na\z/, get.call('a').body)
    assert_match(/\r\n\r\nb\z/, get.call('b').body)
  end

  def test_a_head_is_answered_by_a_get
    faraday = connection
    faraday.get(fresh('/body/1000'))
    response = faraday.head(fresh('/body/1000'))
    assert_equal [200, '', '1000', :fresh],
                 [response.status, response.body, response.headers['Content-Length'], report(response)[0]]
    assert_equal [200, ''], faraday.head(fresh('/body/2000')).then { |r| [r.status, r.body] }
  end

  def test_errors_of_the_origin_are_handed_on
    response = connection.get(url('/status/404'))
    assert_equal [404, "status 404\n"], [response.status, response.body]
    faraday = connection { |f| f.response :raise_error }
    assert_raises(Faraday::ResourceNotFound) { faraday.get(url('/status/404')) }
  end

  def test_a_failed_origin_is_stood_in_for
    clock = TestClock.new(Time.now)
    faraday = connection(directory, stale_if_error: :never, clock: clock.to_proc)
    origin = Origin.new
    target = origin.url('/text/x?field=Cache-Control:max-age%3D1')
    faraday.get(target)
    origin.stop
    assert_equal :fresh, report(faraday.get(target))[0]
    clock.pass(10)
    response = faraday.get(target)
    assert_equal [200, 'x', :used_stale, true],
                 [response.status, response.body, report(response)[1], response.env[:httpcache].view.expired?]
    assert_raises(Faraday::ConnectionFailed) { faraday.get(origin.url('/other')) }
  end

  def test_a_500_is_stood_in_for
    clock = TestClock.new(Time.now)
    faraday = connection(directory, stale_if_error: :never, clock: clock.to_proc)
    target = url('/count?field=Cache-Control:max-age%3D1&field=ETag:%22a%22')
    faraday.get(target)
    clock.pass(10)
    adapter = lambda do |env|
      env.status = 503
      env.response_headers = Faraday::Utils::Headers.new
      env.body = 'sorry'
      env.response = Faraday::Response.new.finish(env)
    end
    failing = HTTPCache::FaradayMiddleware.new(adapter, faraday.app.then { |app| middleware(app).cache })
    response = failing.call(env_for(faraday.build_url(target)))
    assert_equal [200, '1', :used_stale], [response.status, response.body, report(response)[1]]
  end

  def test_timeouts_are_faraday_s
    faraday = connection
    target = fresh('/text/x?gate=faraday-timeout').sub('?field', '&field')
    assert_raises(Faraday::TimeoutError) { faraday.get(target) { |request| request.options.timeout = 0.05 } }
    assert_raises(Timeout::Error) { Timeout.timeout(0.05) { faraday.get(target) } }
    @origin.ask('/open/faraday-timeout')
    assert_equal [], open_files
  end

  def test_a_broken_body_is_not_stored
    faraday = connection
    chunked = @origin.raw("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab")
    2.times { assert_raises(Faraday::ConnectionFailed) { faraday.get(chunked) } }
    # Net::HTTP of Ruby 3.1 takes this for whole; the cache does not.
    short = @origin.raw("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 10\r\n\r\nshort")
    2.times { assert_equal [:forward, :not_stored], broken(faraday, short) }
    assert_equal [], open_files
  end

  # What the cache did; the client may see that the body is broken.
  def broken(faraday, target)
    report(faraday.get(target)).first(2)
  rescue Faraday::ConnectionFailed
    %i[forward not_stored]
  end

  def test_an_origin_that_is_no_http
    assert_raises(Faraday::ConnectionFailed) { connection.get(@origin.raw('nonsense')) }
  end

  def test_repeated_fields_are_one_as_faraday_has_them
    faraday = connection
    target = "#{fresh('/text/x')}&field=X-A:1&field=X-A:2"
    2.times { assert_equal '1, 2', faraday.get(target).headers['X-A'] }
  end

  def test_fields_of_the_connection_are_not_handed_on
    faraday = connection
    target = "#{fresh('/text/x')}&field=Connection:X-Hop&field=X-Hop:1&field=X-End:2"
    2.times do
      headers = faraday.get(target).headers
      assert_equal [nil, nil, '2'], [headers['Connection'], headers['X-Hop'], headers['X-End']]
    end
  end

  def test_middleware_on_both_sides
    outer = []
    inner = []
    faraday = connection(log: inner) { |f| f.use(Watch, outer) }
    2.times { faraday.get(fresh('/text/x')) }
    assert_equal [2, 1], [outer.size, inner.size]
    assert_equal [200, 200, 200], (outer + inner).map(&:last)
  end

  def test_what_cannot_be_said_to_the_cache_goes_past_it
    adapter = ->(env) { env.tap { env[:seen] = true } }
    middleware = HTTPCache::FaradayMiddleware.new(adapter, open_cache)
    assert middleware.call(env_for('mock://some_test_url/'))[:seen]
    assert middleware.call(env_for("http://h.test/#{'a' * 70_000}"))[:seen]
    assert middleware.call(env_for('http://h.test/') { |env| env.body = StringIO.new('x') })[:seen]
  end

  def test_the_normalised_url_is_sent_and_the_caller_s_is_kept
    sent = nil
    adapter = lambda do |env|
      sent = env.url.to_s
      env.status = 200
      env.response_headers = Faraday::Utils::Headers.new(FRESH)
      env.response = Faraday::Response.new.finish(env)
    end
    response = HTTPCache::FaradayMiddleware.new(adapter, open_cache).call(env_for('http://H.test:80/a/../b#c'))
    assert_equal ['http://h.test/b', 'http://H.test/a/../b#c'], [sent, response.env.url.to_s]
  end

  def test_a_cache_that_fails_is_passed_through
    path = directory
    faraday = connection(path)
    target = fresh('/text/x')
    faraday.get(target)
    FileUtils.rm_rf(path)
    assert_equal ['x', 'x'], [faraday.get(target).body, faraday.get(fresh('/text/x?a=1').sub('?field', '&field')).body]
  end

  def test_a_failing_filter_is_raised_from_the_request
    faraday = connection(directory, filter: ->(*) { raise ArgumentError, 'of the filter' })
    assert_raises(ArgumentError) { faraday.get(fresh('/text/x')) }
  end

  def test_threads
    faraday = connection
    threads = Array.new(4) do |i|
      Thread.new do
        10.times.map do |k|
          faraday.get(fresh("/body/#{100 + (k % 3)}")).body.size + i - i
        end
      end
    end
    assert_equal (0..9).map { |k| 100 + (k % 3) } * 4, threads.flat_map(&:value)
  end

  def test_a_fork
    cache = open_cache(cache_control: true)
    faraday = connection(cache)
    faraday.get(fresh('/text/x'))
    cache.flush
    in_child { assert_equal :fresh, report(faraday.get(fresh('/text/x')))[0] }
    assert_equal :fresh, report(faraday.get(fresh('/text/x')))[0]
  end

  def test_how_tls_is_verified_is_part_of_the_key
    cache = open_cache
    file = File.join(directory, 'ca.pem').tap { |path| File.write(path, 'certificates') }
    { {} => %i[forward fresh], { verify: false } => %i[forward fresh], { verify_mode: 0 } => %i[fresh fresh],
      { ca_file: file } => %i[forward fresh], { verify: true } => %i[fresh fresh],
      { client_cert: 'mine' } => %i[forward forward], { ca_path: '/' } => %i[forward forward],
      { ca_file: '/nowhere' } => [nil, nil] }.each do |ssl, decisions|
      faraday = Faraday.new(ssl: ssl) do |f|
        f.use :httpcache, cache
        f.adapter(:test) { |stub| stub.get('https://h.test/') { [200, FRESH, 'body'] } }
      end
      assert_equal decisions, Array.new(2) { faraday.get('https://h.test/').env[:httpcache]&.decision }, ssl.inspect
    end
  end
end
