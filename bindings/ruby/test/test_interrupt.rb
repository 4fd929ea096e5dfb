# frozen_string_literal: true

require_relative 'helper'

# What interrupts a thread ends what it waits for: a fetch, and the reading of its body.
class TestInterrupt < CacheTest
  FIRST = "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 9\r\n\r\nfirst"
  # Far longer than an interrupt takes, far shorter than the timeouts of a fetch.
  SOON = 10

  def setup
    super
    @origin = Origin.shared
    @cache = open_cache
  end

  # Targets that are answered when the test says so; before they were, the gates stay shut.
  def gated
    @origin.url("/text/hello?field=Cache-Control:max-age%3D60&gate=#{name}")
  end

  # The same for the rest of a body.
  def gated_body
    @origin.raw(FIRST, "&more=last&gate=#{name}")
  end

  def wait_for_request = @origin.ask("/waiting/#{name}")

  def teardown
    @origin.ask("/open/#{name}")
    super
  end

  WAYS = {
    'kill' => ->(thread) { thread.kill },
    'raise' => ->(thread) { thread.raise(KeyError, 'of the test') }
  }.freeze

  # Interrupts a thread that is in the call; returns what it raised.
  def interrupt(way, &block)
    thread = quiet_thread(&block)
    wait_for_request
    Thread.pass until thread[:reads] != false && thread.stop?
    WAYS.fetch(way).call(thread)
    assert_same thread, thread.join(SOON) || flunk('the call goes on')
    nil
  rescue KeyError => e
    e
  end

  WAYS.each_key do |way|
    define_method(:"test_#{way}_ends_a_fetch") do
      error = interrupt(way) { @cache.fetch(gated) }
      assert_equal way == 'raise', !error.nil?
      assert_equal :forward, decision(@cache, gated)
    end

    define_method(:"test_#{way}_ends_the_reading_of_a_body") do
      response = nil
      error = interrupt(way) do
        Thread.current[:reads] = false
        response = @cache.fetch(gated_body)
        response.readpartial(100)
        Thread.current[:reads] = true
        response.read
      end
      assert_equal way == 'raise', !error.nil?
      assert_raises(HTTPCache::CancelledError) { response.read }
      response.close
      assert_equal :forward, decision(@cache, gated_body)
    end
  end

  def test_a_timeout_ends_a_fetch
    assert_raises(Timeout::Error) { Timeout.timeout(0.05) { @cache.fetch(gated) } }
    assert_equal :stored, store(@cache)
  end

  def test_a_timeout_ends_the_body
    @cache.fetch(gated_body) do |response|
      assert_equal 'first', response.readpartial(100)
      assert_raises(Timeout::Error) { Timeout.timeout(0.05) { response.body } }
    end
  end

  def test_a_request_that_was_interrupted_is_used_again
    request = get(gated, fields: { 'A' => 'b' }, body: 'content', head_timeout: 100)
    assert_raises(Timeout::Error) { Timeout.timeout(0.05) { @cache.fetch(request) } }
    @origin.ask("/open/#{name}")
    assert_equal 'hello', @cache.fetch(request, &:body)
    assert_equal ['b', 'content'], [request['A'], request.body]
  end

  def test_another_body_of_the_request_is_not_ended
    request = get(gated_body)
    kept = @cache.fetch(request)
    other = @cache.fetch(request)
    assert_raises(Timeout::Error) { Timeout.timeout(0.05) { other.read } }
    @origin.ask("/open/#{name}")
    assert_equal 'firstlast', kept.read
    [kept, other].each(&:close)
  end

  # What a program holds back stays held back.
  def test_an_interrupt_that_is_masked_waits
    thread = quiet_thread do
      Thread.handle_interrupt(KeyError => :never) { Thread.current[:body] = @cache.fetch(gated, &:body) }
    end
    wait_for_request
    thread.raise(KeyError)
    Thread.pass until thread.pending_interrupt?
    @origin.ask("/open/#{name}")
    assert_raises(KeyError) { thread.join }
    assert_equal 'hello', thread[:body]
  end

  def test_a_filter_is_ended_with_the_call_it_runs_in
    cache = open_cache(filter: ->(*) { Queue.new.pop })
    response = cache.fetch(@origin.url("/text/hello?field=Cache-Control:max-age%3D60&test=#{name}"))
    assert_raises(Timeout::Error) { Timeout.timeout(0.05) { response.body } }
    response.close
    assert_equal 0, cache.stats.responses
  end

  SIGNAL = <<~'RUBY'
    cache = HTTPCache::Cache.open(ARGV[0], cache_control: true)
    response = cache.fetch(ARGV[1]) if ARGV[2] == 'body'
    trap(:USR1) { puts 'seen' }
    $stdout.sync = true
    puts 'ready'
    begin
      response ? response.read : cache.fetch(ARGV[1])
    rescue Interrupt
      cache.lookup('http://h.test/') do |exchange|
        puts exchange.store(HTTPCache::Response.new(200, fields: { 'Cache-Control' => 'max-age=60' }, body: 'x'))
      end
    end
  RUBY

  { 'fetch' => :gated, 'body' => :gated_body }.each do |what, target|
    define_method(:"test_ctrl_c_ends_a_#{what}_in_the_main_thread") do
      lib = File.expand_path('../lib', __dir__)
      command = [RbConfig.ruby, '-I', lib, '-r', 'httpcache', '-e', SIGNAL, directory, send(target), what]
      IO.popen(command) do |program|
        assert_equal "ready\n", program.gets
        wait_for_request
        # A handler runs while the call waits, and ends nothing.
        Process.kill(:USR1, program.pid)
        assert_equal "seen\n", program.gets
        Process.kill(:INT, program.pid)
        assert_equal "stored\n", Timeout.timeout(SOON) { program.read }
      end
      assert_predicate $CHILD_STATUS, :success?
    end
  end

  # A thread that fetches and deletes, and is interrupted at some moment.
  def fetch_until_interrupted(request)
    read = 0
    worker = quiet_thread do
      loop do
        @cache.fetch(request) { |response| read += 1 if response.read.size == 200_000 }
        @cache.lookup(HTTPCache::Request.new('DELETE', request.url)) { |other| other.store(answer(200, {})) }
      end
    end
    # From the first moment to after some fetches, however quick the machine is.
    (10**rand(0.0..5.0)).to_i.times { Thread.pass }
    rand > 0.5 ? worker.kill : worker.raise(KeyError)
    worker.join rescue nil # rubocop:disable Style/RescueModifier
    read
  end

  # Whatever the moment, nothing is left locked, lost or half done.
  def test_interrupts_of_fetches_at_any_moment
    nginx = Nginx.new(directory)
    FileUtils.mkdir_p(File.join(nginx.files, 'fresh'))
    File.write(File.join(nginx.files, 'fresh', 'page'), 'x' * 200_000)
    request = get("#{nginx.url}/fresh/page")
    rounds = read = 0
    until (rounds += 1) > 60 && read > 10
      flunk 'none comes to its end' if rounds > 3000
      read += fetch_until_interrupted(request)
    end
    assert_equal 'x', @cache.fetch(request) { |response| response.body.squeeze }
    request.close
    assert_equal 0, @cache.stats.errors
  ensure
    nginx&.stop
  end
end
