/// The options that a cache has and a request may override.
#ifndef HTTPCACHE_SETTINGS_HPP
#define HTTPCACHE_SETTINGS_HPP

#include "time.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string_view>

namespace hc {

/// Each sets one option and returns the object. A value out of range is errc::argument, and changes
/// nothing. On a request `unset` means that the cache's own holds again.
template <class Owner>
class settings {
public:
    /// How long a response stays fresh after it was received. Default unset: never stale without
    /// cache_control(), with it heuristics (RFC 9111 4.2.2).
    Owner &expire_after(expiry lifetime) { return put(HC_OPT_EXPIRE_AFTER, lifetime.value()); }

    /// The same as an instant; the last of the two that is set holds.
    template <class Duration>
    Owner &expire_at(std::chrono::time_point<std::chrono::system_clock, Duration> instant) {
        return put(HC_OPT_EXPIRE_AT, expiry(instant.time_since_epoch()).value());
    }

    /// How long after it became stale a response is used when the origin fails (RFC 5861 4).
    /// Default 0.
    Owner &stale_if_error(expiry window) { return put(HC_OPT_STALE_IF_ERROR, window.value()); }

    /// How long after it became stale a response is used while it is revalidated (RFC 5861 3),
    /// where the response names no time itself. Default 0.
    Owner &stale_while_revalidate(expiry window) {
        return put(HC_OPT_STALE_WHILE_REVALIDATE, window.value());
    }

    /// Nothing is reused before the origin said that it is valid. Default off.
    Owner &always_revalidate(bool on) { return put(HC_OPT_ALWAYS_REVALIDATE, on); }

    /// Revalidate now; without a validator, fetch anew. Default off.
    Owner &refresh(bool on) { return put(HC_OPT_REFRESH, on); }

    /// Do not use what is stored, and replace it. Default off.
    Owner &force_refresh(bool on) { return put(HC_OPT_FORCE_REFRESH, on); }

    /// Where the beginning of a response is stored (RFC 9111 3.3), the origin is asked for the rest
    /// alone, and cache::fetch() joins them. With cache::lookup() you have to heed
    /// view::continued() then. Default off.
    Owner &complete(bool on) { return put(HC_OPT_COMPLETE, on); }

    /// Never forward: what cannot be answered is a 504 (RFC 9111 5.2.1.7). Default off.
    Owner &only_if_cached(bool on) { return put(HC_OPT_ONLY_IF_CACHED, on); }

    /// Neither read nor written: requests go past the cache. Default off.
    Owner &bypass(bool on) { return put(HC_OPT_BYPASS, on); }

    /// Read, and never written. What unsafe requests change this cache does not serve any more
    /// until it is stored anew. Default off.
    Owner &read_only(bool on) { return put(HC_OPT_READ_ONLY, on); }

    /// Part of the key: a user, a tenant; at most 4096 bytes. Responses of one partition answer no
    /// request of another. Empty, the default: none; of a request, none whatever the cache has.
    Owner &partition(std::string_view name) { return put(HC_STR_PARTITION, name); }

    /// What is stored with this on answers whoever asks with this on, whatever credentials either
    /// sent, and those who send none. Default off.
    Owner &share_credentials(bool on) { return put(HC_OPT_SHARE_CREDENTIALS, on); }

    /// It is verified that the origin is who its URL says (TLS). Part of the key. Default on.
    Owner &verify_tls(bool on) { return put(HC_OPT_VERIFY_TLS, on); }

    /// Certificates in PEM that vouch for origins, in place of the system's; what the file holds
    /// when it is set is part of the key. Empty, the default: the system's; of a request, whatever
    /// the cache has. errc::io.
    Owner &ca_file(const std::filesystem::path &file) {
        return put(HC_STR_CA_FILE, std::string_view(file.native()));
    }

    /// fetch(), until a connection stands. Default 10 s.
    Owner &connect_timeout(expiry limit) { return put(HC_OPT_CONNECT_TIMEOUT, limit.value()); }

    /// fetch(), until the header section is in. Default 30 s.
    Owner &head_timeout(expiry limit) { return put(HC_OPT_HEAD_TIMEOUT, limit.value()); }

    /// fetch(), between two pieces of a body. Default 30 s.
    Owner &idle_timeout(expiry limit) { return put(HC_OPT_IDLE_TIMEOUT, limit.value()); }

    /// fetch(), to the end of the body. Default never.
    Owner &total_timeout(expiry limit) { return put(HC_OPT_TOTAL_TIMEOUT, limit.value()); }

    /// fetch() follows redirects, each hop through the cache. Default on.
    Owner &follow(bool on) { return put(HC_OPT_FOLLOW, on); }

    /// Redirects followed, 0 to 1000; beyond it errc::redirect. Default 30.
    Owner &max_redirects(std::int64_t count) { return put(HC_OPT_MAX_REDIRECTS, plain(count)); }

    /// Follow redirects from https to http. Default off.
    Owner &allow_downgrade(bool on) { return put(HC_OPT_ALLOW_DOWNGRADE, on); }

    /// Send once more when a reused connection died before any byte. Default on.
    Owner &retry(bool on) { return put(HC_OPT_RETRY, on); }

protected:
    ~settings() = default;

    Owner &put(hc_option key, std::int64_t value) {
        auto &owner = static_cast<Owner &>(*this);
        owner.set(key, value);
        return owner;
    }

    /// An empty one is none; what has another default than that is set elsewhere.
    Owner &put(hc_option key, std::string_view value) {
        auto &owner = static_cast<Owner &>(*this);
        owner.set(key, value.empty() ? std::string_view() : value);
        return owner;
    }
};

} // namespace hc

#endif
