# frozen_string_literal: true

require_relative 'faraday_helper'

# The examples run as they stand.
class TestReadme < FaradayTest
  EXAMPLES = File.read(File.expand_path('../README.md', __dir__)).scan(/```ruby\n(.*?)```/m).flatten

  def test_there_are_three
    assert_equal 3, EXAMPLES.size
  end

  EXAMPLES.each_with_index do |example, i|
    define_method(:"test_example_#{i + 1}") do
      Dir.chdir(directory) do
        target = fresh('/text/hello')
        2.times { assert_match(/hello$/, ruby(example, target)) }
        assert_path_exists 'cache/CURRENT'
      end
    end
  end

  def test_the_specification_of_the_gem
    specification = Gem::Specification.load(File.expand_path('../httpcache.gemspec', __dir__))
    capture_io { assert specification.validate }
    assert_includes specification.files, 'lib/httpcache/faraday/transfer.rb'
    assert_equal ['ffi'], specification.runtime_dependencies.map(&:name)
  end
end
