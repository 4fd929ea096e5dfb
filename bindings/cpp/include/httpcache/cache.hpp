/// The cache.
#ifndef HTTPCACHE_CACHE_HPP
#define HTTPCACHE_CACHE_HPP

#include "exchange.hpp"
#include "object.hpp"
#include "options.hpp"
#include "query.hpp"
#include "request.hpp"
#include "response.hpp"
#include "time.hpp"
#include "walk.hpp"

#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
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

    /// options::place() says what else the path may be.
    cache(const std::filesystem::path &directory, const options &configuration)
        : object(open(directory, configuration.live())) {}

    /// Opens the cache that options::place() has a place for without a path.
    explicit cache(const options &configuration) : object(open(nullptr, configuration.live())) {}

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

    /// The key that what is stored for `r` has, whichever variant it is: printable. Nothing: the
    /// cache has no part in such a request. errc::callback: a function of yours failed.
    std::optional<std::string> key(const request &r) const {
        char found[HC_KEY_SIZE];
        if (detail::call(hc_key, live(), r.live(), found) != HC_OK)
            return std::nullopt;
        return found;
    }

    /// What names the settings that this cache makes keys by; it is stored beside each response.
    std::string key_settings() const {
        char id[HC_KEY_SIZE];
        detail::call(hc_key_settings, live(), id);
        return id;
    }

    /// How far rekey() is: `done` of `total`, which may grow meanwhile. False ends it.
    using progress_function = std::function<bool(std::uint64_t done, std::uint64_t total)>;

    /// Makes anew the keys of what was stored under other settings of the key, so that it is found
    /// again: after another options::ignored(), match_fields() and their like, sort_query(), or
    /// another function. `from` names the settings meant, as key_settings() does, with a space
    /// between several; nothing: all but this cache's, also those of other programs that have the
    /// directory. A function of yours is shown REDACTED in place of secrets. Goes on beside other
    /// use, and what was moved before an error or a kill is moved; the next call does the rest. May
    /// wait for the disk. errc::cancelled: `progress` said so; what it throws is thrown again.
    hc_rekeyed rekey(std::optional<std::string_view> from = std::nullopt,
                     const progress_function &progress = nullptr) const {
        // An empty string names nothing; it does not mean all.
        const std::string names(from.value_or(std::string_view()));
        return watched<hc_rekeyed>(
            progress, [&](error &why, hc_progress_fn ask, void *user, hc_rekeyed *io) {
                return detail::try_call(why, hc_rekey, live(),
                                        from.has_value() ? names.data() : nullptr, names.size(),
                                        ask, user, io);
            });
    }

    /// Walks the stored responses that `q` asks for. errc::argument, errc::url: what is wrong with
    /// it.
    hc::walk walk(const query &q = {}, bodies of_what_is_met = bodies::closed) const {
        const hc_query asked = q.raw();
        hc_iter *out = nullptr;
        detail::call(hc_iter_new, live(), &asked, &out);
        return hc::walk(out, of_what_is_met);
    }

    /// The stored response that a key names, whether it is fresh or not: of those of a key() of
    /// this cache the newest, or the one of response::key() or stored::key(). Nothing: there is
    /// none that can be read. May wait for the disk, and fails where it does, as all that follow.
    /// errc::argument: it is no key.
    std::optional<response> find(std::string_view key) const {
        hc_response *out = nullptr;
        if (detail::call(hc_get, live(), key.data(), key.size(), &out) != HC_OK)
            return std::nullopt;
        return response(out);
    }

    /// Whether there is one.
    bool contains(std::string_view key) const {
        return detail::call(hc_get, live(), key.data(), key.size(), nullptr) == HC_OK;
    }

    /// Deletes what is stored under a key: all variants of one of key(), or the one of
    /// response::key() or stored::key(). Says how many there were. This and the next two delete
    /// also through a cache that is settings::read_only(); errc::read_only: nothing can be written
    /// there. Who has a body open reads on.
    std::uint64_t erase(std::string_view key) const {
        std::uint64_t count = 0;
        detail::call(hc_delete, live(), key.data(), key.size(), &count);
        return count;
    }

    /// Deletes what `q` asks for, and says how many that were; with query::limit() those that come
    /// first in its order. errc::argument: it asks for nothing less than all.
    std::uint64_t erase_where(const query &q) const {
        const hc_query asked = q.raw();
        std::uint64_t count = 0;
        detail::call(hc_delete_where, live(), &asked, &count);
        return count;
    }

    /// Deletes everything, some at a time, beside whatever else uses the cache: what is stored
    /// meanwhile may stay. Says how many responses there were.
    std::uint64_t clear() const {
        std::uint64_t count = 0;
        detail::call(hc_clear, live(), &count);
        return count;
    }

    /// Gives all stored responses another expiry, which counts from now, whatever gave them theirs;
    /// says how many had another one before. `unset`: what the options and URL rules would have
    /// given each when it was received. With options::cache_control() what a response says itself
    /// still comes first. errc::argument: do_not_cache, for which there is clear().
    /// errc::read_only.
    std::uint64_t reset_expiration(expiry lifetime) const {
        std::uint64_t count = 0;
        detail::call(hc_reset_expiration, live(), lifetime.value(), &count);
        return count;
    }

    /// Stores `p`, made or read, as the answer to `r`, in place of what is stored of the same
    /// variant, as told: neither RFC 9111 nor a filter is asked. For what is imported, or moved by
    /// hand. Without an instant it was received now, and becomes stale as the options say;
    /// time_point::max() is never. False: the cache has no part in such a request.
    ///
    /// errc::argument: what no request would find, or what must not be stored (of status 1xx, 206,
    /// 304, 407, 412, 416; with Vary: *; with another length than Content-Length; with a secret in
    /// a URL that it names). errc::too_large, errc::read_only.
    bool put(const request &r, const response &p,
             std::optional<time_point> created_at = std::nullopt,
             std::optional<time_point> expires_at = std::nullopt) const {
        return detail::call(hc_put, live(), r.live(), p.live(), detail::instant_of(created_at),
                            detail::instant_of(expires_at)) == HC_OK;
    }

    /// Takes over what is stored in `from` and newer than what is here, under the keys that the
    /// options of this cache make, with the times and the expiry it has. What only a keyed hash of
    /// a secret tells from others is left, unless `from` is a copy of this directory, and so is
    /// what cannot be read or is too large here. Goes on beside other use of both, and what was
    /// taken over before an error or a kill stays. `progress` is as of rekey(). errc::argument:
    /// both are one cache. errc::read_only.
    hc_updated update(const cache &from, const progress_function &progress = nullptr) const {
        return watched<hc_updated>(
            progress, [&](error &why, hc_progress_fn ask, void *user, hc_updated *io) {
                return detail::try_call(why, hc_update, live(), from.live(), ask, user, io);
            });
    }

    /// Reads everything that is stored and says what does not fit; nothing is changed. Goes on
    /// beside other use. `progress` is as of rekey().
    hc_verification verify(const progress_function &progress = nullptr) const {
        return look_through(0, progress);
    }

    /// As verify(), and what is damaged is taken away, what leads to something sound is put right.
    /// Nothing sound is ever taken away. errc::read_only.
    hc_verification mend(const progress_function &progress = nullptr) const {
        return look_through(1, progress);
    }

    /// Commits on this thread what waits to be committed, for about so long, and at least one
    /// transaction of about 4 MiB; says whether something is left. For a cache without
    /// options::workers(), when you are idle; without it what is stored is committed when 8 MiB or
    /// 2048 changes wait, by flush(), and when the store closes.
    bool work(expiry budget) const {
        return detail::call(hc_work, live(), budget.value()) == HC_OK;
    }

    /// Waits until what fetch() left to be revalidated is, and everything stored so far is durable
    /// and seen by all processes. errc::timeout. Any other error is why something that was stored
    /// since the last flush was lost (errc::full, busy, io); that is said once.
    void flush(expiry timeout = never) const { detail::call(hc_flush, live(), timeout.value()); }

    /// What the cache counted since it was opened, and what lies on disk. May wait for the disk.
    hc_stats stats() const {
        hc_stats filled = {};
        filled.struct_size = sizeof filled;
        detail::call(hc_get_stats, live(), &filled);
        return filled;
    }

private:
    /// Makes a long call that asks `progress` whether it goes on, and fills a struct in any case.
    template <class Filled, class Call>
    static Filled watched(const progress_function &progress, Call call) {
        struct watcher {
            const progress_function &goes_on;
            std::exception_ptr thrown;
        } asked{progress, nullptr};
        const hc_progress_fn ask = [](void *user, std::uint64_t done,
                                      std::uint64_t total) noexcept {
            auto &by = *static_cast<watcher *>(user);
            try {
                return static_cast<std::int32_t>(!by.goes_on(done, total));
            } catch (...) {
                by.thrown = std::current_exception();
                return std::int32_t{1};
            }
        };
        Filled filled = {};
        filled.struct_size = sizeof filled;
        error why;
        const hc_status status = call(why, progress ? ask : nullptr, &asked, &filled);
        if (asked.thrown != nullptr)
            std::rethrow_exception(asked.thrown);
        if (status < 0)
            throw why;
        return filled;
    }

    hc_verification look_through(std::int32_t mends, const progress_function &progress) const {
        return watched<hc_verification>(
            progress, [&](error &why, hc_progress_fn ask, void *user, hc_verification *io) {
                return detail::try_call(why, hc_verify, live(), mends, ask, user, io);
            });
    }

    static hc_cache *open(const std::filesystem::path &directory, const hc_options *configuration) {
        // The C library would take what stands before the NUL for the path.
        if (directory.native().find('\0') != std::filesystem::path::string_type::npos)
            throw error(errc::argument, "the path of the cache holds a NUL");
        return open(directory.c_str(), configuration);
    }

    static hc_cache *open(const char *directory, const hc_options *configuration) {
        hc_cache *out = nullptr;
        detail::call(hc_open, directory, configuration, &out);
        return out;
    }
};

} // namespace hc

#endif
