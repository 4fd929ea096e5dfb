/// What functions of yours are lent that say which requests are the same.
#ifndef HTTPCACHE_KEY_HPP
#define HTTPCACHE_KEY_HPP

#include "field.hpp"
#include "object.hpp"
#include "request.hpp"

#include <string_view>

namespace hc {

/// Where options::key() writes the key of a request. A function that needs the parts of the
/// library's own key may write them of the request it was lent, or of a copy that it changed.
class key_sink {
public:
    explicit key_sink(hc_sink *borrowed) noexcept : sink_(borrowed) {}
    key_sink(const key_sink &) = delete;
    key_sink &operator=(const key_sink &) = delete;

    /// Writes the next bytes. errc::too_large: the key has more than 64 KiB, and will not be taken.
    key_sink &write(std::string_view bytes) {
        detail::check(hc_sink_write(sink_, bytes.data(), bytes.size()));
        return *this;
    }

    /// Writes the key that a request would have without a function.
    key_sink &write_default_key(const request &r) {
        detail::check(hc_sink_write_default_key(sink_, r.live()));
        return *this;
    }

    /// Writes the URL as it would stand in a key: with sorted parameters, those that are ignored
    /// left out, and secrets hashed. This and the next two write their length too, so that parts
    /// written one after another are not mixed up.
    key_sink &write_url(const request &r) {
        detail::check(hc_sink_write_url(sink_, r.live()));
        return *this;
    }

    /// Writes what would stand in a key for the body: its kind, type and a hash of its normal form.
    key_sink &write_body(const request &r) {
        detail::check(hc_sink_write_body(sink_, r.live()));
        return *this;
    }

    /// Writes the value of a field as it would stand in a key, that there is none too; says whether
    /// there is one. errc::argument: the name is no token.
    bool write_field(const request &r, std::string_view name) {
        return detail::check(hc_sink_write_field(sink_, r.live(), name.data(), name.size())) ==
               HC_OK;
    }

    /// The object of the C library, for calls that are not wrapped.
    hc_sink *get() const noexcept { return sink_; }

private:
    hc_sink *sink_;
};

/// The copy of a request that options::normalize() may change: as a request, but lent, so that
/// nobody can move it away.
class request_copy {
public:
    explicit request_copy(hc_request *borrowed) noexcept : held_(borrowed) {}
    ~request_copy() { held_.release(); }
    request_copy(const request_copy &) = delete;
    request_copy &operator=(const request_copy &) = delete;

    /// To be read, and to be copied.
    operator const request &() const noexcept { return held_; }

    request_copy &assign(std::string_view method, std::string_view url) {
        held_.assign(method, url);
        return *this;
    }
    request_copy &add(std::string_view name, std::string_view value) {
        held_.add(name, value);
        return *this;
    }
    bool remove(std::string_view name) { return held_.remove(name); }
    request_copy &body(std::string_view bytes) {
        held_.body(bytes);
        return *this;
    }

    std::string_view method() const { return held_.method(); }
    std::string_view url() const { return held_.url(); }
    field_list fields() const { return held_.fields(); }
    std::string_view body() const { return held_.body(); }

private:
    request held_;
};

} // namespace hc

#endif
