/// Header fields.
#ifndef HTTPCACHE_FIELD_HPP
#define HTTPCACHE_FIELD_HPP

#include <httpcache.h>

#include <cstddef>
#include <iterator>
#include <optional>
#include <string_view>

namespace hc {

/// A header field. A value may hold any byte but CR, LF and NUL.
struct field {
    std::string_view name;  ///< As the origin or you wrote it; compare it without regard to case.
    std::string_view value; ///< Without white space around it.
};

/// Whether two names of fields are the same (RFC 9110 5.1).
inline bool same_name(std::string_view a, std::string_view b) noexcept {
    auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    if (a.size() != b.size())
        return false;
    for (std::size_t i = 0; i < a.size(); i++) {
        if (lower(a[i]) != lower(b[i]))
            return false;
    }
    return true;
}

/// The fields of a message in their order, repeats kept; borrowed from the message.
class field_list {
public:
    class iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = field;
        using difference_type = std::ptrdiff_t;
        using pointer = void;
        using reference = field;

        iterator() noexcept = default;
        explicit iterator(const hc_field *at) noexcept : at_(at) {}

        field operator*() const noexcept {
            return {{at_->name, at_->name_len}, {at_->value, at_->value_len}};
        }
        iterator &operator++() noexcept {
            ++at_;
            return *this;
        }
        iterator operator++(int) noexcept { return iterator(at_++); }
        bool operator==(iterator other) const noexcept { return at_ == other.at_; }
        bool operator!=(iterator other) const noexcept { return at_ != other.at_; }

    private:
        const hc_field *at_ = nullptr;
    };

    field_list() noexcept = default;
    field_list(const hc_field *first, std::size_t count) noexcept : first_(first), count_(count) {}

    iterator begin() const noexcept { return iterator(first_); }
    iterator end() const noexcept { return iterator(first_ + count_); }
    std::size_t size() const noexcept { return count_; }
    bool empty() const noexcept { return count_ == 0; }

    /// The value of the first field of that name. response::field() joins them all.
    std::optional<std::string_view> find(std::string_view name) const noexcept {
        for (field one : *this) {
            if (same_name(one.name, name))
                return one.value;
        }
        return std::nullopt;
    }

private:
    const hc_field *first_ = nullptr;
    std::size_t count_ = 0;
};

} // namespace hc

#endif
