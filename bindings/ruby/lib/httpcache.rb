# frozen_string_literal: true

# An HTTP cache (RFC 9111) for Ruby, over libhttpcache.
#
#   HTTPCache::Cache.open('cache', cache_control: true) do |cache|
#     response = cache.fetch('https://example.org/')
#     puts response.status, response.from_cache?, response.body
#   end
#
# A program with an HTTP client of its own uses Cache#lookup and Exchange in place of Cache#fetch; for Faraday
# there is a middleware in +httpcache/faraday+.
#
# == Rules for all objects
#
# Threads:: a Cache may be used by any number of threads and fibers at once. All other objects are used by one at
#           a time, not always the same; a second one gets a MisuseError and changes nothing.
# Closing:: #close gives up what an object holds, at once and in any order; twice does nothing. The garbage
#           collector does it for what was forgotten. What is used after it was closed raises ClosedError.
# Waiting:: calls that wait for the disk or the network let other threads run. Thread#kill, Thread#raise, Timeout and
#           signals end Cache#fetch and the reading of a body that comes from an origin; of other calls they take
#           effect when these return.
# fork::    a Cache from before works in the child, as do Options, requests and the responses that were built.
#           Exchanges, walks and other responses from before can only be closed there.
# Units::   durations are seconds (Numeric), instants are Time, bodies are ASCII-8BIT strings. Where an expiry has
#           no number it is a symbol: +:immediately+, +:never+, +:do_not_cache+, +:unset+.
module HTTPCache
end

require 'httpcache/version'
require 'httpcache/error'
require 'httpcache/native'
require 'httpcache/callback'
require 'httpcache/call'
require 'httpcache/keeper'
require 'httpcache/owned'
require 'httpcache/waiting'
require 'httpcache/setting'
require 'httpcache/view'
require 'httpcache/options'
require 'httpcache/request'
require 'httpcache/key'
require 'httpcache/response'
require 'httpcache/exchange'
require 'httpcache/query'
require 'httpcache/walk'
require 'httpcache/maintenance'
require 'httpcache/cache'
