/// The configuration of a cache.
#ifndef HTTPCACHE_OPTIONS_HPP
#define HTTPCACHE_OPTIONS_HPP

#include "key.hpp"
#include "object.hpp"
#include "request.hpp"
#include "response.hpp"
#include "settings.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hc {

enum class durability {
    fast = 0,   ///< Discarded after an unclean reboot.
    safe = 1,   ///< The last moments may be lost.
    synced = 2, ///< What is stored is durable.
};

/// What the path of a cache means.
enum class place {
    /// The cache directory.
    path = 0,
    /// A name in the directory of this user's caches, $XDG_CACHE_HOME or ~/.cache; without one
    /// "http_cache".
    user = 1,
    /// A directory, or without one $TMPDIR or /tmp, in which a temporary one is made: it goes with
    /// the last that has it open, this process or a child that it forked.
    temporary = 2,
};

enum class log_level : std::int32_t {
    error = HC_LOG_ERROR,     ///< The cache lost something, or works as pass-through.
    warning = HC_LOG_WARNING, ///< Something is not as it should be.
    info = HC_LOG_INFO,       ///< What happens now and then.
    debug = HC_LOG_DEBUG,     ///< What happens on each call.
};

/// Configuration of a cache, which copies it. The methods return the object, to be chained.
class options : public detail::object<hc_options, hc_options_free>, public settings<options> {
public:
    using clock_function = std::function<time_point()>;
    using log_function = std::function<void(log_level, std::string_view)>;
    using filter_function = std::function<bool(const request &, const response &)>;
    using key_function = std::function<void(const request &, key_sink &)>;
    using normalize_function = std::function<void(request_copy &)>;

    /// The defaults.
    options() : object(hc_options_new()) {
        if (get() == nullptr)
            throw std::bad_alloc();
    }

    /// Takes an object of the C library.
    explicit options(hc_options *owned) noexcept : object(owned) {}

    /// RFC 9111 decides from the response's fields; off, the settings alone decide. Default off.
    options &cache_control(bool on) { return set(HC_OPT_CACHE_CONTROL, on); }

    /// With cache_control(): the cache serves several users (RFC 9111 1), and is not private.
    /// Default off.
    options &shared(bool on) { return set(HC_OPT_SHARED, on); }

    /// With cache_control(), the percentage of Date - Last-Modified that is the lifetime where
    /// nothing else says one (RFC 9111 4.2.2), 0 to 100. Default 10.
    options &heuristic_percent(std::int64_t percent) {
        return set(HC_OPT_HEURISTIC_PERCENT, plain(percent));
    }

    /// With cache_control(): a response that says `immutable` never becomes stale, whatever else it
    /// says. Without this that holds for one that names no lifetime, in a private cache (RFC 8246).
    /// Default off.
    options &immutable_forever(bool on) { return set(HC_OPT_IMMUTABLE_FOREVER, on); }

    /// Responses of a status code, or of a class of them by its first digit, have an expiry of
    /// their own, which holds before that of the cache; `unset` takes it back. What a request says
    /// comes first, and with cache_control() what the response says.
    options &status_expiry(int status, expiry lifetime) {
        detail::call(hc_options_status_expiry, live(), status, lifetime.value());
        return *this;
    }

    /// A rule for the URLs that a glob matches, `[scheme://]host[:port][/path]`: `*`, `?` and
    /// `[a-z]` in the host, to its end, and in the path, from its beginning. Of all rules that
    /// match, by glob or by expression, the first one added holds, before status_expiry() and the
    /// cache's own expiry; do_not_cache keeps the cache out of it.
    options &url_rule(std::string_view glob, expiry lifetime) {
        return url_rule(HC_GLOB, glob, lifetime);
    }

    /// The same for a regular expression, which is searched for in the whole URL.
    options &url_rule_by_regex(std::string_view expression, expiry lifetime) {
        return url_rule(HC_REGEX, expression, lifetime);
    }

    /// Unsafe methods that succeed take away what is stored of their URL (RFC 9111 4.4). Default:
    /// as cache_control().
    options &invalidate(bool on) { return set(HC_OPT_INVALIDATE, on); }

    /// No-Vary-Search says which parameters of a URL count for nothing. Default off.
    options &no_vary_search(bool on) { return set(HC_OPT_NO_VARY_SEARCH, on); }

    /// Cache-Groups and Cache-Group-Invalidation are honoured (RFC 9875). Default off.
    options &groups(bool on) { return set(HC_OPT_GROUPS, on); }

    /// Of variants by language, one that is stored is chosen where Accept-Language wants none more.
    /// Default off.
    options &select_language(bool on) { return set(HC_OPT_SELECT_LANGUAGE, on); }

    /// Cache-Status is added to what is handed on (RFC 9211). Default off.
    options &cache_status(bool on) { return set(HC_OPT_CACHE_STATUS, on); }

    /// Who this cache is in Cache-Status (RFC 9211 2): printable ASCII. Default "httpcache".
    options &cache_name(std::string_view name) { return set(HC_STR_CACHE_NAME, name); }

    /// On, threads of the library, which call nothing of yours, commit what is stored, and
    /// revalidate for fetch(); where the cache has a function of yours, that is before it returns
    /// (RFC 5861 3). Off, the library starts no thread: see cache::work(). Of caches with the same
    /// directory, the first one says who commits. Default on.
    options &workers(bool on) { return set(HC_OPT_WORKERS, on); }

    /// Beside a response all fields of its request are stored, and the body, without what is
    /// ignored; off, only what Vary needs. Default on.
    options &keep_request(bool on) { return set(HC_OPT_KEEP_REQUEST, on); }

    /// Adds names of fields, of parameters of URLs and forms, and of members of JSON, or paths of
    /// these ("$.a.b", "$..name"): their values are left out of the key, and never reach the disk.
    /// By default those that authenticate; clear(HC_LIST_IGNORED) takes these away.
    template <class Names = std::initializer_list<std::string_view>>
    options &ignored(const Names &more) {
        for (const std::string_view item : more)
            add(HC_LIST_IGNORED, item);
        return *this;
    }

    /// That an ignored name is there counts, though not its value. Default off.
    options &ignored_presence_counts(bool on) { return set(HC_OPT_IGNORED_PRESENCE_COUNTS, on); }

    /// Names of request fields that are part of the key, beside those that Vary selects by. Default
    /// none. This and the other lists replace what was set before, by braces or any container;
    /// after an error they hold the items before the one that was refused.
    template <class Names = std::initializer_list<std::string_view>>
    options &match_fields(const Names &all) {
        return list(HC_LIST_MATCH_FIELD, all);
    }

    /// Every request field is part of the key, but those that are ignored and those about the
    /// transfer, conditions, ranges and caching. Default off.
    options &match_all_fields(bool on) { return set(HC_OPT_MATCH_ALL_FIELDS, on); }

    /// Names of request fields whose lists mean the same in any order and letter case, beside
    /// Accept, Accept-Charset, Accept-Encoding and Accept-Language. Default none.
    template <class Names = std::initializer_list<std::string_view>>
    options &unordered_fields(const Names &all) {
        return list(HC_LIST_UNORDERED_FIELD, all);
    }

    /// The lists of all request fields do. Default off.
    options &all_fields_unordered(bool on) { return set(HC_OPT_UNORDERED_FIELDS, on); }

    /// Methods whose responses are stored. Default GET, HEAD.
    template <class Names = std::initializer_list<std::string_view>>
    options &methods(const Names &all) {
        return list(HC_LIST_METHOD, all);
    }

    /// Status codes that are stored. Default 200; with cache_control() what RFC 9111 3 allows.
    /// Never stored are 1xx, 304, 407, 412 and 416; 206 as the RFC says (3.3).
    template <class Numbers = std::initializer_list<int>>
    options &statuses(const Numbers &all) {
        clear(HC_LIST_STATUS);
        for (const auto one : all)
            add(HC_LIST_STATUS, std::to_string(one));
        return *this;
    }

    /// Names of targeted fields, the most specific first (RFC 9213). Needs cache_control(). Default
    /// none.
    template <class Names = std::initializer_list<std::string_view>>
    options &targeted_fields(const Names &all) {
        return list(HC_LIST_TARGETED_FIELD, all);
    }

    /// What the path of the cache means. Default path.
    options &place(hc::place where) { return set(HC_OPT_PLACE, static_cast<std::int64_t>(where)); }

    /// Larger bodies pass through unstored. Default never.
    options &max_response_bytes(std::int64_t size) {
        return set(HC_OPT_MAX_RESPONSE_BYTES, plain(size));
    }
    options &max_response_bytes(named name) {
        return set(HC_OPT_MAX_RESPONSE_BYTES, static_cast<std::int64_t>(name));
    }

    /// Recorded when the directory is made; another value later is errc::mismatch, unset takes the
    /// directory's. Default safe.
    options &durability(hc::durability kind) {
        return set(HC_OPT_DURABILITY, static_cast<std::int64_t>(kind));
    }

    /// Variants kept of one primary key, 1 to 4096; the oldest goes first. Default 64.
    options &max_variants(std::int64_t count) { return set(HC_OPT_MAX_VARIANTS, plain(count)); }

    /// The header section of an answer, from 1024; beyond it errc::too_large. Default 262144.
    options &max_head_bytes(std::int64_t size) { return set(HC_OPT_MAX_HEAD_BYTES, plain(size)); }

    /// Fields of an answer, from 1; beyond it errc::too_large. Default 1000.
    options &max_fields(std::int64_t count) { return set(HC_OPT_MAX_FIELDS, plain(count)); }

    /// Query parameters are sorted by name in the key; sent as given. Default: not with
    /// cache_control().
    options &sort_query(bool on) { return set(HC_OPT_SORT_QUERY, on); }

    /// 16 to 16777216; longer URLs are errc::too_large. Default 65536.
    options &max_url_bytes(std::int64_t size) { return set(HC_OPT_MAX_URL_BYTES, plain(size)); }

    /// Sets an option by its number, for one that has no method here. `value` is as httpcache.h
    /// says; std::string_view() is its NULL.
    options &set(hc_option key, std::int64_t value) {
        detail::call(hc_options_set, live(), key, value);
        return *this;
    }
    options &set(hc_option key, std::string_view value) {
        detail::call(hc_options_set_string, live(), key, value.data(), value.size());
        return *this;
    }

    /// Adds to a list by its number; it begins as its default. errc::argument: the item is none of
    /// its kind.
    options &add(hc_option list, std::string_view item) {
        detail::call(hc_options_add, live(), list, item.data(), item.size());
        return *this;
    }

    /// Empties a list by its number: its default too is gone.
    options &clear(hc_option list) {
        detail::call(hc_options_clear, live(), list);
        return *this;
    }

    /// The items of a list by its number, as it stands; none of one that is not known.
    std::vector<std::string> items(hc_option list) const {
        std::vector<std::string> all;
        while (const char *item = hc_options_item(live(), list, all.size()))
            all.emplace_back(item);
        return all;
    }

    /// Replaces the clock of the cache and of everything stored in it; an empty function is the
    /// system's. Called from several threads at once. Where it throws, the system's clock is taken.
    options &clock(clock_function now) {
        return take(hc_options_clock, std::move(now), [](void *user) noexcept {
            try {
                return (*static_cast<clock_function *>(user))().time_since_epoch().count();
            } catch (...) {
                const auto at = std::chrono::system_clock::now();
                return std::chrono::time_point_cast<milliseconds>(at).time_since_epoch().count();
            }
        });
    }

    /// Takes log lines up to `level`, without their end; an empty function takes none. Called from
    /// several threads at once. What it throws is dropped.
    options &log(log_level level, log_function take_line) {
        auto set_log = [level](hc_options *to, hc_log_fn line, void *user, hc_destroy_fn destroy) {
            return hc_options_log(to, static_cast<std::int32_t>(level), line, user, destroy);
        };
        return take(
            set_log, std::move(take_line),
            [](void *user, std::int32_t grave, const char *message, std::size_t size) noexcept {
                try {
                    (*static_cast<log_function *>(user))(static_cast<log_level>(grave),
                                                         std::string_view(message, size));
                } catch (...) {
                }
            });
    }

    /// Has `keep` asked, after all other rules, before a response is stored (once its body is
    /// complete) and each time one is reused or freshened. What it refuses is not stored, or is
    /// deleted and answered with this last time. Where it throws nothing is stored, nothing is
    /// deleted, and a log line tells. Both objects are lent for the call; response::body() gives
    /// the whole body. Called from several threads at once. An empty function: none is asked.
    options &filter(filter_function keep) {
        return take(hc_options_filter, std::move(keep),
                    [](void *user, const hc_request *asked, hc_response *answer) noexcept {
                        try {
                            // Nothing is changed through the wrapper: lent only gives it out as
                            // const.
                            const detail::lent<request, hc_request> r(
                                const_cast<hc_request *>(asked));
                            const detail::lent<response, hc_response> p(answer);
                            const bool kept = (*static_cast<filter_function *>(user))(*r, *p);
                            return static_cast<std::int32_t>(kept);
                        } catch (...) {
                            return static_cast<std::int32_t>(HC_E_CALLBACK);
                        }
                    });
    }

    /// Has `make` write the key of each request, in place of what the library makes it of. The
    /// partition, credentials and Vary still tell requests apart. Where it throws, or writes
    /// nothing or more than 64 KiB, the request goes past the cache, and that is counted and
    /// logged. Both objects are lent for the call. It must not ask the cache that it makes keys
    /// for: errc::misuse. Called from several threads at once. An empty function: the library makes
    /// them.
    options &key(key_function make) {
        return take(hc_options_key, std::move(make),
                    [](void *user, const hc_request *asked, hc_sink *to) noexcept -> hc_status {
                        try {
                            const detail::lent<request, hc_request> r(
                                const_cast<hc_request *>(asked));
                            key_sink key(to);
                            (*static_cast<key_function *>(user))(*r, key);
                            return HC_OK;
                        } catch (...) {
                            return detail::failure();
                        }
                    });
    }

    /// Has `change` change a copy of each request, from which alone the key is made, and which Vary
    /// compares; what is sent stays as it is, and its credentials still tell requests apart.
    /// Otherwise as key(), which is shown that copy.
    options &normalize(normalize_function change) {
        return take(hc_options_normalize, std::move(change),
                    [](void *user, hc_request *asked) noexcept -> hc_status {
                        try {
                            request_copy copy(asked);
                            (*static_cast<normalize_function *>(user))(copy);
                            return HC_OK;
                        } catch (...) {
                            return detail::failure();
                        }
                    });
    }

private:
    options &url_rule(std::int32_t kind, std::string_view pattern, expiry lifetime) {
        detail::call(hc_options_add_url_rule, live(), kind, pattern.data(), pattern.size(),
                     lifetime.value());
        return *this;
    }

    template <class Names>
    options &list(hc_option number, const Names &items) {
        clear(number);
        for (const std::string_view item : items)
            add(number, item);
        return *this;
    }

    /// Hands a function and its trampoline to the C library, which destroys it also where the call
    /// fails.
    template <class Setter, class Function, class Trampoline>
    options &take(Setter setter, Function function, Trampoline trampoline) {
        hc_options *to = live();
        if (!function) {
            detail::check(setter(to, nullptr, nullptr, nullptr));
            return *this;
        }
        auto *owned = new Function(std::move(function));
        detail::check(setter(to, trampoline, owned,
                             [](void *user) noexcept { delete static_cast<Function *>(user); }));
        return *this;
    }
};

} // namespace hc

#endif
