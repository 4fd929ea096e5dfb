# frozen_string_literal: true

require_relative 'helper'

class TestOpen < CacheTest
  def test_makes_the_directory_and_closes_after_the_block
    path = File.join(directory, 'new')
    cache = HTTPCache::Cache.open(path) do |opened|
      refute opened.closed?
      opened
    end
    assert cache.closed?
    assert_equal 0o700, File.stat(path).mode & 0o777
  end

  def test_the_block_decides_what_open_returns_and_an_exception_closes_too
    seen = nil
    assert_equal 7, HTTPCache::Cache.open(directory) { 7 }
    assert_raises(ZeroDivisionError) { HTTPCache::Cache.open(directory) { |cache| (seen = cache) && (1 / 0) } }
    assert seen.closed?
  end

  def test_takes_a_pathname_and_names_of_any_bytes
    assert_path_exists HTTPCache::Cache.open(Pathname(directory) / 'ä') { File.join(@directories.last, 'ä') }
    odd = File.join(directory, "\xFF".b)
    HTTPCache::Cache.open(odd) { assert_path_exists odd }
  end

  def test_opened_twice_a_directory_is_one_store
    path = directory
    one = open_cache(path)
    two = open_cache(path)
    assert_equal :stored, store(one)
    one.close
    assert_equal :fresh, decision(two)
  end

  def test_what_was_stored_is_there_after_closing
    path = directory
    cache = open_cache(path)
    store(cache)
    cache.flush
    cache.close
    open_cache(path).lookup(get) { |exchange| assert_equal 'body', exchange.body }
  end

  def test_the_store_stays_while_something_made_from_it_is_open
    cache = open_cache
    store(cache, get, answer(200, FRESH, 'x' * 100_000))
    exchange = cache.lookup(get)
    response = exchange.response
    cache.close
    exchange.close
    assert_equal 100_000, response.body.bytesize
    response.close
  end

  def test_counts
    cache = open_cache
    decision(cache)
    store(cache)
    decision(cache)
    stats = cache.stats
    assert_equal [1, 1, 2, 1, 0], [stats.responses, stats.hits, stats.misses, stats.stores, stats.errors]
    assert_operator stats.bytes, :>, 0
  end

  def test_flush_takes_seconds_or_never
    cache = open_cache
    store(cache)
    assert_nil cache.flush(timeout: 10)
    assert_nil cache.flush(timeout: 2.5)
    assert_nil cache.flush
  end

  def test_refused_paths_have_classes_of_their_own
    file = File.join(directory, 'file').tap { |path| File.write(path, '') }
    link = File.join(directory, 'link').tap { |path| File.symlink(directory, path) }
    assert_raises(HTTPCache::NotDirectoryError) { HTTPCache::Cache.open(file) }
    assert_raises(HTTPCache::SymbolicLinkError) { HTTPCache::Cache.open(link) }
    error = assert_raises(HTTPCache::Error) { HTTPCache::Cache.open('/proc/none') }
    assert_kind_of SystemCallError, error.cause
    assert_equal 'errno', error.cause_source
    assert_equal error.cause.errno, error.cause_number
    assert_includes error.message, '/proc/none'
    assert_equal HTTPCache::BY_STATUS.key(error.class), error.status
  end

  def test_the_durability_of_a_directory_stays
    path = directory
    open_cache(path, durability: :synced).close
    open_cache(path).close
    assert_raises(HTTPCache::MismatchError) { open_cache(path, durability: :fast) }
  end

  def test_errors_have_one_base_and_know_their_status
    HTTPCache::BY_STATUS.each do |status, kind|
      assert_operator kind, :<, HTTPCache::Error
      assert_equal status, kind.status
      assert_equal status, kind.new('x').status
    end
    assert_equal(-2, HTTPCache::ClosedError.new('x').status)
    assert_nil HTTPCache::Error.new('x').status
  end
end
