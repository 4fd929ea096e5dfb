# frozen_string_literal: true

require_relative 'helper'

# Threads, fibers, and what interrupts them.
class TestThreads < CacheTest
  def setup
    super
    @origin = Origin.shared
    @cache = open_cache
  end

  # A target that is answered when the test says so.
  def gated(gate)
    @origin.url("/text/hello?field=Cache-Control:max-age%3D60&gate=#{gate}")
  end

  def wait_for_request(gate)
    @origin.ask("/waiting/#{gate}")
  end

  def open_gate(gate)
    @origin.ask("/open/#{gate}")
  end

  def test_other_threads_run_while_one_waits_for_the_origin
    thread = Thread.new { @cache.fetch(gated('threads-run'), &:body) }
    wait_for_request('threads-run')
    assert_equal :stored, store(@cache)
    assert_predicate thread, :alive?
    open_gate('threads-run')
    assert_equal 'hello', thread.value
  end

  def test_a_filter_runs_while_other_threads_wait
    asked = Queue.new
    cache = open_cache(filter: ->(request, _) { asked << request.url })
    waiting = Thread.new { cache.fetch(gated('threads-filter'), &:body) }
    wait_for_request('threads-filter')
    threads = Array.new(4) { |i| Thread.new { 20.times { |k| store(cache, get("#{URL}#{i}/#{k}")) } } }
    threads.each(&:join)
    open_gate('threads-filter')
    waiting.join
    assert_equal 81, asked.size
  end

  def test_many_threads_share_a_cache
    threads = Array.new(8) do |i|
      Thread.new do
        random = Random.new(i)
        100.times do
          number = random.rand(20)
          @cache.lookup(get("#{URL}#{number}")) do |exchange|
            next assert_equal(number.to_s * 5000, exchange.body) if exchange.answered?

            exchange.store(answer(200, FRESH, number.to_s * 5000))
          end
        end
      end
    end
    threads.each(&:join)
    assert_equal [20, 0], @cache.stats.then { |stats| [stats.responses, stats.errors] }
  end

  def test_fibers_share_a_cache
    fibers = Array.new(3) do |i|
      Fiber.new do
        @cache.lookup(get("#{URL}#{i}")) do |exchange|
          exchange.begin(answer(200, FRESH, nil))
          5.times { Fiber.yield exchange.write(i.to_s) }
          exchange.end
        end
      end
    end
    6.times { fibers.each(&:resume) }
    3.times { |i| assert_equal i.to_s * 5, @cache.lookup(get("#{URL}#{i}"), &:body) }
  end

  # Whatever the moment, nothing is left locked, lost or half done.
  def test_interrupts_at_any_moment
    request = get
    exchange = @cache.lookup(request)
    exchange.begin(answer(200, FRESH, nil))
    rounds = written = 0
    until (rounds += 1) > 200 && written > 100
      worker = quiet_thread do
        loop do
          @cache.lookup(get("#{URL}#{rand(50)}")) { |other| other.store(answer) if other.decision == :forward }
          exchange.write('x')
          written += 1
          request.fields
        end
      end
      Thread.pass while rand > 0.2
      rand > 0.5 ? worker.kill : worker.raise('now')
      worker.join rescue nil # rubocop:disable Style/RescueModifier
    end
    assert_equal :stored, exchange.end
    exchange.close
    assert_equal 'x', @cache.lookup(request) { |hit| hit.body.squeeze }
    request.close
    assert_equal 0, @cache.stats.errors
    @cache.flush
  end

  def test_one_at_a_time
    head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst"
    response = @cache.fetch(@origin.raw(head, '&more=%20last&gate=threads-one'))
    assert_equal 'first', response.readpartial(100)
    reading = Thread.new { response.read }
    wait_for_request('threads-one')
    Thread.pass until (error = message_of { response.key })
    assert_match(/MisuseError/, error)
    assert_match(/MisuseError/, message_of { response.close })
    open_gate('threads-one')
    assert_equal ' last', reading.value
    response.close
  end

  def test_closing_the_cache_while_another_thread_is_in_a_call
    thread = Thread.new { @cache.fetch(gated('threads-close'), &:body) }
    wait_for_request('threads-close')
    @cache.close
    assert_raises(HTTPCache::ClosedError) { decision(@cache) }
    open_gate('threads-close')
    assert_equal 'hello', thread.value
  end
end
