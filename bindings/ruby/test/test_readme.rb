# frozen_string_literal: true

require_relative 'faraday_helper'
require 'rubygems/package'

# The examples run as they stand.
class TestReadme < FaradayTest
  EXAMPLES = File.read(File.expand_path('../README.md', __dir__)).scan(/```ruby\n(.*?)```/m).flatten

  def test_there_are_five
    assert_equal 5, EXAMPLES.size
  end

  def test_the_example_of_keys
    Dir.chdir(directory) { assert_equal "1\n", ruby(EXAMPLES[3], URL) }
  end

  def test_the_example_of_looking_into_the_cache
    Dir.chdir(directory) do
      cache = open_cache('cache')
      %w[a bc].each { |name| store(cache, get(URL + name, fields: { 'Accept' => 'x/y' }), answer(200, FRESH, name)) }
      store(cache, get("#{URL}old"), answer(200, { 'Cache-Control' => 'max-age=0', 'ETag' => '"a"' }, 'old'))
      shown = ruby(EXAMPLES[4], "#{URL}a").lines
      assert_equal ["#{URL}old 3", "#{URL}bc 2", "#{URL}a 1"], shown.first(3).map { |line| line[/\S+ \d+/] }
      assert_match(%r{ x/y$}, shown[2])
      assert_equal ["1\n", "1\n"], shown.drop(3)
    end
  end

  EXAMPLES.first(3).each_with_index do |example, i|
    define_method(:"test_example_#{i + 1}") do
      Dir.chdir(directory) do
        target = fresh('/text/hello')
        2.times { assert_match(/hello$/, ruby(example, target)) }
        assert_path_exists 'cache/CURRENT'
      end
    end
  end

  def test_the_gem_is_built_and_holds_the_library
    root = File.expand_path('..', __dir__)
    gem = File.join(directory, 'built.gem')
    out, status = Open3.capture2e('gem', 'build', 'httpcache.gemspec', '--output', gem, chdir: root)
    assert status.success?, out
    specification = Gem::Package.new(gem).spec
    assert_equal ['httpcache', HTTPCache::VERSION, ['ffi']],
                 [specification.name, specification.version.to_s, specification.runtime_dependencies.map(&:name)]
    assert_equal Dir.glob('lib/**/*.rb', base: root).sort, specification.files.grep(/lib/).sort
  end
end
