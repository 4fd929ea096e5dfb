# frozen_string_literal: true

require_relative 'faraday_helper'
require 'json'
require 'zlib'

# Bodies through the middleware: in pieces, coded, repeated, parallel.
class TestFaradayContent < FaradayTest
  PASSES_ENV = Faraday::Env.method_defined?(:stream_response)

  # Gets in pieces; returns the response, the pieces and their arguments.
  def stream(faraday, target, fields = nil, &other)
    calls = []
    response = faraday.get(target, nil, fields) do |request|
      request.options.on_data = proc do |piece, size, env|
        calls << [piece, size, env&.status]
        other&.call(piece)
      end
    end
    [response, calls.map(&:first).join, calls]
  end

  def test_pieces_of_miss_and_hit
    faraday = connection
    target = fresh('/body/1000000')
    [%i[forward stored], [:fresh, nil]].each do |expected|
      response, body, calls = stream(faraday, target)
      assert_equal [expected, '', 200], [report(response).first(2), response.body.to_s, response.status]
      assert_equal Origin.body(1_000_000), body
      assert_operator calls.size, :>, 10
      assert_equal calls.map { |piece, _| piece.bytesize }.sum, calls.last[1]
      assert_equal [PASSES_ENV ? 200 : nil], calls.map(&:last).uniq
    end
    assert_equal Origin.body(1_000_000), faraday.get(target).body
  end

  def test_the_first_piece_comes_before_the_last_is_sent
    target = @origin.raw("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 9\r\n\r\nfirst",
                         '&more=last&gate=content-first')
    _, body, calls = stream(connection, target) { |piece| @origin.ask('/open/content-first') if piece == 'first' }
    assert_equal ['firstlast', %w[first last]], [body, calls.map(&:first)]
  end

  def test_an_empty_body_is_one_empty_piece
    faraday = connection
    2.times { assert_equal [''], stream(faraday, fresh('/body/0'))[2].map(&:first) }
  end

  def test_a_304_gives_the_stored_pieces
    faraday = connection
    target = url('/version/content-304?etag=strong&field=Cache-Control:max-age%3D0')
    faraday.get(target)
    response, body, = stream(faraday, target)
    assert_equal [[:revalidate, :freshened], "content-304 version 1\n"], [report(response).first(2), body]
    @origin.change('content-304')
    response, body, = stream(faraday, target)
    assert_equal [[:revalidate, :stored], "content-304 version 2\n"], [report(response).first(2), body]
  end

  # An adapter in place of the network, as those of this Faraday call the handler.
  def adapter(*answers)
    lambda do |env|
      status, fields, body = answers.shift
      raise Faraday::ConnectionFailed, 'of the test' unless status

      answer = lambda do
        env.status = status
        env.reason_phrase = 'Test'
        env.response_headers = Faraday::Utils::Headers.new(fields)
      end
      answer.call if PASSES_ENV
      handed = body.chars.each_slice(2).map(&:join)
      if env.request.on_data
        handed.each do |piece|
          env.request.on_data.call(*(PASSES_ENV ? [piece, 0, env] : [piece, 0]))
        end
      end
      answer.call
      env.body = env.request.on_data ? '' : body
      env.response = Faraday::Response.new.finish(env)
    end
  end

  def stream_from(middleware, fields = {})
    pieces = []
    env = env_for('http://h.test/') do |made|
      made.request.on_data = proc { |piece| pieces << piece }
      made.request_headers.update(fields)
    end
    [middleware.call(env), pieces.join]
  end

  def get_from(middleware)
    response = middleware.call(env_for('http://h.test/'))
    [response, response.body]
  end

  def stored_and_then(*answers)
    clock = TestClock.new
    cache = open_cache(clock: clock.to_proc, stale_if_error: :never)
    fields = { 'Cache-Control' => 'max-age=60', 'ETag' => '"a"' }
    middleware = HTTPCache::FaradayMiddleware.new(adapter([200, fields, 'stored'], *answers), cache)
    get_from(middleware)
    clock.pass(100)
    middleware
  end

  %i[get_from stream_from].each do |way|
    define_method(:"test_#{way}_an_error_is_not_seen_where_a_stale_response_stands_in") do
      [[503, {}, 'sorry'], [nil]].each do |answer|
        response, body = send(way, stored_and_then(answer))
        assert_equal ['stored', 200, :used_stale], [body, response.status, report(response)[1]]
      end
    end

    define_method(:"test_#{way}_a_304_that_fits_nothing_is_asked_again") do
      response, body = send(way, stored_and_then([304, { 'ETag' => '"b"' }, ''], [200, { 'ETag' => '"b"' }, 'second']))
      assert_equal ['second', 200, :stored], [body, response.status, report(response)[1]]
      assert_empty response.env.request_headers
    end

    define_method(:"test_#{way}_the_answer_to_the_second_request_may_fail") do
      response, body = send(way, stored_and_then([304, { 'ETag' => '"b"' }, ''], [nil]))
      assert_equal ['stored', :used_stale], [body, report(response)[1]]
    end

    define_method(:"test_#{way}_what_is_no_answer_is_handed_on") do
      response, body = send(way, HTTPCache::FaradayMiddleware.new(adapter([1000, { 'A' => 'b' }, 'odd']), open_cache))
      assert_equal ['odd', 1000, 'b'], [body, response.status, response.headers['A']]
      assert_nil report(response)[1]
    end
  end

  def test_a_body_that_a_parser_took_is_not_stored
    cache = open_cache
    parsed = Object.new
    app = lambda do |env|
      adapter([200, FRESH, 'x']).call(env).tap { env.body = parsed }
    end
    response, body = get_from(HTTPCache::FaradayMiddleware.new(app, cache))
    assert_same parsed, body
    assert_equal [200, 0], [response.status, cache.stats.responses]
  end

  def test_a_body_that_breaks_off_is_faraday_s_error
    ['no-store', 'max-age=60'].each do |directive|
      head = "HTTP/1.1 200 OK\r\nCache-Control: #{directive}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n5\r\nab"
      faraday = connection(directory, stale_if_error: :never)
      2.times { assert_raises(Faraday::ConnectionFailed) { stream(faraday, @origin.raw(head)) } }
    end
    assert_equal [], open_files
  end

  def test_a_handler_that_raises_stores_nothing
    faraday = connection(directory, stale_if_error: :never)
    [RuntimeError, IOError, Timeout::Error].each do |error|
      raised = assert_raises(StandardError) { stream(faraday, fresh('/body/100000')) { raise error, 'of the handler' } }
      assert_includes raised.full_message, 'of the handler'
    end
    assert_equal [], open_files
    assert_equal :forward, report(faraday.get(fresh('/body/100000')))[0]
  end

  # Faraday 1 gives pieces before the head: they are kept until it is known.
  def test_a_large_body_whose_head_comes_late
    middleware = stored_and_then([200, FRESH, 'x' * 600_000])
    assert_equal 'x' * 600_000, stream_from(middleware)[1]
    assert_equal [:fresh, 'x' * 600_000], get_from(middleware).then { |response, body| [report(response)[0], body] }
  end

  def gzip_server
    directory.then do |path|
      nginx = Nginx.new(path)
      FileUtils.mkdir_p(File.join(nginx.files, 'fresh'))
      @text = JSON.generate((1..20_000).map { |i| { 'number' => i } })
      File.write(File.join(nginx.files, 'fresh', 'a.json'), @text)
      yield "#{nginx.url}/fresh/a.json"
    ensure
      nginx&.stop
    end
  end

  def test_gzip_is_asked_for_stored_and_decoded
    gzip_server do |target|
      cache = open_cache
      faraday = connection(cache)
      2.times do |round|
        response = faraday.get(target)
        assert_equal [@text, nil, @text.bytesize.to_s, round.zero? ? :forward : :fresh],
                     [response.body, response.headers['Content-Encoding'], response.headers['Content-Length'],
                      report(response)[0]]
      end
      cache.lookup(get(target, fields: { 'Accept-Encoding' => 'gzip' })) do |exchange|
        assert_equal [:fresh, 'gzip'], [exchange.decision, exchange['Content-Encoding']]
        assert_equal @text, Zlib.gunzip(exchange.body)
      end
    end
  end

  def test_gzip_in_pieces
    gzip_server do |target|
      faraday = connection
      2.times { assert_equal @text, stream(faraday, target)[1] }
    end
  end

  def test_an_accept_encoding_of_the_caller_s_is_his
    gzip_server do |target|
      faraday = connection
      2.times do
        response = faraday.get(target, nil, { 'Accept-Encoding' => 'gzip' })
        assert_equal 'gzip', response.headers['Content-Encoding']
        assert_equal @text, Zlib.gunzip(response.body)
      end
    end
  end

  def test_a_body_that_is_not_what_its_coding_says
    body = Zlib.gzip('x' * 1000)
    ["#{body.byteslice(0, 10)}nonsense".b, body.byteslice(0, body.bytesize / 2)].each do |broken|
      app = adapter([200, FRESH.merge('Content-Encoding' => 'gzip'), broken])
      assert_raises(Faraday::ParsingError) { get_from(HTTPCache::FaradayMiddleware.new(app, open_cache)) }
    end
  end

  # Requests that an adapter finishes later, all at once.
  class Parallel < Faraday::Adapter
    self.supports_parallel = true
    Manager = Struct.new(:waiting) do
      def run
        waiting.shift.call until waiting.empty?
      end
    end

    def self.setup_parallel_manager(*)
      Manager.new([])
    end

    def initialize(app, answers)
      super(app)
      @answers = answers
    end

    def call(env)
      super
      finish = lambda do
        status, fields, body = @answers.shift
        save_response(env, status, +body, fields, 'Test')
        env.response.finish(env) if env.parallel?
      end
      env.parallel? ? env.parallel_manager.waiting << finish : finish.call
      env.response
    end
  end

  def test_requests_in_parallel
    clock = TestClock.new
    cache = open_cache(clock: clock.to_proc)
    answers = [[200, FRESH.merge('ETag' => '"a"'), 'first'], [304, { 'ETag' => '"b"' }, ''], [200, FRESH, 'second']]
    faraday = Faraday.new('http://h.test') do |f|
      f.use :httpcache, cache
      f.adapter Parallel, answers
    end
    responses = %w[first second second].map do |expected|
      response = nil
      faraday.in_parallel { response = faraday.get('/') }
      assert_equal [200, expected], [response.status, response.body]
      clock.pass(100) if expected == 'first'
      response
    end
    assert_equal(%i[stored stored] << nil, responses.map { |response| report(response)[1] })
  end
end
