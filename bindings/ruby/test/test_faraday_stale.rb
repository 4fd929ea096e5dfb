# frozen_string_literal: true

require_relative 'faraday_helper'

# What is stale while it is revalidated (RFC 5861 3): the answer comes at once, the origin is asked behind it.
class TestFaradayStale < FaradayTest
  FIELDS = { 'Cache-Control' => 'max-age=60, stale-while-revalidate=3600', 'ETag' => '"a"' }.freeze

  # An origin that answers when it is told to; what it was sent is in `asked`. A symbol fails.
  class Network
    attr_reader :asked, :answers

    def initialize(knows_pieces: true)
      @knows_pieces = knows_pieces
      @asked = Queue.new
      @answers = Queue.new
    end

    def call(env)
      @asked << env.request_headers.to_h
      status, fields, body = @answers.pop
      raise Faraday::ConnectionFailed, 'of the test' if status == :failed

      env.status = status
      env.reason_phrase = 'Test'
      env.response_headers = Faraday::Utils::Headers.new(fields)
      body = hand_on(env, body) if @knows_pieces && env.request.on_data
      env.body = body
      env.response = Faraday::Response.new.finish(env)
    end

    def close = nil

    def hand_on(env, body)
      arguments = env.respond_to?(:stream_response) ? [0, env] : [0]
      body.each_char { |piece| env.request.on_data.call(piece, *arguments) }
      +''
    end
  end

  def setup
    super
    @clock = TestClock.new
    @cache = open_cache(clock: @clock.to_proc)
    @network = Network.new
    @middleware = HTTPCache::FaradayMiddleware.new(@network, @cache)
    @network.answers << [200, FIELDS, 'old']
    ask
    @network.asked.clear
    @clock.pass(100)
  end

  def teardown
    # None waits for ever.
    4.times { @network.answers << :failed }
    @middleware.close
    super
  end

  def ask(middleware = @middleware, &block)
    response = middleware.call(env_for(URL, &block))
    [response.body, report(response).first]
  end

  # Lets the origin answer, and waits until what it said has arrived.
  def answer_with(*answers)
    answers.each { |answer| @network.answers << answer }
    @middleware.close
  end

  STALE = ['old', :stale_revalidate].freeze

  def test_the_answer_comes_before_the_origin_s
    assert_equal STALE, ask
    assert_equal '"a"', @network.asked.pop['If-None-Match']
    answer_with([200, FRESH, 'new'])
    assert_equal ['new', :fresh], ask
    assert_empty @network.asked
  end

  def test_many_readers_ask_once
    assert_equal STALE, ask
    5.times { assert_equal ['old', :stale], ask }
    answer_with([200, FRESH, 'new'])
    assert_equal 1, @network.asked.size
    assert_equal ['new', :fresh], ask
  end

  def test_a_304_freshens
    ask
    answer_with([304, FIELDS, ''])
    assert_equal ['old', :fresh], ask
  end

  def test_a_304_that_fits_nothing_is_asked_again
    ask
    answer_with([304, { 'ETag' => '"b"' }, ''], [200, FRESH, 'new'])
    assert_equal [true, false], Array.new(2) { @network.asked.pop.key?('If-None-Match') }
    assert_equal ['new', :fresh], ask
  end

  def test_an_origin_that_fails_changes_nothing
    [:failed, [500, {}, 'sorry']].each do |answer|
      assert_equal STALE, ask
      answer_with(answer)
    end
    assert_equal STALE, ask
  end

  def test_what_the_caller_asked_and_got_is_his
    response = @middleware.call(env_for(URL))
    before = [response.env.request_headers.dup, response.headers.dup, response.status, response.env[:httpcache]]
    answer_with([200, FRESH, 'new'])
    assert_equal before, [response.env.request_headers, response.headers, response.status, response.env[:httpcache]]
    refute_includes response.env.request_headers.keys, 'If-None-Match'
    assert_equal [:stale_revalidate, nil, true],
                 [*report(response).first(2), response.env[:httpcache].view.expired?]
  end

  def test_pieces
    pieces = []
    ask { |env| env.request.on_data = proc { |piece| pieces << piece } }
    assert_equal ['old'], pieces
    answer_with([200, FRESH, 'new'])
    assert_equal [['old'], ['new', :fresh]], [pieces, ask]
  end

  def test_a_handler_that_raises_ends_it
    assert_raises(KeyError) { ask { |env| env.request.on_data = proc { raise KeyError } } }
    assert_empty @network.asked
    assert_equal STALE, ask
  end

  def test_an_adapter_that_knows_no_pieces
    network = Network.new(knows_pieces: false)
    middleware = HTTPCache::FaradayMiddleware.new(network, @cache)
    network.answers << [200, FRESH, 'new'] << [200, FRESH, 'other']
    ask(middleware)
    middleware.close
    assert_equal ['new', :fresh], ask
    # In front of the caller as well.
    pieces = []
    env = env_for("#{URL}other") { |made| made.request.on_data = proc { |piece| pieces << piece } }
    assert_equal ['', ['other']], [middleware.call(env).body, pieces]
    assert_equal 'other', @cache.lookup("#{URL}other", &:body)
  end

  # None of their own: the origin is asked before the request returns.
  def test_without_threads
    middleware = HTTPCache::FaradayMiddleware.new(@network, @cache, background: 0)
    @network.answers << [200, FRESH, 'new']
    assert_equal STALE, ask(middleware)
    assert_equal ['new', :fresh], ask(middleware)
  end

  def test_more_than_there_are_threads_are_asked_in_front
    middleware = HTTPCache::FaradayMiddleware.new(@network, @cache, background: 1)
    store(@cache, get("#{URL}2"), answer(200, FIELDS))
    @clock.pass(100)
    assert_equal STALE, ask(middleware)
    @network.asked.pop
    second = Thread.new { middleware.call(env_for("#{URL}2")) }
    @network.asked.pop
    assert_predicate second, :alive?
    2.times { @network.answers << [200, FRESH, 'new'] }
    assert_equal 'body', second.value.body
    middleware.close
    assert_equal [:fresh, :fresh], [URL, "#{URL}2"].map { |url| decision(@cache, get(url)) }
  end

  def test_a_failing_filter_is_reported_by_the_thread
    cache = open_cache(clock: @clock.to_proc, filter: ->(_, response) { response.body == 'old' or raise KeyError })
    middleware = HTTPCache::FaradayMiddleware.new(@network, cache)
    @network.answers << [200, FIELDS, 'old']
    ask(middleware)
    @clock.pass(100)
    _, error = capture_io do
      assert_equal STALE, ask(middleware)
      @network.answers << [200, FRESH, 'new']
      middleware.close
    end
    assert_match(/KeyError/, error)
    assert_equal STALE, ask(middleware)
  ensure
    @network.answers << :failed
    middleware.close
  end

  def test_a_child_asks_for_itself
    assert_equal STALE, ask
    @cache.flush
    in_child do
      middleware = HTTPCache::FaradayMiddleware.new(@network, @cache)
      @network.answers << [200, FRESH, 'of the child']
      ask(middleware)
      middleware.close
      assert_equal ['of the child', :fresh], ask(middleware)
    end
  end

  def test_over_net_http
    clock = TestClock.new(Time.now)
    cache = open_cache(clock: clock.to_proc)
    asked = []
    faraday = connection(cache, log: asked)
    target = url('/version/faraday-stale?etag=strong&field=Cache-Control:max-age%3D1,stale-while-revalidate%3D3600')
    faraday.get(target)
    @origin.change('faraday-stale')
    clock.pass(10)
    response = faraday.get(target)
    assert_equal ["faraday-stale version 1\n", :stale_revalidate], [response.body, report(response)[0]]
    faraday.close
    assert_equal "faraday-stale version 2\n", cache.lookup(faraday.build_url(target), &:body)
    assert_equal 2, asked.size
  end
end
