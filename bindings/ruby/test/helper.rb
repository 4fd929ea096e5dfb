# frozen_string_literal: true

ROOT = File.expand_path('../../..', __dir__)
ENV['HTTPCACHE_LIBRARY'] ||= File.join(ROOT, 'build/lib/libhttpcache.so')

require 'minitest/autorun'
require 'httpcache'
require 'date'
require 'English'
require 'open3'
require 'pathname'
require 'rbconfig'
require 'timeout'
require 'tmpdir'
require_relative 'servers'

# A clock that stands still until it is told to go on.
class TestClock
  attr_reader :now

  def initialize(now = Time.at(1_700_000_000))
    @now = now
  end

  def pass(seconds)
    @now += seconds
  end

  def to_proc
    -> { @now }
  end
end

class CacheTest < Minitest::Test
  URL = 'http://h.test/'
  FRESH = { 'Cache-Control' => 'max-age=60' }.freeze

  # A thread that hangs would hang the run.
  def run
    Timeout.timeout(120) { super }
  end

  def setup
    @directories = []
    @caches = []
  end

  def teardown
    @caches.each(&:close)
    @directories.each { |directory| FileUtils.rm_rf(directory) }
  end

  # A test is passed or failed.
  def skip(*)
    flunk 'no test is skipped'
  end

  def directory
    Dir.mktmpdir('httpcache').tap { |made| @directories << made }
  end

  def open_cache(path = directory, options = nil, **settings)
    settings = { cache_control: true, **settings } unless options
    HTTPCache::Cache.open(path, options, **settings).tap { |cache| @caches << cache }
  end

  def get(url = URL, **rest)
    HTTPCache::Request.new('GET', url, **rest)
  end

  def answer(status = 200, fields = FRESH, body = 'body')
    HTTPCache::Response.new(status, reason: 'Reason', fields: fields, body: body)
  end

  # Asks and reports the answer; returns the outcome.
  def store(cache, request = get, origin = answer)
    cache.lookup(request) { |exchange| exchange.store(origin) }
  end

  def decision(cache, request = get)
    cache.lookup(request, &:decision)
  end

  # A thread that is meant to end by an exception, also before it has begun.
  def quiet_thread(&block)
    Thread.handle_interrupt(Object => :never) do
      Thread.new do
        Thread.current.report_on_exception = false
        Thread.handle_interrupt(Object => :immediate, &block)
      end
    end
  end

  # Runs a program in a process of its own; returns what it wrote. It must end well and without a warning.
  def ruby(program, *arguments)
    script = "require 'httpcache'; require 'tmpdir'\n#{program}"
    lib = File.expand_path('../lib', __dir__)
    out, err, status = Open3.capture3(RbConfig.ruby, '-W', *load_path, '-I', lib, '-e', script, *arguments)
    assert status.success?, "#{status}\n#{out}\n#{err}"
    assert_empty err.lines.grep_v(%r{/gems/|rubygems-integration|/f2/}).join
    out
  end

  def load_path
    $LOAD_PATH.grep(/faraday/).flat_map { |path| ['-I', path] }
  end

  # Runs the block in a child and fails with what it raised there.
  def in_child(&block)
    reader, writer = IO.pipe
    child = fork do
      reader.close
      writer.write(Marshal.dump(message_of(&block)))
      writer.close
      exit!(0)
    end
    writer.close
    said = reader.read
    _, status = Process.wait2(child)
    assert status.success?, "the child ended with #{status}"
    message = Marshal.load(said) # rubocop:disable Security/MarshalLoad
    assert_nil message
  ensure
    reader.close
  end

  def message_of
    yield
    nil
  rescue Exception => e # rubocop:disable Lint/RescueException
    e.full_message(highlight: false)
  end
end
