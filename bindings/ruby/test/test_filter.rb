# frozen_string_literal: true

require_relative 'helper'

# The filter, and what may happen in a callback.
class TestFilter < CacheTest
  class Refused < StandardError; end

  # A cache whose filter is what `@filter` is at that time.
  def setup
    super
    @clock = TestClock.new
    @filter = ->(*) { true }
    @cache = open_cache(clock: @clock.to_proc, filter: ->(*arguments) { @filter.call(*arguments) })
  end

  def test_sees_request_and_response
    seen = nil
    @filter = lambda do |request, response|
      seen = [request.http_method, request.url, request['A'], request.body, response.status, response['Cache-Control'],
              response.body, response.body_size, response.from_cache?]
    end
    store(@cache, get(fields: { 'A' => 'b' }))
    assert_equal ['GET', URL, 'b', '', 200, 'max-age=60', 'body', 4, false], seen
    decision(@cache, get(fields: { 'A' => 'c' }))
    assert_equal ['c', true], seen.values_at(2, 8)
  end

  def test_what_it_refuses_is_not_stored
    [false, nil].each do |refusal|
      @filter = ->(*) { refusal }
      @cache.lookup(get) do |exchange|
        assert_equal [:not_stored, 'filter'], [exchange.store(answer), exchange.reason]
      end
    end
    assert_equal 0, @cache.stats.responses
  end

  def test_what_it_refuses_later_is_answered_once_more_and_deleted
    store(@cache)
    @filter = ->(*) { false }
    @cache.lookup(get) { |exchange| assert_equal [:fresh, 'body'], [exchange.decision, exchange.body] }
    assert_equal :forward, decision(@cache)
  end

  def test_anything_true_lets_it_stay
    @filter = ->(*) { 0 }
    assert_equal :stored, store(@cache)
    assert_equal :fresh, decision(@cache)
  end

  def test_an_exception_stores_nothing_and_is_raised_from_the_call
    @filter = ->(*) { raise Refused, 'why' }
    @cache.lookup(get) do |exchange|
      error = assert_raises(Refused) { exchange.store(answer) }
      assert_equal 'why', error.message
      assert_includes error.backtrace.join, __FILE__
      assert_equal [:not_stored, :not_stored], [exchange.outcome, exchange.view.outcome]
    end
    assert_equal [0, 0], @cache.stats.then { |stats| [stats.responses, stats.errors] }
  end

  def test_an_exception_deletes_nothing_and_is_raised_from_the_lookup
    store(@cache)
    @filter = ->(*) { raise Refused }
    2.times { assert_raises(Refused) { @cache.lookup(get) } }
    @filter = ->(*) { true }
    assert_equal :fresh, decision(@cache)
  end

  def test_an_exception_in_pieces_is_raised_from_the_end
    @filter = ->(*) { raise Refused }
    @cache.lookup(get) do |exchange|
      exchange.begin(answer(200, FRESH, nil))
      exchange << 'body'
      assert_raises(Refused) { exchange.end }
      assert_equal [:not_stored, false], [exchange.outcome, exchange.answered?]
    end
  end

  def test_an_exception_on_a_stale_answer_is_raised_from_the_failure
    cache = open_cache(clock: @clock.to_proc, stale_if_error: :never, filter: ->(*) { @filter.call })
    @filter = -> { true }
    store(cache)
    @clock.pass(100)
    @filter = -> { raise Refused }
    cache.lookup(get) do |exchange|
      assert_raises(Refused) { exchange.failure }
      assert_equal [:used_stale, 'body', true], [exchange.outcome, exchange.body, exchange.answered?]
    end
  end

  def test_an_exception_does_not_come_up_again
    @filter = ->(*) { raise Refused }
    assert_raises(Refused) { store(@cache) }
    @filter = ->(*) { true }
    assert_equal :stored, store(@cache)
    assert_nil HTTPCache::Callback.raise_failure
  end

  # All that could leave a block other than by its value.
  LEAVING = {
    'throw' => [->(*) { throw :out }, UncaughtThrowError],
    'fiber_yield' => [->(*) { Fiber.yield }, FiberError],
    'exit' => [->(*) { exit }, SystemExit],
    'abort' => [->(*) { raise Interrupt }, Interrupt],
    'no_memory' => [->(*) { raise NoMemoryError }, NoMemoryError],
    'stack' => [->(*) { (deep = -> { deep.call + 1 }).call }, SystemStackError],
    'wrong_arity' => [-> {}, ArgumentError],
    'name_error' => [->(*) { no_such_thing }, NameError],
    'not_implemented' => [->(*) { raise NotImplementedError }, NotImplementedError]
  }.freeze

  LEAVING.each do |name, (block, error)|
    define_method(:"test_leaving_by_#{name}") do
      cache = open_cache(filter: block)
      assert_raises(error) { catch(:out) { store(cache) } }
      assert_equal 0, cache.stats.responses
      assert_equal :forward, decision(cache)
    end
  end

  def leave_by_return
    @filter = proc { return :left }
    store(@cache)
  end

  def leave_by_break
    @cache = open_cache.tap { |cache| store(cache) }
    options = HTTPCache::Options.new
    options.filter { break :left }
    store(open_cache(directory, options))
  end

  def test_leaving_by_return_or_break
    assert_raises(LocalJumpError) { leave_by_return }
    assert_raises(LocalJumpError) { leave_by_break }
  end

  def test_leaving_by_the_end_of_the_thread
    returned = false
    @filter = ->(*) { Thread.exit }
    thread = Thread.new do
      store(@cache)
      returned = true
    end
    assert_same thread, thread.join(20)
    refute returned
    @filter = ->(*) { true }
    assert_equal :stored, store(@cache)
  end

  def test_it_may_use_the_cache
    inner = nil
    @filter = lambda do |*|
      @filter = ->(*) { true }
      inner = store(@cache, get("#{URL}inner"))
    end
    assert_equal [:stored, :stored], [store(@cache), inner]
    assert_equal :fresh, decision(@cache, get("#{URL}inner"))
  end

  def test_it_may_close_the_cache_which_closes_after_the_call
    store(@cache)
    address = nil
    @filter = lambda do |*|
      @cache.close
      address = @cache.instance_variable_get(:@address)
    end
    assert_equal :fresh, decision(@cache)
    # What the call was still in was not destroyed.
    refute_nil address
    assert_nil @cache.instance_variable_get(:@address)
    assert_raises(HTTPCache::ClosedError) { decision(@cache) }
  end

  def test_it_may_close_the_cache_of_an_exchange
    @filter = ->(*) { @cache.close || true }
    assert_equal :stored, store(@cache)
  end

  def test_it_may_not_use_the_objects_of_the_call
    errors = []
    @cache.lookup(get) do |exchange|
      @filter = lambda do |*|
        [:reason, :close, :body].each { |verb| errors << message_of { exchange.public_send(verb) } }
        true
      end
      assert_equal :stored, exchange.store(answer)
      assert_equal 'body', exchange.body
    end
    assert_equal 3, errors.grep(/MisuseError/).size, errors.inspect
  end

  def test_what_it_is_lent_is_closed_after_it
    lent = nil
    @filter = ->(_, response) { lent = response }
    store(@cache)
    assert_raises(HTTPCache::ClosedError) { lent.status }
    assert_raises(HTTPCache::ClosedError) { lent.body }
    assert_nil lent.close
  end

  def test_it_may_not_change_the_response
    @filter = ->(_, response) { response.add('A', 'b') }
    assert_raises(HTTPCache::MisuseError) { store(@cache) }
  end

  def test_its_timeouts_work
    @filter = ->(*) { Timeout.timeout(0.01) { Queue.new.pop } }
    assert_raises(Timeout::Error) { store(@cache) }
    assert_equal :forward, decision(@cache)
  end

  def test_a_timeout_around_the_call_ends_it
    @filter = ->(*) { Queue.new.pop }
    assert_raises(Timeout::Error) { Timeout.timeout(0.01) { store(@cache) } }
  end

  # Timeout throws where its exception is raised anew: it must not be raised inside of the library.
  def test_a_timeout_around_the_call_leaves_nothing_behind
    before = HTTPCache::Callback::LIVE.size
    cache = open_cache(filter: ->(*) { Queue.new.pop })
    assert_raises(Timeout::Error) { Timeout.timeout(0.01) { store(cache) } }
    cache.close
    assert_equal before, HTTPCache::Callback::LIVE.size
  end

  def test_it_is_freed_when_nothing_uses_it
    before = HTTPCache::Callback::LIVE.size
    options = HTTPCache::Options.new(filter: ->(*) { true })
    cache = HTTPCache::Cache.open(directory, options)
    options.close
    assert_equal before + 1, HTTPCache::Callback::LIVE.size
    exchange = cache.lookup(get)
    cache.close
    exchange.close
    assert_equal before, HTTPCache::Callback::LIVE.size
  end

  def test_a_failing_clock_is_raised_and_the_system_s_time_holds
    cache = open_cache(clock: -> { raise Refused })
    assert_raises(Refused) { decision(cache) }
    cache = open_cache(clock: -> { 'noon' })
    assert_raises(TypeError) { decision(cache) }
  end

  def test_a_failing_log_is_raised
    options = HTTPCache::Options.new(filter: ->(*) { raise 'no' })
    options.log(:warning) { raise Refused }
    assert_includes [Refused, RuntimeError], assert_raises(StandardError) {
                                               store(open_cache(directory, options))
                                             }.class
  end
end
