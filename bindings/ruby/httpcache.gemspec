# frozen_string_literal: true

require_relative 'lib/httpcache/version'

Gem::Specification.new do |spec|
  spec.name = 'httpcache'
  spec.version = HTTPCache::VERSION
  spec.authors = ['The libhttpcache authors']
  spec.summary = 'An HTTP cache (RFC 9111) over libhttpcache, with a middleware for Faraday'
  spec.description = <<~TEXT
    One store of HTTP responses for many threads, processes and languages. With the library's own HTTP client, or with
    yours: for Faraday there is a middleware. Needs libhttpcache, and no compiler.
  TEXT
  spec.licenses = ['Apache-2.0', 'MIT']
  spec.required_ruby_version = '>= 3.1'
  spec.metadata['rubygems_mfa_required'] = 'true'

  spec.files = Dir.glob('lib/**/*.rb', base: __dir__) + ['README.md']
  spec.require_paths = ['lib']

  # Faraday is not needed by programs that do not require 'httpcache/faraday': versions 1 and 2 will do.
  spec.add_dependency 'ffi', '~> 1.15'
end
