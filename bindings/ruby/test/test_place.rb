# frozen_string_literal: true

require_relative 'helper'

# Where a cache lies: among the caches of the user, or in a directory that goes with it.
class TestPlace < CacheTest
  def owners(path) = Dir.glob("#{path}/**/owner", File::FNM_DOTMATCH).size

  # In a process with an environment of its own.
  def with_environment(variables)
    in_child do
      ENV.update(variables)
      yield
    end
  end

  def test_a_name_lies_among_the_caches_of_the_user
    home = directory
    with_environment('XDG_CACHE_HOME' => nil, 'HOME' => home) do
      HTTPCache::Cache.open('mine', place: :user, cache_control: true) { |cache| assert_equal :stored, store(cache) }
      HTTPCache::Cache.open("#{home}/.cache/mine", cache_control: true) do |cache|
        assert_equal :fresh, decision(cache)
      end
      HTTPCache::Cache.open(place: :user).close
      assert_path_exists "#{home}/.cache/http_cache/owner"
    end
  end

  def test_the_environment_says_where_they_are
    caches = directory
    with_environment('XDG_CACHE_HOME' => caches) do
      options = HTTPCache::Options.new(place: :user)
      HTTPCache::Cache.open('mine', options).close
      HTTPCache::Cache.open(nil, options).close
      assert_equal %w[http_cache mine], Dir.children(caches).sort
    end
  end

  def test_without_a_home_the_error_says_so
    with_environment('XDG_CACHE_HOME' => nil, 'HOME' => nil) do
      error = assert_raises(HTTPCache::UnsupportedError) { HTTPCache::Cache.open('mine', place: :user) }
      assert_includes error.message, 'HOME'
    end
  end

  def test_what_is_no_name_is_refused
    ['', '.', '..', 'a/b', '/tmp/a'].each do |name|
      assert_raises(HTTPCache::InvalidArgumentError) { HTTPCache::Cache.open(name, place: :user) }
    end
  end

  def test_what_is_temporary_goes_when_it_is_closed
    parent = directory
    one, other = Array.new(2) { open_cache(Pathname(parent), place: :temporary) }
    assert_equal 2, owners(parent)
    store(one, get, answer(200, FRESH, 'x' * 200_000))
    assert_equal %i[fresh forward], [decision(one), decision(other)]
    one.close
    assert_equal 1, owners(parent)
    other.close
    assert_empty Dir.children(parent)
  end

  def test_it_stays_while_something_made_from_it_is_open
    parent = directory
    cache = open_cache(parent, place: :temporary)
    store(cache)
    walk = cache.walk
    cache.close
    assert_equal [1, URL], [owners(parent), walk.next.url]
    walk.close
    assert_empty Dir.children(parent)
  end

  def test_the_system_says_where_temporary_ones_are
    parent = directory
    with_environment('TMPDIR' => parent) do
      HTTPCache::Cache.open(place: :temporary) { assert_equal 1, owners(parent) }
      assert_empty Dir.children(parent)
    end
  end

  def test_a_child_keeps_what_is_temporary
    parent = directory
    cache = open_cache(parent, place: :temporary)
    store(cache)
    cache.flush
    in_child do
      assert_equal :fresh, decision(cache)
      cache.close
      assert_equal 1, owners(parent)
    end
    assert_equal :fresh, decision(cache)
  end

  def test_a_place_is_one_of_three
    assert_raises(TypeError) { open_cache(directory, place: :elsewhere) }
    assert_raises(TypeError) { open_cache(directory, place: 1) }
    assert_raises(HTTPCache::InvalidArgumentError) { HTTPCache::Cache.open(nil, place: :directory) }
  end
end
