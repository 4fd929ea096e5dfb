# frozen_string_literal: true

require_relative 'helper'
require 'httpcache/faraday'

# The targets of the origin have parameters more than once, in an order that matters.
Faraday::FlatParamsEncoder.sort_params = false

class FaradayTest < CacheTest
  # Notes method and status of each request that passes.
  class Watch < Faraday::Middleware
    def initialize(app, log)
      super(app)
      @log = log
    end

    def call(env)
      @app.call(env).on_complete { |done| @log << [done.method, done.status] }
    end
  end

  def setup
    super
    @origin = Origin.shared
    @connections = []
  end

  def teardown
    @connections.each(&:close)
    super
  end

  # Targets of this test alone.
  def url(target)
    @origin.url("#{target}#{target.include?('?') ? '&' : '?'}test=#{name}")
  end

  def fresh(target)
    url("#{target}?field=Cache-Control:max-age%3D60")
  end

  # The block adds what stands above the cache, `log` gets what passes below it.
  def connection(cache = directory, log: [], **settings)
    made = Faraday.new do |f|
      f.options.params_encoder = Faraday::FlatParamsEncoder
      yield f if block_given?
      f.use :httpcache, cache, **settings
      f.use Watch, log
      f.adapter :net_http
    end
    made.tap { @connections << made }
  end

  def report(response)
    response.env[:httpcache].to_a.first(3)
  end

  def middleware(app)
    app = app.instance_variable_get(:@app) until app.is_a?(HTTPCache::FaradayMiddleware)
    app
  end

  def env_for(url, method: :get)
    env = Faraday::Env.from(method: method, url: URI(url), request: Faraday::RequestOptions.new,
                            request_headers: Faraday::Utils::Headers.new)
    yield env if block_given?
    env
  end

  # Files of this test's caches that this process holds open for a body.
  def open_files
    open = Dir.children('/proc/self/fd').filter_map { |fd| File.readlink("/proc/self/fd/#{fd}") rescue nil } # rubocop:disable Style/RescueModifier
    open.select { |path| path.include?('/bodies/') && @directories.any? { |made| path.start_with?(made) } }
  end
end
