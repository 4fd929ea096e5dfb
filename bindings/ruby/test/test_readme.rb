# frozen_string_literal: true

require_relative 'faraday_helper'
require 'rubygems/package'

# The examples run as they stand.
class TestReadme < FaradayTest
  EXAMPLES = File.read(File.expand_path('../README.md', __dir__)).scan(/```ruby\n(.*?)```/m).flatten

  def test_there_are_four
    assert_equal 4, EXAMPLES.size
  end

  def test_the_example_of_keys
    Dir.chdir(directory) { assert_equal "1\n", ruby(EXAMPLES.last, URL) }
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
