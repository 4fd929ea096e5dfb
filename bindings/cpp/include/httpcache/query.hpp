/// What is asked for of what is stored.
#ifndef HTTPCACHE_QUERY_HPP
#define HTTPCACHE_QUERY_HPP

#include "error.hpp"
#include "time.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hc {

/// By what a walk is sorted. Any order but `key` reads all rows before the first step, and holds 64
/// bytes of memory for each response that is found, but for no more than query::limit().
enum class order : std::uint32_t {
    /// The responses of one URL stand together, in no order that means anything otherwise.
    key = HC_ORDER_KEY,
    expiry = HC_ORDER_EXPIRY,   ///< By when they become stale; those that never do come last.
    size = HC_ORDER_SIZE,       ///< By the bytes of their bodies.
    created = HC_ORDER_CREATED, ///< By when they were received or last freshened.
};

/// Which stored responses: all conditions that are set must hold. The methods return the object, to
/// be chained. Without any it asks for all that can be read. A plain value.
class query {
public:
    /// Those that are stale. Of this and the next three, any that is set.
    query &expired() { return match(HC_MATCH_EXPIRED); }

    /// Those that are fresh.
    query &fresh() { return match(HC_MATCH_FRESH); }

    /// Records that cannot be read. No other condition than url() holds for them.
    query &unreadable() { return match(HC_MATCH_UNREADABLE); }

    /// Redirects that lead to a stored response.
    query &aliases() { return match(HC_MATCH_ALIASES); }

    /// Received or last freshened before this instant, which is one after 1970 began.
    template <class Duration>
    query &created_before(std::chrono::time_point<std::chrono::system_clock, Duration> instant) {
        raw_.created_before = after_1970(instant);
        return *this;
    }

    /// Stale from an instant before this one.
    template <class Duration>
    query &expires_before(std::chrono::time_point<std::chrono::system_clock, Duration> instant) {
        raw_.expires_before = after_1970(instant);
        return *this;
    }

    /// Whose request had this method, in this letter case.
    query &method(std::string_view name) { return set(method_, name); }

    /// All that is stored of this URL: of all methods, variants, partitions and credentials, and
    /// also where parameters of it that are ignored are others. It is normalised as that of a
    /// request is.
    query &url(std::string_view of) { return set(url_, of); }

    /// Whose URL this glob matches, written as in options::url_rule(). What is not stored of a URL
    /// reads REDACTED.
    query &url_glob(std::string_view glob) { return set(url_glob_, glob); }

    /// At most so many, from 1.
    query &limit(std::int64_t count) {
        if (count < 1)
            throw error(errc::argument, "the limit of a query is less than 1");
        raw_.limit = static_cast<std::uint64_t>(count);
        return *this;
    }

    /// By what a walk is sorted, and what comes first where there is a limit. Default by key.
    query &order(hc::order by) {
        raw_.order = (raw_.order & descending_bit) | static_cast<std::uint32_t>(by);
        return *this;
    }

    /// The other way round.
    query &descending() {
        raw_.order |= descending_bit;
        return *this;
    }

    /// The struct of the C library; borrowed.
    hc_query raw() const noexcept {
        hc_query filled = raw_;
        filled.struct_size = sizeof filled;
        filled.method = text(method_);
        filled.url = text(url_);
        filled.url_glob = text(url_glob_);
        return filled;
    }

private:
    static constexpr std::uint32_t descending_bit = HC_DESCENDING;

    query &match(hc_match kind) {
        raw_.match |= static_cast<std::uint32_t>(kind);
        return *this;
    }

    query &set(std::optional<std::string> &condition, std::string_view value) {
        // The C library would take what stands before the NUL for the whole.
        if (value.find('\0') != std::string_view::npos)
            throw error(errc::argument, "a condition of a query holds a NUL");
        condition = value;
        return *this;
    }

    static const char *text(const std::optional<std::string> &condition) noexcept {
        return condition.has_value() ? condition->c_str() : nullptr;
    }

    /// To the C library 0 is no condition, which would ask for more than was said.
    template <class Instant>
    static std::int64_t after_1970(Instant instant) {
        const std::int64_t at = expiry(instant.time_since_epoch()).value();
        if (at == 0)
            throw error(errc::argument, "an instant of a query is not after 1970 began");
        return at;
    }

    hc_query raw_ = {};
    std::optional<std::string> method_, url_, url_glob_;
};

} // namespace hc

#endif
