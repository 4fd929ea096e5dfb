# frozen_string_literal: true

require_relative 'helper'

# The garbage collector takes what was forgotten, in whatever order.
class TestLifetime < CacheTest
  # What is alive in a thread's stack would stay; so each is made in a process of its own.
  MAKE = <<~'RUBY'
    GC.stress = false
    URL = 'http://h.test/'
    def answer(body = 'body')
      HTTPCache::Response.new(200, fields: { 'Cache-Control' => 'max-age=60' }, body: body)
    end
    def get(number = 0) = HTTPCache::Request.new('GET', "#{URL}#{number}")
    def open(directory) = HTTPCache::Cache.open(directory, cache_control: true, clock: -> { Time.now },
                                                            filter: ->(*) { true }, logger: Logger.new($stdout))
    def collect
      3.times { GC.start(full_mark: true, immediate_sweep: true) }
    end
    def alive = HTTPCache::Callback::LIVE.size
    def quietly(&block) = Thread.new(&block).value && nil
  RUBY

  def run_program(program)
    ruby("#{MAKE}\n#{program}", directory)
  end

  def test_caches_are_closed_and_their_callbacks_freed
    out = run_program(<<~'RUBY')
      quietly { 10.times { |i| open("#{ARGV[0]}/#{i}") } }
      collect
      quietly { [nil] * 100 }
      collect
      puts alive
    RUBY
    # A conservative collector may find one of them on the stack.
    assert_operator out.to_i, :<=, 6
  end

  def test_objects_of_all_kinds_go_in_any_order
    assert_equal "ok\n", run_program(<<~'RUBY')
      20.times do |round|
        quietly do
          cache = open(ARGV[0])
          objects = Array.new(20) do |i|
            exchange = cache.lookup(get(i))
            case [round, i].sum % 4
            when 0 then exchange.begin(answer(nil)) && exchange.write('x' * 100_000) if exchange.decision == :forward
            when 1 then exchange.store(answer) if exchange.decision == :forward
            when 2 then exchange = [exchange, exchange.response, exchange.forward]
            when 3 then exchange = [exchange, cache.walk(bodies: true).tap(&:first)]
            end
            [exchange, answer, HTTPCache::Options.new(filter: ->(*) { cache })]
          end
          objects.shuffle!.pop(10)
          collect
          objects.flatten.each { |object| object&.close if rand > 0.5 }
          true
        end
        collect
      end
      puts 'ok'
    RUBY
  end

  def test_a_response_outlives_its_cache_and_exchange
    assert_equal "200000\n", run_program(<<~'RUBY')
      def response
        cache = open(ARGV[0])
        cache.lookup(get) { |exchange| exchange.store(answer('x' * 200_000)) }
        cache.lookup(get).response
      end
      kept = response
      collect
      puts kept.read.size
    RUBY
  end

  def test_callbacks_outlive_the_block_that_made_them
    assert_equal "ok\n", run_program(<<~'RUBY')
      cache = open(ARGV[0])
      200.times do |i|
        collect if (i % 50).zero?
        cache.lookup(get(i)) { |exchange| exchange.store(answer) }
      end
      puts 'ok'
    RUBY
  end

  def test_under_the_stress_of_the_collector
    assert_equal "ok\n", run_program(<<~'RUBY')
      cache = open(ARGV[0])
      GC.stress = true
      2.times { |i| cache.lookup(get(i)) { |exchange| exchange.store(answer) } }
      2.times { |i| cache.lookup(get(i)) { |exchange| exchange.body == 'body' or raise } }
      begin
        HTTPCache::Request.new('GET', 'nonsense')
      rescue HTTPCache::InvalidURLError => e
        e.message
      end
      GC.stress = false
      puts 'ok'
    RUBY
  end

  def test_under_compaction
    assert_equal "ok\n", run_program(<<~'RUBY')
      GC.auto_compact = true
      cache = open(ARGV[0])
      300.times do |i|
        cache.lookup(get(i)) { |exchange| exchange.begin(answer(nil)) && exchange.write("piece #{i}") && exchange.end }
        GC.compact if (i % 50).zero?
      end
      300.times { |i| cache.lookup(get(i)) { |exchange| exchange.body == "piece #{i}" or raise } }
      puts 'ok'
    RUBY
  end

  def test_everything_open_at_the_end_of_the_program
    assert_equal "ok\n", run_program(<<~'RUBY')
      $cache = open(ARGV[0])
      $kept = Array.new(20) { |i| [$cache.lookup(get(i)), get, answer, HTTPCache::Options.new(clock: -> { Time.now })] }
      $kept.first.first.begin(answer(nil))
      $kept.last.first.store(answer)
      puts 'ok'
    RUBY
    open_cache(@directories.last).lookup(get("#{URL}19")) { |exchange| assert_equal 'body', exchange.body }
  end

  def test_threads_that_the_end_of_the_program_stops
    assert_equal "ok\n", run_program(<<~'RUBY')
      cache = open(ARGV[0])
      started = Queue.new
      4.times do |i|
        Thread.new do
          loop do
            cache.lookup(get("#{i}/#{rand(100)}")) { |exchange| exchange.store(answer) if exchange.decision == :forward }
            started << i
          end
        end
      end
      20.times { started.pop }
      puts 'ok'
    RUBY
  end

  # A leak of each kind would show within a hundred thousand.
  def test_nothing_leaks
    grown = run_program(<<~'RUBY').to_i
      cache = open(ARGV[0])
      cache.lookup(get) { |exchange| exchange.store(answer) }
      work = lambda do |times|
        times.times do
          cache.lookup(get(0)) { |exchange| [exchange.body, exchange.response.close, exchange.fields] }
          cache.lookup(get(1)) { |exchange| exchange.forward }
          begin
            HTTPCache::Request.new('GET', 'nonsense')
          rescue HTTPCache::InvalidURLError
            nil
          end
        end
        collect
      end
      rss = -> { File.read('/proc/self/statm').split[1].to_i * 4 }
      work.call(10_000)
      before = rss.call
      work.call(20_000)
      puts rss.call - before
    RUBY
    assert_operator grown, :<, 8_000, 'KiB'
  end
end
