# frozen_string_literal: true

require_relative 'faraday_helper'

# A body of 1 GiB goes both ways in constant memory: neither the gem nor the library holds it. Each way is a process
# of its own, whose peak is measured.
class TestMemory < FaradayTest
  GIB = 1 << 30
  # KiB. Net::HTTP alone comes to 100 MiB of pieces that wait for the collector.
  MOST = 256 << 10

  COMMON = <<~'RUBY'
    require 'zlib'
    PIECE = Random.new(5).bytes(1 << 20).freeze
    def peak = File.read('/proc/self/status')[/VmHWM:\s+(\d+)/, 1].to_i
    def report(*values) = puts([*values, peak].join(' '))
    cache = HTTPCache::Cache.open(ARGV[0], cache_control: true, durability: :fast)
  RUBY

  def run_program(program, *arguments)
    *said, peak = ruby("#{COMMON}\n#{program}", *arguments).split
    assert_operator peak.to_i, :<, MOST, 'KiB at most'
    said
  end

  def test_stored_and_read_in_pieces
    path = directory
    stored = run_program(<<~'RUBY', path)
      cache.lookup('http://h.test/') do |exchange|
        exchange.begin(HTTPCache::Response.new(200, fields: { 'Cache-Control' => 'max-age=600' }))
        crc = (0...1024).inject(0) do |sum, i|
          piece = [i].pack('Q') + PIECE.byteslice(8..)
          exchange.write(piece) or abort
          Zlib.crc32(piece, sum)
        end
        report(exchange.end, crc)
      end
    RUBY
    read = run_program(<<~'RUBY', path)
      cache.lookup('http://h.test/') do |exchange|
        response = exchange.response
        size = crc = 0
        response.each do |piece|
          size += piece.bytesize
          crc = Zlib.crc32(piece, crc)
        end
        report(exchange.decision, crc, size)
      end
    RUBY
    assert_equal ['stored', 'fresh', GIB.to_s], [stored[0], read[0], read[2]]
    assert_equal stored[1], read[1]
  end

  # nginx sends a file that is all hole.
  def test_through_the_middleware
    nginx = Nginx.new(directory)
    FileUtils.mkdir_p(File.join(nginx.files, 'fresh'))
    File.open(File.join(nginx.files, 'fresh', 'big'), 'w') { |file| file.truncate(GIB) }
    path = directory
    decisions = Array.new(2) do
      decision, size, is_zero = run_program(<<~'RUBY', path, "#{nginx.url}/fresh/big")
        require 'httpcache/faraday'
        faraday = Faraday.new { |f| f.use(:httpcache, cache) && f.adapter(:net_http) }
        size = 0
        is_zero = true
        zeros = "\0".b * 65_536
        response = faraday.get(ARGV[1]) do |request|
          request.options.on_data = proc do |piece, _|
            size += piece.bytesize
            is_zero &&= piece == zeros.byteslice(0, piece.bytesize)
          end
        end
        report(response.env[:httpcache].decision, size, is_zero)
      RUBY
      assert_equal [GIB.to_s, 'true'], [size, is_zero]
      decision
    end
    assert_equal %w[forward fresh], decisions
  ensure
    nginx&.stop
  end
end
