# frozen_string_literal: true

require 'faraday'
require 'httpcache'
require 'httpcache/faraday/background'
require 'httpcache/faraday/content'
require 'httpcache/faraday/delivery'
require 'httpcache/faraday/reader'
require 'httpcache/faraday/transfer'
require 'httpcache/faraday/revalidation'

module HTTPCache
  # Answers Faraday's requests from a cache; the network stays Faraday's. Faraday 1 and 2.
  #
  #   Faraday.new('https://example.org') do |f|
  #     f.use :httpcache, 'cache/directory'           # RFC 9111 decides, as in a browser
  #     f.adapter :net_http
  #   end
  #
  # The second argument is the directory of a cache, then with settings (see Setting) by name, where cache_control
  # is on unless they say otherwise; or a Cache of yours, used as it is and never closed.
  #
  # Put it below what changes the request, and above the adapter. Middleware between the two sees what goes to the
  # origin; +raise_error+ belongs above, or a stale response cannot stand in for an error.
  #
  # response.env[:httpcache] is a Report: what the cache decided, what became of the answer, and its View.
  #
  # What is stale while it is revalidated (RFC 5861 3) is handed on at once, and revalidated on a thread of its own: at
  # most +background+ at once, further ones before the request returns. They ask through what stands below, and end with
  # the program; #close waits for them. 0: none.
  #
  # With +on_data+ bodies are handed on and stored in pieces, in constant memory. Without a handler of the request's
  # own, Accept-Encoding is gzip, as with Net::HTTP alone: what is stored is what came, what is handed on is decoded.
  class FaradayMiddleware < ::Faraday::Middleware
    # What the cache did: +decision+ of the lookup, +outcome+ of the origin's answer (nil: it was not asked), the
    # +reason+ why its answer was not stored, or else why it was asked (see Exchange#reason; nil: neither is so), and
    # the +view+ of what was handed on.
    Report = Struct.new(:decision, :outcome, :reason, :view)

    SAFE = %i[get head options trace].freeze
    private_constant :SAFE

    # The cache.
    attr_reader :cache

    def initialize(app, cache, background: 4, **settings)
      super(app)
      @background = Background.new(background)
      raise ArgumentError, 'settings are for a cache that is opened here' if cache.is_a?(Cache) && settings.any?

      @cache = @own_cache = Cache.open(cache, cache_control: true, **settings) unless cache.is_a?(Cache)
      @cache ||= cache
    end

    def call(env)
      content = Content.new(env)
      exchange = look_up(env, content) or return @app.call(env)
      return revalidate_behind(env, exchange, content) if exchange.decision == :stale_revalidate

      Transfer.new(@app, env, exchange, content).run
    end

    # Waits for what is being revalidated, and closes the cache, if it was opened here.
    def close
      @background.wait
      @own_cache&.close
      super
    end

    private

    # The answer first, from an exchange that stays open.
    def revalidate_behind(env, exchange, content)
      revalidation = Revalidation.new(@app, env, exchange, content)
      response = Transfer.new(@app, env, exchange, content).hand_on
      is_begun = true
      @background.run { revalidation.run }
      response
    ensure
      exchange.close unless is_begun
    end

    # What cannot be said to the cache goes past it: a URL that is not of the web, a body that is not there yet where
    # it would be part of the key.
    def look_up(env, content)
      body = env.body
      return if SAFE.include?(env.method) && !(body.nil? || body.is_a?(String))

      request = Request.new(env.method.to_s.upcase, env.url, fields: content.request_fields,
                                                             body: (body if body.is_a?(String)), **trust(env))
      @cache.lookup(request)
    rescue InvalidURLError, InvalidFieldError, InvalidMethodError, TooLargeError, InputOutputError
      nil
    ensure
      request&.close
    end

    # How an origin is verified is part of the key. An answer to a client's certificate is not for others, nor one that
    # was verified in a way that cannot be told.
    def trust(env)
      ssl = env.ssl
      return {} unless ssl && env.url.scheme == 'https'
      return { bypass: true } if ssl.client_cert || ssl.cert_store || ssl.ca_path

      { verify_tls: (false if ssl.verify == false || ssl.verify_mode&.zero?), ca_file: ssl.ca_file }.compact
    end
  end
end

Faraday::Middleware.register_middleware(httpcache: HTTPCache::FaradayMiddleware)
