# frozen_string_literal: true

require_relative 'helper'

# A cache from before a fork works in parent and child; other objects can only be closed in the child.
class TestFork < CacheTest
  BODY = 'b' * 200_000

  def setup
    super
    @cache = open_cache
    store(@cache, get, answer(200, FRESH, BODY))
    @cache.flush
  end

  def use(cache, name)
    cache.lookup(get) { |exchange| assert_equal BODY, exchange.body }
    ['small', BODY].each_with_index do |body, i|
      assert_equal :stored, store(cache, get("#{URL}#{name}/#{i}"), answer(200, FRESH, body))
      cache.lookup(get("#{URL}#{name}/#{i}")) { |exchange| assert_equal body, exchange.response.read }
    end
    cache.flush
    assert_equal 0, cache.stats.errors
  end

  def test_the_cache_works_in_both
    in_child { use(@cache, 'child') }
    use(@cache, 'parent')
    assert_equal :fresh, decision(@cache, get("#{URL}child/1"))
  end

  def test_closed_in_the_child_it_works_in_the_parent
    in_child do
      @cache.close
      assert_raises(HTTPCache::ClosedError) { decision(@cache) }
    end
    use(@cache, 'parent')
  end

  def test_closed_in_the_parent_it_works_in_the_child
    ready, go = IO.pipe
    child = Thread.new { in_child { go.close && ready.read && use(@cache, 'child') } }
    Thread.pass until child.stop? || !child.alive?
    ready.close
    @cache.close
    go.close
    child.value
  end

  def test_a_cache_of_the_child_s_own
    in_child { use(open_cache(@directories.first), 'child') }
    use(@cache, 'parent')
  end

  def test_many_children_at_once
    threads = Array.new(4) { |i| Thread.new { in_child { use(@cache, "child#{i}") } } }
    threads.each(&:join)
    use(@cache, 'parent')
  end

  def test_what_was_built_before_is_used_in_both
    request = get("#{URL}built", fields: { 'A' => 'b' }, expire_after: 60)
    response = answer(200, {}, BODY)
    options = HTTPCache::Options.new(cache_control: true)
    in_child do
      request.add('C', 'd')
      assert_equal %w[b d], [request['A'], request['C']]
      assert_equal :stored, store(open_cache(directory, options), request, response)
      [request, response, options].each(&:close)
    end
    assert_equal [['A', 'b']], request.fields
    assert_equal :stored, store(open_cache(directory, options), request, response)
  end

  # Each object, and what is no error: it can be closed.
  OBJECTS = {
    'exchange' => ->(test) { test.forwarded.tap { |x| x.begin(test.answer) } },
    'hit' => ->(test) { test.hit },
    'response' => ->(test) { test.hit.response }
  }.freeze
  USES = {
    'exchange' => [->(x) { x.write('x') }, :end.to_proc, :failure.to_proc],
    'hit' => [:response.to_proc],
    'response' => [:read.to_proc, :body.to_proc]
  }.freeze

  OBJECTS.each do |name, make|
    define_method(:"test_#{name}_of_the_parent_is_misuse_in_the_child") do
      object = make.call(self)
      in_child do
        USES.fetch(name).each { |use| assert_raises(HTTPCache::MisuseError) { use.call(object) } }
        object.close
        assert_predicate object, :closed?
        use(@cache, 'child')
      end
      object.close
      use(@cache, 'parent')
    end
  end

  def forwarded = @cache.lookup(get("#{URL}forwarded"))
  def hit = @cache.lookup(get)

  def test_the_parent_goes_on_with_its_objects
    exchange = forwarded
    exchange.begin(answer(200, FRESH, nil))
    response = hit.response
    response.read(10)
    in_child { [exchange, response].each(&:close) }
    exchange << BODY
    assert_equal :stored, exchange.end
    assert_equal BODY.size - 10, response.read.size
  end

  def test_requests_and_callbacks_work_in_the_child
    cache = open_cache(filter: ->(request, _) { !request.url.end_with?('no') })
    in_child do
      assert_equal :stored, store(cache, get("#{URL}yes"))
      assert_equal :not_stored, store(cache, get("#{URL}no"))
    end
    assert_equal :not_stored, store(cache, get("#{URL}no"))
  end

  def test_a_fork_while_other_threads_are_in_the_cache
    stop = false
    threads = Array.new(3) do |i|
      Thread.new { (0..).each { |k| stop ? break : store(@cache, get("#{URL}#{i}/#{k}"), answer(200, FRESH, BODY)) } }
    end
    5.times { |i| in_child { use(@cache, "child#{i}") && @cache.close } }
    stop = true
    threads.each(&:join)
    use(@cache, 'parent')
  end

  def test_a_fork_in_a_filter
    children = 0
    cache = open_cache(filter: lambda do |*|
      children += 1
      in_child { use(@cache, "child#{children}") }
      true
    end)
    assert_equal :stored, store(cache)
    assert_equal 1, children
  end

  # Finalizers of the parent's objects run in the child, too.
  def test_a_child_that_ends_as_programs_do
    assert_equal "child\nparent\n", ruby(<<~'RUBY', directory)
      $stdout.sync = true
      cache = HTTPCache::Cache.open(ARGV[0], cache_control: true, clock: -> { Time.now })
      answer = lambda do
        HTTPCache::Response.new(200, fields: { 'Cache-Control' => 'max-age=60' }, body: 'x' * 100_000)
      end
      exchange = cache.lookup('http://h.test/')
      exchange.begin(answer.call)
      exchange << 'abc'
      child = fork do
        GC.start
        cache.lookup('http://h.test/2') { |other| other.store(answer.call) }
        puts 'child'
      end
      _, status = Process.wait2(child)
      exit(1) unless status.success?
      exchange << 'def'
      exit(2) unless exchange.end == :stored
      exit(3) unless exchange.body == 'abcdef'
      exit(4) unless cache.lookup('http://h.test/2', &:decision) == :fresh
      puts 'parent'
    RUBY
  end
end
