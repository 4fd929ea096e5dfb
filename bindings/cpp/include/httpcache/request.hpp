/// Requests.
#ifndef HTTPCACHE_REQUEST_HPP
#define HTTPCACHE_REQUEST_HPP

#include "field.hpp"
#include "object.hpp"
#include "settings.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace hc {

/// Method, URL, fields, body and options of a request.
class request : public detail::object<hc_request, hc_request_free>, public settings<request> {
public:
    /// The URL is http or https and absolute; it is normalised (RFC 3986 6), its fragment dropped,
    /// and what stands before an "@" becomes an Authorization field. A host in other letters than
    /// ASCII is written by IDNA, and what else is not ASCII is percent-encoded. errc::method,
    /// errc::url, errc::field.
    request(std::string_view method, std::string_view url,
            std::initializer_list<hc::field> fields = {})
        : object(make(method, url)) {
        for (const hc::field &one : fields)
            add(one.name, one.value);
    }

    /// Takes an object of the C library.
    explicit request(hc_request *owned) noexcept : object(owned) {}

    /// A copy, with its options: also of a request that was lent, to keep it. That the one is
    /// cancelled does not cancel the other.
    request(const request &other) : object(copied(other)) {}
    request &operator=(const request &other) { return *this = request(other); }
    request(request &&) noexcept = default;
    request &operator=(request &&) noexcept = default;
    ~request() = default;

    /// Makes this a new request of the same options, so that one object serves many. After an error
    /// it is as it was.
    request &assign(std::string_view method, std::string_view url) {
        detail::call(hc_request_assign, live(), method.data(), method.size(), url.data(),
                     url.size());
        return *this;
    }

    /// Adds a field at the end. White space around the value is dropped. errc::field: the name is
    /// no token, or the value holds CR, LF or NUL.
    request &add(std::string_view name, std::string_view value) {
        detail::call(hc_request_add, live(), name.data(), name.size(), value.data(), value.size());
        return *this;
    }

    /// Removes all fields of a name; says whether there were any.
    bool remove(std::string_view name) {
        return detail::check(hc_request_remove(live(), name.data(), name.size())) == HC_OK;
    }

    /// Sets the body, replacing one that was set before.
    request &body(std::string_view bytes) {
        detail::call(hc_request_set_body, live(), bytes.data(), bytes.size());
        return *this;
    }

    /// Sets an option by its number, for one that has no method here. `value` is as httpcache.h
    /// says; std::string_view() is its NULL.
    request &set(hc_option key, std::int64_t value) {
        detail::call(hc_request_set, live(), key, value);
        return *this;
    }
    request &set(hc_option key, std::string_view value) {
        detail::call(hc_request_set_string, live(), key, value.data(), value.size());
        return *this;
    }

    /// The value that an option of this request was set to, by its number. Nothing: the cache's own
    /// holds. errc::unsupported: the number is not known.
    std::optional<std::int64_t> option(hc_option key) const {
        std::int64_t value = 0;
        if (detail::check(hc_request_option(live(), key, &value)) != HC_OK)
            return std::nullopt;
        return value;
    }

    /// Ends, with errc::cancelled, the cache::fetch() that waits for the answer and the reading of
    /// its body, also those that begin later, until assign(). What is answered from the cache is
    /// not concerned. From any thread, while none changes or destroys the request.
    void cancel() const { hc_request_cancel(live()); }

    /// Whether cancel() was called: a client of your own gives up then. As cancel().
    bool is_cancelled() const { return hc_request_is_cancelled(live()) != 0; }

    std::string_view method() const { return detail::text(hc_request_method(live())); }

    /// The URL, normalised.
    std::string_view url() const { return detail::text(hc_request_url(live())); }

    field_list fields() const {
        std::size_t count = 0;
        const hc_field *first = hc_request_fields(live(), &count);
        return {first, count};
    }

    std::string_view body() const {
        std::size_t size = 0;
        const void *bytes = hc_request_body(live(), &size);
        return {static_cast<const char *>(bytes), size};
    }

private:
    static hc_request *make(std::string_view method, std::string_view url) {
        hc_request *made = nullptr;
        detail::call(hc_request_new, method.data(), method.size(), url.data(), url.size(), &made);
        return made;
    }

    static hc_request *copied(const request &other) {
        hc_request *made = nullptr;
        detail::call(hc_request_copy, other.live(), &made);
        return made;
    }
};

namespace detail {

/// A copy of a request that is lent; nothing of NULL.
inline std::optional<request> copy_of(const hc_request *lent) {
    if (lent == nullptr)
        return std::nullopt;
    hc_request *made = nullptr;
    call(hc_request_copy, lent, &made);
    return request(made);
}

} // namespace detail
} // namespace hc

#endif
