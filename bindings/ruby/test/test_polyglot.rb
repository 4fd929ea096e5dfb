# frozen_string_literal: true

require_relative 'faraday_helper'
require 'zlib'

class TestPolyglot < FaradayTest
  PROGRAM = File.expand_path('../polyglot/polyglot.rb', __dir__)

  def converse(*commands)
    out, status = Open3.capture2(RbConfig.ruby, *load_path, PROGRAM, directory, stdin_data: commands.join("\n"))
    assert status.success?
    lines = out.lines(chomp: true)
    assert_equal commands.size, lines.size
    lines
  end

  def test_get_and_refresh
    target = @origin.url('/version/polyglot?etag=strong&field=Cache-Control:max-age%3D60')
    text = "polyglot version 1\n"
    lines = converse("get #{target}", "get #{target}", "refresh #{target}", 'get http://127.0.0.1:1/', 'dance')
    body = "200 #{text.size} #{format('%08x', Zlib.crc32(text))}"
    %w[MISS HIT REVALIDATED].zip(lines) { |source, line| assert_match(/\Aok #{source} #{body} \d+\z/, line) }
    assert_equal 2, @origin.requests(target)
    lines.last(2).each { |line| assert_match(/\Aerror ./, line) }
  end

  def test_run
    nginx = Nginx.new(directory)
    FileUtils.mkdir_p(File.join(nginx.files, 'fresh'))
    4.times do |i|
      text = i.to_s * 1000
      File.write(File.join(nginx.files, 'fresh', i.to_s), format("%<crc>08x\n", crc: Zlib.crc32(text)) + text)
    end
    right, wrong, = converse("run #{nginx.url}/fresh/ 4 1 7", "run #{@origin.url('/text/')} 4 1 7")
    assert_match(/\Aok [1-9]\d* [1-9]\d* 0 0\z/, right)
    assert_match(/\Aok ([1-9]\d*) \d+ \1 0\z/, wrong)
  ensure
    nginx&.stop
  end

  def test_hits
    target = @origin.url('/body/1000?type=text%2Fplain&field=Cache-Control:max-age%3D600&field=Vary:X')
    miss, hits, none = converse("get #{target}", "hits #{target} 1000", "hits #{target}x 1")
    assert_match(/\Aok MISS/, miss)
    assert_match(/\Aok 1000 \d+\z/, hits)
    assert_match(/\Aerror .*not fresh/, none)
  end
end
