/// Responses, and views of them.
#ifndef HTTPCACHE_RESPONSE_HPP
#define HTTPCACHE_RESPONSE_HPP

#include "field.hpp"
#include "object.hpp"
#include "request.hpp"
#include "time.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace hc {

/// What is known of a response, besides its body.
template <class Owner>
class described {
public:
    /// The status code. Of a view, 0: there is nothing to hand on yet, and the rest is empty.
    int status() const { return seen().status; }

    std::string_view reason() const { return detail::text(seen().reason); }

    /// The final URL. Borrowed, as are the fields.
    std::string_view url() const { return detail::text(seen().url); }

    field_list fields() const {
        const hc_view &of = seen();
        return {of.fields, of.field_count};
    }

    /// Whether it comes from the cache.
    bool from_cache() const { return has(HC_FROM_CACHE); }

    /// Whether the origin said, for this answer, that the stored response is still valid (304).
    bool revalidated() const { return has(HC_REVALIDATED); }

    /// Whether it is stale, at the cache's clock.
    bool expired() const { return has(HC_EXPIRED); }

    /// Whether the origin's body is only the rest, after outcome::storing and not_stored: hand on
    /// the body of exchange::response(), which is what was stored, and then the origin's. Only with
    /// settings::complete().
    bool continued() const { return has(HC_CONTINUED); }

    /// When it was received or last freshened. Nothing: it is not stored.
    std::optional<time_point> created_at() const { return detail::instant(seen().created_at); }

    /// When it becomes stale; time_point::max() is never. Nothing: it is not stored.
    std::optional<time_point> expires_at() const { return detail::instant(seen().expires_at); }

    /// Its current age (RFC 9111 4.2.3).
    milliseconds age() const { return milliseconds(seen().age); }

    /// How long it is fresh; milliseconds::max() is for ever. Nothing: it is not stored.
    std::optional<milliseconds> freshness_lifetime() const {
        return detail::duration(seen().freshness_lifetime);
    }

    /// How long the origin took to the header section; 0 where it was not asked.
    milliseconds elapsed() const { return milliseconds(seen().elapsed); }

    /// Bytes of the whole body. Nothing: not known yet.
    std::optional<std::uint64_t> body_size() const {
        const std::int64_t size = seen().body_size;
        if (size < 0)
            return std::nullopt;
        return static_cast<std::uint64_t>(size);
    }

protected:
    ~described() = default;

private:
    decltype(auto) seen() const { return static_cast<const Owner &>(*this).raw(); }
    bool has(hc_view_flag flag) const {
        return (seen().flags & static_cast<std::uint32_t>(flag)) != 0;
    }
};

/// A response in one flat piece, borrowed from the exchange.
class view : public described<view> {
public:
    view() noexcept { raw_.struct_size = sizeof raw_; }

    /// The whole body if it lies in memory. Nothing: it is the origin's, or exchange::response()
    /// reads it.
    std::optional<std::string_view> body() const noexcept {
        if (raw_.body == nullptr)
            return std::nullopt;
        return std::string_view(static_cast<const char *>(raw_.body), raw_.body_len);
    }

    /// The struct of the C library.
    const hc_view &raw() const noexcept { return raw_; }
    hc_view &raw() noexcept { return raw_; }

private:
    hc_view raw_ = {};
};

/// A response: one that you make of an origin's answer, or one that a cache answers with. An
/// origin's body that is not read to its end is not stored.
class response : public detail::object<hc_response, hc_response_free>, public described<response> {
public:
    /// An origin's answer, to hand to exchange::store() or store_begin(). errc::argument: the
    /// status is not between 100 and 999. errc::field.
    explicit response(int status, std::initializer_list<hc::field> fields = {},
                      std::string_view body = {}, std::string_view reason = {})
        : object(make(status, reason)) {
        for (const hc::field &one : fields)
            add(one.name, one.value);
        if (!body.empty())
            this->body(body);
    }

    /// Takes an object of the C library.
    explicit response(hc_response *owned) noexcept : object(owned) {}

    /// Makes this a new response without fields and body. errc::misuse: it is not one you made.
    response &assign(int status, std::string_view reason = {}) {
        detail::call(hc_response_assign, live(), status, reason.data(), reason.size());
        return *this;
    }

    /// Adds a field at the end, as request::add(). errc::misuse: it is not one you made.
    response &add(std::string_view name, std::string_view value) {
        detail::call(hc_response_add, live(), name.data(), name.size(), value.data(), value.size());
        return *this;
    }

    /// Sets the body, for exchange::store(). errc::misuse: it is not one you made.
    response &body(std::string_view bytes) {
        detail::call(hc_response_set_body, live(), bytes.data(), bytes.size());
        return *this;
    }

    /// The value of a field: its lines joined with ", " (RFC 9110 5.3), of Set-Cookie the first
    /// only.
    std::optional<std::string_view> field(std::string_view name) const {
        std::size_t size = 0;
        const char *value = hc_response_get(live(), name.data(), name.size(), &size);
        if (value == nullptr)
            return std::nullopt;
        return std::string_view(value, size);
    }

    /// The whole body, loaded once, whatever was read before; waits for the origin. errc::misuse:
    /// part of an origin's body was read and, because it is not being stored, is gone. Failures of
    /// the origin.
    std::string_view body() const & {
        const void *bytes = nullptr;
        std::size_t size = 0;
        detail::call(hc_response_body, live(), &bytes, &size);
        return {static_cast<const char *>(bytes), size};
    }

    /// A copy, where the response goes away at once: `std::string page = cache.fetch(url).body();`
    std::string body() && { return std::string(static_cast<const response &>(*this).body()); }

    /// Reads the next bytes of the body, at most `capacity`; says how many, 0 at the end. May be
    /// short. Waits for the origin; failures of the origin.
    std::size_t read(void *buffer, std::size_t capacity) {
        std::size_t count = 0;
        detail::call(hc_response_read, live(), buffer, capacity, &count);
        return count;
    }

    /// As read(), for callers to whom a failing origin is no exception. Nothing: `why` says why.
    std::optional<std::size_t> try_read(void *buffer, std::size_t capacity, error &why) noexcept {
        std::size_t count = 0;
        if (is_gone(why) ||
            detail::try_call(why, hc_response_read, get(), buffer, capacity, &count) < 0)
            return std::nullopt;
        return count;
    }

    /// The key of this variant, printable. Empty: it is not stored.
    std::string_view key() const { return detail::text(hc_response_key(live())); }

    /// A copy of the request that it answers, as you gave it. Of a response from cache::find() or a
    /// walk the stored one, with REDACTED in the place of what is not stored: for reading, not for
    /// sending. Nothing: it is not known, or you made the response.
    std::optional<hc::request> request() const {
        return detail::copy_of(hc_response_request(live()));
    }

    /// All that is known now, as the struct of the C library.
    hc_view raw() const {
        hc_view filled = {};
        filled.struct_size = sizeof filled;
        detail::check(hc_response_view(live(), &filled));
        return filled;
    }

private:
    static hc_response *make(int status, std::string_view reason) {
        hc_response *made = nullptr;
        detail::call(hc_response_new, status, reason.data(), reason.size(), &made);
        return made;
    }
};

} // namespace hc

#endif
