/// Expiries, durations and instants.
#ifndef HTTPCACHE_TIME_HPP
#define HTTPCACHE_TIME_HPP

#include "error.hpp"

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <ratio>

namespace hc {

using milliseconds = std::chrono::duration<std::int64_t, std::milli>;

/// An instant. Milliseconds reach further than the nanoseconds of
/// std::chrono::system_clock::time_point.
using time_point = std::chrono::time_point<std::chrono::system_clock, milliseconds>;

/// Expiries and durations with a name. No arithmetic comes near them.
enum class named : std::int64_t {
    immediately = HC_EXPIRE_IMMEDIATELY,
    unset = HC_UNSET,
    never = HC_NEVER_EXPIRE,
    do_not_cache = HC_DO_NOT_CACHE,
};

/// Stored if it has a validator, revalidated on each use.
inline constexpr named immediately = named::immediately;
/// No value: the next in the order of precedence.
inline constexpr named unset = named::unset;
/// Never stale. Of a limit: none, however stale, long or large.
inline constexpr named never = named::never;
/// Neither read nor written.
inline constexpr named do_not_cache = named::do_not_cache;

/// A number that is no named value by accident.
inline std::int64_t plain(std::int64_t number) {
    if (number < 0)
        throw error(errc::argument, "a number is negative");
    return number;
}

/// What an option of time takes: any duration, or one of the named values.
class expiry {
public:
    constexpr expiry(named name) noexcept : value_(static_cast<std::int64_t>(name)) {}

    /// Rounded up, so that half a millisecond does not become `immediately`; what does not fit is
    /// the longest that does. Throws where it is negative or no number.
    template <class Rep, class Period>
    constexpr expiry(std::chrono::duration<Rep, Period> length) : value_(count(length)) {}

    /// Milliseconds, or one of hc_time.
    constexpr std::int64_t value() const noexcept { return value_; }

private:
    template <class Rep, class Period>
    static constexpr std::int64_t count(std::chrono::duration<Rep, Period> length) {
        // Only the estimate can be made of every duration without overflow.
        const double estimate = std::chrono::duration<double, std::milli>(length).count();
        if (!(estimate >= 0))
            throw error(errc::argument, "a duration is negative or no number");
        if (estimate >= 9.2e18)
            return std::numeric_limits<std::int64_t>::max();
        return std::chrono::ceil<milliseconds>(length).count();
    }

    std::int64_t value_;
};

namespace detail {

/// An instant of the C library; nothing where it has none, and the last one there is for `never`.
inline std::optional<time_point> instant(std::int64_t at) {
    if (at == HC_UNSET)
        return std::nullopt;
    return at == HC_NEVER_EXPIRE ? time_point::max() : time_point(milliseconds(at));
}

/// The way back.
inline std::int64_t instant_of(std::optional<time_point> at) {
    if (!at.has_value())
        return HC_UNSET;
    return (*at == time_point::max() ? expiry(never) : expiry(at->time_since_epoch())).value();
}

inline std::optional<milliseconds> duration(std::int64_t length) {
    if (length == HC_UNSET)
        return std::nullopt;
    return length == HC_NEVER_EXPIRE ? milliseconds::max() : milliseconds(length);
}

} // namespace detail
} // namespace hc

#endif
