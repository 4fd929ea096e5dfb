/// What the classes share: owning one object of the C library, and lending one that is not owned.
#ifndef HTTPCACHE_OBJECT_HPP
#define HTTPCACHE_OBJECT_HPP

#include "error.hpp"

#include <memory>
#include <string_view>
#include <utility>

namespace hc::detail {

inline const char *gone(const hc_cache *) {
    return "the cache was closed or moved from";
}
inline const char *gone(const hc_exchange *) {
    return "the exchange was closed or moved from";
}
inline const char *gone(const hc_iter *) {
    return "the walk was closed or moved from";
}
inline const char *gone(const hc_options *) {
    return "the options were closed or moved from";
}
inline const char *gone(const hc_request *) {
    return "the request was closed or moved from";
}
inline const char *gone(const hc_response *) {
    return "the response was closed or moved from";
}

/// Owns an object of the C library.
template <class T, void (*Free)(T *)>
class object {
public:
    /// The object of the C library, for calls that are not wrapped. NULL: it was closed or moved
    /// from.
    T *get() const noexcept { return handle_.get(); }

    /// The same; errc::misuse where there is none.
    T *live() const {
        error why;
        if (is_gone(why))
            throw why;
        return handle_.get();
    }

    /// Whether there is none; then `why` says so.
    bool is_gone(error &why) const noexcept {
        if (handle_ == nullptr)
            why = error(errc::misuse, gone(static_cast<const T *>(nullptr)));
        return handle_ == nullptr;
    }

    /// Gives the object away; it is yours to destroy.
    T *release() noexcept { return handle_.release(); }

    /// Destroys the object now and not at the end of the scope. Again does nothing.
    void close() noexcept { handle_.reset(); }

protected:
    explicit object(T *owned) noexcept : handle_(owned) {}
    ~object() = default;
    object(object &&) noexcept = default;
    object &operator=(object &&) noexcept = default;

private:
    struct deleter {
        void operator()(T *owned) const noexcept { Free(owned); }
    };
    std::unique_ptr<T, deleter> handle_;
};

/// An object of the C library that belongs to somebody else, in the class that users know. Only to
/// be read, so that nobody can move it away.
template <class Wrapper, class T>
class lent {
public:
    explicit lent(T *borrowed) noexcept : wrapper_(borrowed) {}
    ~lent() { wrapper_.release(); }
    lent(lent &&) noexcept = default;
    lent &operator=(lent &&other) noexcept {
        if (this != &other) {
            wrapper_.release();
            wrapper_ = std::move(other.wrapper_);
        }
        return *this;
    }

    const Wrapper &operator*() const noexcept { return wrapper_; }

private:
    Wrapper wrapper_;
};

/// Text of the C library that may be NULL.
inline std::string_view text(const char *of) {
    return of != nullptr ? of : std::string_view();
}

} // namespace hc::detail

#endif
