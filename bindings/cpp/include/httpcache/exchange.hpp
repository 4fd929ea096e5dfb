/// Using the cache with your own HTTP client: no network inside.
#ifndef HTTPCACHE_EXCHANGE_HPP
#define HTTPCACHE_EXCHANGE_HPP

#include "object.hpp"
#include "request.hpp"
#include "response.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hc {

/// What cache::lookup() decides, and what then follows.
enum class decision : std::int32_t {
    forward = HC_FORWARD, ///< Send forward(), then store, store_begin or store_failure.
    fresh = HC_FRESH,     ///< The view is the answer.
    stale = HC_STALE, ///< The view is the answer; it is stale, which is allowed (RFC 9111 4.2.4).
    /// The same; and once it was handed on, send forward() behind the caller's back, on any thread
    /// and at any time, then as after forward (RFC 5861 3). Take response() before the answer is
    /// reported. One caller a variant gets this, until the exchange is destroyed.
    stale_revalidate = HC_STALE_REVALIDATE,
    revalidate = HC_REVALIDATE,       ///< As forward; what is sent is conditional (RFC 9111 4.3.1).
    unsatisfiable = HC_UNSATISFIABLE, ///< The view is the answer: a 504 (RFC 9111 5.2.1.7).
};

/// What became of an origin's answer, and what to hand on.
enum class outcome : std::int32_t {
    not_stored = HC_NOT_STORED, ///< The view's head, the origin's body.
    stored = HC_STORED,         ///< The view.
    freshened = HC_FRESHENED,   ///< The view: a 304 freshened the stored response (RFC 9111 4.3.4).
    used_stale = HC_USED_STALE, ///< The view, which is stale; drop the origin's body (RFC 5861 4).
    storing = HC_STORING, ///< The view's head, the origin's body; store_write it, then store_end.
    repeat = HC_REPEAT,   ///< Nothing: send forward() once more, then as after decision::forward.
};

/// One request on its way through the cache: cache::lookup() makes it. Destroyed at any point; what
/// was not ended is not stored. A verb out of order is errc::misuse, and changes nothing.
class exchange : public detail::object<hc_exchange, hc_exchange_free> {
public:
    /// Takes an object of the C library, and what hc_lookup wrote to its view.
    explicit exchange(hc_exchange *owned, const hc::view &looked_up = {}) noexcept
        : object(owned), view_(looked_up) {}

    hc::decision decision() const {
        return static_cast<hc::decision>(hc_exchange_decision(live()));
    }

    /// What to hand on, as of the last verb.
    const hc::view &view() const {
        live();
        return view_;
    }

    /// The request to send: yours, with the conditions that are needed. NULL when there is nothing
    /// to send, or no more: loop while there is something.
    const request *forward() {
        // Only read through the wrapper, which gives it out as const.
        auto *borrowed = const_cast<hc_request *>(hc_exchange_forward(live()));
        forward_ = detail::lent<request, hc_request>(borrowed);
        return borrowed != nullptr ? &*forward_ : nullptr;
    }

    /// Why the request is forwarded, as a token of RFC 9211 2.2 ("uri-miss", "stale", ...), or why
    /// an answer was not stored. Empty where neither is so.
    std::string_view reason() const { return detail::text(hc_exchange_reason(live())); }

    /// The decision in words, a line for each step. It holds no URL, field value or credential.
    std::string explain() { return std::string(detail::text(hc_exchange_explain(live()))); }

    /// The response to hand on as an object of its own, for reading its body and for other threads;
    /// it outlives the exchange. Nothing while there is none, or it is the origin's and not wholly
    /// stored; where it is continued(), what was stored.
    std::optional<hc::response> response() {
        hc_response *out = nullptr;
        if (detail::call(hc_exchange_response, live(), &out) != HC_OK)
            return std::nullopt;
        return hc::response(out);
    }

    /// Reports the origin's whole answer; never outcome::storing. A body shorter or longer than its
    /// Content-Length is not stored. May wait for the disk, as the next three.
    outcome store(const hc::response &origin) {
        std::int32_t became = HC_NOT_STORED;
        detail::call(hc_store, live(), origin.live(), &became, &view_.raw());
        return static_cast<outcome>(became);
    }

    /// Reports the head of the origin's answer; its body follows in pieces. Only outcome::storing
    /// wants it written.
    outcome store_begin(const hc::response &head) {
        std::int32_t became = HC_NOT_STORED;
        detail::call(hc_store_begin, live(), head.live(), &became, &view_.raw());
        return static_cast<outcome>(became);
    }

    /// Stores the next bytes of the body. False: it is no longer stored; what is written from now
    /// on is dropped.
    bool store_write(std::string_view piece) {
        return detail::call(hc_store_write, live(), piece.data(), piece.size()) == HC_OK;
    }

    /// Ends the body: outcome::stored, or outcome::not_stored where the body is short of its
    /// Content-Length or longer, or the cache failed.
    outcome store_end() {
        std::int32_t became = HC_NOT_STORED;
        detail::call(hc_store_end, live(), &became);
        return static_cast<outcome>(became);
    }

    /// Reports that the origin could not be reached, or broke off after store_begin(). True: the
    /// view is the stored response, which may be used though it is stale (RFC 5861 4). False:
    /// nothing may be used.
    bool store_failure() { return detail::call(hc_store_failure, live(), &view_.raw()) == HC_OK; }

private:
    hc::view view_;
    detail::lent<request, hc_request> forward_{nullptr};
};

} // namespace hc

#endif
