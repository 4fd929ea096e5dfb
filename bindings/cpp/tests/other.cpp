/// A second translation unit of the program `header`.
#include <httpcache.hpp>
#include <httpcache.hpp> // NOLINT(readability-duplicate-include): twice does no harm.

int decision_elsewhere(const hc::cache &c);

int decision_elsewhere(const hc::cache &c) {
    return static_cast<int>(c.lookup(hc::request("GET", "http://h.test/")).decision());
}
