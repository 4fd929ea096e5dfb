/// check.hpp - a test is a function, and what it checks ends it where it does not hold.
///
/// A program is a file of TEST(name) { ... }, which run in their order. It prints `ok NAME` or
/// `FAILED NAME: where: what` for each, and as its last line `N passed, N failed`. Arguments are
/// names of the tests to run. A check that fails in another thread or in a forked child must reach
/// the test: see in_child() in support.hpp.
#ifndef CHECK_HPP
#define CHECK_HPP

#include <httpcache.hpp>

#include <functional>
#include <sstream>
#include <string>

namespace check {

/// Thrown by a check that does not hold. Not a std::exception, so that no test catches it by
/// accident.
struct failed {
    std::string why;
};

/// Adds a test to those that main() runs.
struct test {
    test(std::string name, std::function<void()> run);
};

/// Says of what is checked until the next note.
void note(std::string text);

[[noreturn]] void fail(const char *file, int line, const std::string &what);

/// Whether `thrown` is what was to be thrown; fails where it is not.
void thrown(const char *file, int line, const char *what, const hc::error &thrown,
            hc::errc expected);

template <class T>
std::string shown(const T &value) {
    std::ostringstream out;
    if constexpr (std::is_enum_v<T>)
        out << static_cast<std::int64_t>(value);
    else
        out << value;
    return out.str();
}

template <class Actual, class Expected>
void equal(const char *file, int line, const char *what, const Actual &actual,
           const Expected &expected) {
    if (!(actual == expected))
        fail(file, line, std::string(what) + " is " + shown(actual) + ", not " + shown(expected));
}

} // namespace check

#define TEST(name)                                                                                 \
    static void name();                                                                            \
    static const check::test name##_test(#name, name);                                             \
    static void name()

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            check::fail(__FILE__, __LINE__, #condition);                                           \
    } while (0)

#define CHECK_EQ(actual, expected) check::equal(__FILE__, __LINE__, #actual, (actual), (expected))

/// The statement throws an hc::error of that errc.
#define CHECK_THROWS(statement, expected)                                                          \
    do {                                                                                           \
        bool has_thrown = false;                                                                   \
        try {                                                                                      \
            statement;                                                                             \
        } catch (const hc::error &e) {                                                             \
            has_thrown = true;                                                                     \
            check::thrown(__FILE__, __LINE__, #statement, e, expected);                            \
        }                                                                                          \
        if (!has_thrown)                                                                           \
            check::fail(__FILE__, __LINE__, #statement " did not throw");                          \
    } while (0)

#endif
