/// Why a call failed.
#ifndef HTTPCACHE_ERROR_HPP
#define HTTPCACHE_ERROR_HPP

#include <httpcache.h>

#include <cstdint>
#include <exception>
#include <memory>
#include <string_view>

namespace hc {

/// What can go wrong. The numbers are those of the C library, and are never reused; one that is not
/// named here comes from a newer library.
enum class errc : std::int32_t {
    ok = HC_OK,
    // The call itself.
    argument = HC_E_ARGUMENT,
    misuse = HC_E_MISUSE, ///< Out of order, on an object that was closed, or on one from before a
                          ///< fork().
    unsupported = HC_E_UNSUPPORTED,
    no_memory = HC_E_NO_MEMORY,
    internal = HC_E_INTERNAL,
    conflict = HC_E_CONFLICT,
    mismatch = HC_E_MISMATCH,
    // The store: opening it, and reading a stored body that is damaged.
    io = HC_E_IO,
    full = HC_E_FULL,
    corrupt = HC_E_CORRUPT,
    newer_format = HC_E_NEWER_FORMAT,
    busy = HC_E_BUSY,
    read_only = HC_E_READ_ONLY,
    permission = HC_E_PERMISSION,
    not_directory = HC_E_NOT_DIRECTORY,
    foreign_owner = HC_E_FOREIGN_OWNER,
    symlink = HC_E_SYMLINK,
    // Messages.
    url = HC_E_URL,
    field = HC_E_FIELD,
    too_large = HC_E_TOO_LARGE,
    method = HC_E_METHOD,
    // The way to the origin.
    transport = HC_E_TRANSPORT,
    timeout = HC_E_TIMEOUT,
    cancelled = HC_E_CANCELLED,
    resolve = HC_E_RESOLVE,
    connect = HC_E_CONNECT,
    tls = HC_E_TLS,
    protocol = HC_E_PROTOCOL,
    redirect = HC_E_REDIRECT,
    callback = HC_E_CALLBACK,
};

/// Why a call failed: what is thrown, and what the forms that do not throw write. Copies share what
/// they hold and may be used from all threads.
class error : public std::exception {
public:
    /// No error: status() is errc::ok.
    error() noexcept = default;

    /// Takes `owned`, which may be NULL.
    error(hc_status status, hc_error *owned) noexcept : status_(static_cast<errc>(status)) {
        if (owned == nullptr)
            return;
        try {
            owned_.reset(owned, hc_error_free);
        } catch (const std::bad_alloc &) {
            // reset() has freed it; the status still says what kind of error it was.
        }
    }

    /// `message` is a literal.
    error(errc status, const char *message) noexcept : status_(status), message_(message) {}

    errc status() const noexcept { return status_; }

    /// What failed and why, with its subject and without secrets.
    const char *what() const noexcept override {
        if (owned_ != nullptr)
            return hc_error_message(owned_.get());
        return message_ != nullptr ? message_ : hc_strerror(static_cast<hc_status>(status_));
    }

    /// Whose number cause_number() is: "errno", "lmdb", "curl" or "callback". Empty: there is none.
    std::string_view cause() const noexcept {
        const char *name = hc_error_cause(owned_.get(), nullptr);
        return name != nullptr ? name : std::string_view();
    }

    /// The number below the error; 0 where there is none.
    std::int32_t cause_number() const noexcept {
        std::int32_t number = 0;
        hc_error_cause(owned_.get(), &number);
        return number;
    }

private:
    errc status_ = errc::ok;
    const char *message_ = nullptr;
    std::shared_ptr<const hc_error> owned_;
};

namespace detail {

/// The status of a call that returns no hc_error.
inline hc_status check(hc_status status) {
    if (status < 0)
        throw error(status, nullptr);
    return status;
}

/// The status that a callback fails with: that of the error it threw, where it is one.
inline hc_status failure() noexcept {
    try {
        throw;
    } catch (const error &e) {
        const auto status = static_cast<hc_status>(e.status());
        return status < 0 ? status : static_cast<hc_status>(HC_E_CALLBACK);
    } catch (...) {
        return HC_E_CALLBACK;
    }
}

/// Calls a function of the C library whose last argument is the error.
template <class... Parameters, class... Arguments>
hc_status call(hc_status (*function)(Parameters...), Arguments... arguments) {
    hc_error *owned = nullptr;
    hc_status status = function(arguments..., &owned);
    if (status < 0)
        throw error(status, owned);
    return status;
}

/// The same without throwing.
template <class... Parameters, class... Arguments>
hc_status try_call(error &why, hc_status (*function)(Parameters...),
                   Arguments... arguments) noexcept {
    hc_error *owned = nullptr;
    hc_status status = function(arguments..., &owned);
    why = status < 0 ? error(status, owned) : error();
    return status;
}

} // namespace detail
} // namespace hc

#endif
