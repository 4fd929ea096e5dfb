/// The cache.
#ifndef HTTPCACHE_CACHE_HPP
#define HTTPCACHE_CACHE_HPP

#include "exchange.hpp"
#include "object.hpp"
#include "options.hpp"
#include "request.hpp"
#include "response.hpp"
#include "time.hpp"

#include <filesystem>
#include <optional>
#include <string_view>

namespace hc {

/// An open cache; share it between threads.
class cache : public detail::object<hc_cache, hc_close> {
public:
    /// Opens the cache in a directory, making it if there is none (mode 0700, its files 0600).
    /// Opened twice in a process, a directory is one store. May wait for the disk.
    ///
    /// errc::not_directory, symlink, foreign_owner, permission, read_only, full, newer_format,
    /// busy, mismatch, unsupported (a network file system, another process-id namespace), conflict
    /// (of two options).
    explicit cache(const std::filesystem::path &directory) : object(open(directory, nullptr)) {}
    cache(const std::filesystem::path &directory, const options &configuration)
        : object(open(directory, configuration.live())) {}

    /// Takes an object of the C library.
    explicit cache(hc_cache *owned) noexcept : object(owned) {}

    /// Answers from the cache or through libcurl, and returns once the header section is there. The
    /// origin's body is stored as it is read; a response destroyed before its end stores nothing.
    /// Redirects are followed (settings::follow), each hop through the cache. Waits for the
    /// network; request::cancel() ends that. A stale response that may be used while it is
    /// revalidated is answered at once, and the origin is asked behind your back
    /// (options::workers).
    ///
    /// Failures of the origin where nothing stale may be used: errc::resolve, connect, tls,
    /// timeout, protocol, transport, redirect, too_large, cancelled. errc::unsupported: the library
    /// was built without libcurl.
    response fetch(const request &r) const {
        hc_response *out = nullptr;
        detail::call(hc_fetch, live(), r.live(), nullptr, &out);
        return response(out);
    }

    /// A GET without fields.
    response fetch(std::string_view url) const { return fetch(request("GET", url)); }

    /// As fetch(), for callers to whom a failing origin is no exception. Nothing: `why` says why.
    std::optional<response> try_fetch(const request &r, error &why) const noexcept {
        hc_response *out = nullptr;
        if (is_gone(why) || r.is_gone(why) ||
            detail::try_call(why, hc_fetch, get(), r.get(), nullptr, &out) < 0)
            return std::nullopt;
        return response(out);
    }

    /// Decides how the cache answers `r`, without any network. May wait for the disk.
    exchange lookup(const request &r) const {
        hc_exchange *out = nullptr;
        view seen;
        detail::call(hc_lookup, live(), r.live(), &seen.raw(), &out);
        return exchange(out, seen);
    }

    /// Waits until what fetch() left to be revalidated is, and everything stored so far is durable.
    /// errc::timeout.
    void flush(expiry timeout = never) const { detail::call(hc_flush, live(), timeout.value()); }

    /// What the cache counted since it was opened, and what lies on disk. May wait for the disk.
    hc_stats stats() const {
        hc_stats filled = {};
        filled.struct_size = sizeof filled;
        detail::call(hc_get_stats, live(), &filled);
        return filled;
    }

private:
    static hc_cache *open(const std::filesystem::path &directory, const hc_options *configuration) {
        // The C library would take what stands before the NUL for the path.
        if (directory.native().find('\0') != std::filesystem::path::string_type::npos)
            throw error(errc::argument, "the path of the cache holds a NUL");
        hc_cache *out = nullptr;
        detail::call(hc_open, directory.c_str(), configuration, &out);
        return out;
    }
};

} // namespace hc

#endif
