/// Walking what is stored.
#ifndef HTTPCACHE_WALK_HPP
#define HTTPCACHE_WALK_HPP

#include "object.hpp"
#include "query.hpp"
#include "request.hpp"
#include "response.hpp"

#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <string_view>

namespace hc {

class stored;

/// Whether a walk opens the bodies of what it meets.
enum class bodies {
    closed, ///< Heads are all that is read.
    open,   ///< stored::response() has the body too.
};

/// A walk over the stored responses: cache::walk() makes it.
///
///     for (const hc::stored &one : cache.walk(hc::query().expired()))
///         std::cout << one.key() << ' ' << one.url() << '\n';
///
/// Between two steps it holds no transaction and no lock: what is stored or deleted meanwhile may
/// or may not be met, and what is met is as it is then. It keeps its cache alive. A step may wait
/// for the disk. Where a step throws, the fault is one of the store, and the next one goes on.
class walk : public detail::object<hc_iter, hc_iter_free> {
public:
    class iterator;

    /// Takes an object of the C library.
    explicit walk(hc_iter *owned, bodies of_what_is_met = bodies::closed) noexcept
        : object(owned), bodies_(of_what_is_met) {}

    /// The next stored response; false at the end. For loops of your own; current() is what it met.
    bool next() {
        seen_ = view();
        response_.reset();
        hc_response *out = nullptr;
        const bool has_met = detail::call(hc_iter_next, live(), &seen_.raw(),
                                          bodies_ == bodies::open ? &out : nullptr) == HC_OK;
        if (out != nullptr)
            response_.emplace(out);
        return has_met;
    }

    /// What the last step met; before the first step and after the end its status() is 0, and it is
    /// not unreadable().
    stored current() const noexcept;

    /// Steps, and stands where next() does: once through.
    iterator begin();
    iterator end() noexcept;

private:
    friend class stored;

    bodies bodies_;
    view seen_;
    mutable std::optional<response> response_;
};

/// What a walk met; borrowed from the walk, and always what its last step met.
class stored : public described<stored> {
public:
    explicit stored(const walk &by) noexcept : walk_(&by) {}

    /// Its key, printable, for cache::find() and cache::erase(). Of a record that cannot be read it
    /// may be that of all variants. Borrowed until the next step.
    std::string_view key() const { return detail::text(hc_iter_key(walk_->live())); }

    /// A copy of the request that it answers, as it is stored, with REDACTED in the place of what
    /// is not: for reading, not for sending. Nothing: it is not known.
    std::optional<hc::request> request() const {
        return detail::copy_of(hc_iter_request(walk_->live()));
    }

    /// Whether it is no response but a redirect that leads to one.
    bool is_alias() const { return (raw().flags & HC_IS_ALIAS) != 0; }

    /// Whether it is a record that cannot be read: nothing is known of it but its key.
    bool is_unreadable() const { return (raw().flags & HC_UNREADABLE) != 0; }

    /// It as an object of its own, with its body; move it out to keep it. NULL where the walk opens
    /// no bodies, and where it cannot be read.
    hc::response *response() const {
        walk_->live();
        return walk_->response_.has_value() ? &*walk_->response_ : nullptr;
    }

    /// The struct of the C library.
    const hc_view &raw() const {
        walk_->live();
        return walk_->seen_.raw();
    }

private:
    const walk *walk_;
};

class walk::iterator {
public:
    using iterator_category = std::input_iterator_tag;
    using value_type = stored;
    using difference_type = std::ptrdiff_t;
    using pointer = const stored *;
    using reference = const stored &;

    explicit iterator(walk &of, bool has_met) noexcept : walk_(&of), at_(of), has_met_(has_met) {}

    reference operator*() const noexcept { return at_; }
    pointer operator->() const noexcept { return &at_; }
    iterator &operator++() {
        has_met_ = walk_->next();
        return *this;
    }
    void operator++(int) { ++*this; }

    /// Whether both are at the end, or neither.
    bool operator==(const iterator &other) const noexcept { return has_met_ == other.has_met_; }
    bool operator!=(const iterator &other) const noexcept { return !(*this == other); }

private:
    walk *walk_;
    stored at_;
    bool has_met_;
};

inline stored walk::current() const noexcept {
    return stored(*this);
}

inline walk::iterator walk::begin() {
    const bool has_met = next();
    return iterator(*this, has_met);
}

inline walk::iterator walk::end() noexcept {
    return iterator(*this, false);
}

} // namespace hc

#endif
