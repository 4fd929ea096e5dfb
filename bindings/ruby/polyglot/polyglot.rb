# frozen_string_literal: true

# Asks for URLs through a cache, as it is told on its standard input; the programs of all bindings do the same.
#
#   polyglot.rb CACHE_DIRECTORY

$LOAD_PATH.unshift(File.expand_path('../lib', __dir__))
require 'httpcache/faraday'
require 'zlib'

# The commands and their answers.
class Polyglot
  # Faraday sorts and encodes a query anew. Programs that share a store must ask for the same URL.
  module Verbatim
    def self.decode(query) = query ? { 'query' => query } : {}
    def self.encode(params) = params['query']
  end

  def initialize(directory)
    @cache = HTTPCache::Cache.open(directory, cache_control: true)
    @faraday = Faraday.new(request: { params_encoder: Verbatim }) do |f|
      f.use :httpcache, @cache
      f.adapter :net_http
    end
  end

  def serve(input, output)
    input.each_line(chomp: true) do |line|
      output.puts(answer(*line.split))
      output.flush
    end
    @faraday.close
    @cache.close
  end

  private

  def answer(command, *arguments)
    case command
    when 'get' then timed(arguments.fetch(0), {})
    when 'refresh' then timed(arguments.fetch(0), { 'Cache-Control' => 'no-cache' })
    when 'run' then run(arguments.fetch(0), *arguments.drop(1).map { |number| Integer(number) })
    when 'hits' then hits(arguments.fetch(0), Integer(arguments.fetch(1)))
    else "error no such command: #{command}"
    end
  rescue StandardError => e
    "error #{e.class}: #{e.message.tr("\r\n", '  ')}"
  end

  def timed(url, fields)
    before = Process.clock_gettime(Process::CLOCK_MONOTONIC, :microsecond)
    response = @faraday.get(url, nil, fields)
    elapsed = Process.clock_gettime(Process::CLOCK_MONOTONIC, :microsecond) - before
    body = response.body
    # The next program that is asked is to see it.
    @cache.flush
    format('ok %<source>s %<status>d %<size>d %<crc>08x %<elapsed>d', source: source(response),
                                                                      status: response.status, size: body.bytesize,
                                                                      crc: Zlib.crc32(body), elapsed: elapsed)
  end

  def source(response)
    report = response.env[:httpcache]
    return 'MISS' unless report&.view&.from_cache?
    return 'REVALIDATED' if report.outcome == :freshened

    report.view.expired? ? 'STALE' : 'HIT'
  end

  def run(prefix, number, seconds, seed)
    counts = Hash.new(0)
    deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + seconds
    while Process.clock_gettime(Process::CLOCK_MONOTONIC) < deadline
      # A linear congruential generator; its low bits are not random.
      seed = ((seed * 6_364_136_223_846_793_005) + 1_442_695_040_888_963_407) & 0xffff_ffff_ffff_ffff
      fields = (seed >> 40) % 16 == 0 ? { 'Cache-Control' => 'no-cache' } : {} # rubocop:disable Style/NumericPredicate
      look(counts, "#{prefix}#{(seed >> 33) % number}", fields)
    end
    "ok #{counts.values_at(:count, :hits, :wrong, :errors).join(' ')}"
  end

  def look(counts, url, fields)
    counts[:count] += 1
    response = @faraday.get(url, nil, fields)
    counts[:hits] += 1 if source(response) == 'HIT'
    sum, text = response.body.split("\n", 2)
    counts[:wrong] += 1 unless sum == format('%08x', Zlib.crc32(text.to_s))
  rescue StandardError
    counts[:errors] += 1
  end

  def hits(url, number)
    before = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID, :nanosecond)
    number.times { hit(url) }
    "ok #{number} #{Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID, :nanosecond) - before}"
  end

  def hit(url)
    request = HTTPCache::Request.new('GET', url, fields: { 'Accept' => '*/*' })
    exchange = @cache.lookup(request)
    raise "#{url} is not fresh but #{exchange.decision}" unless exchange.decision == :fresh

    [exchange.status, exchange['Content-Type'], exchange.body]
  ensure
    exchange&.close
    request&.close
  end
end

Polyglot.new(ARGV.fetch(0)).serve($stdin, $stdout)
