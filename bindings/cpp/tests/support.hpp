/// support.hpp - what the tests are made of: directories, a clock, bodies, whole exchanges, an
/// origin.
#ifndef SUPPORT_HPP
#define SUPPORT_HPP

#include "check.hpp"

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

using namespace std::chrono_literals;
using namespace std::string_literals;
using namespace std::string_view_literals;

/// A new, empty directory; it goes with all that is in it.
class scratch {
public:
    scratch();
    ~scratch();
    scratch(const scratch &) = delete;
    scratch &operator=(const scratch &) = delete;
    operator const std::filesystem::path &() const { return path_; }
    std::filesystem::path operator/(const char *name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

/// 2023-11-14 22:13:20 UTC: where the tests' clocks begin.
inline constexpr hc::time_point t0{1700000000000ms};

/// A clock that stands still until it is moved; copies are the same clock.
class test_clock {
public:
    void pass(hc::milliseconds time) { *now_ += time.count(); }
    hc::time_point operator()() const { return hc::time_point(hc::milliseconds(*now_)); }

private:
    std::shared_ptr<std::atomic<std::int64_t>> now_ =
        std::make_shared<std::atomic<std::int64_t>>(t0.time_since_epoch().count());
};

/// A cache in a directory of its own, which goes with it.
struct test_cache {
    explicit test_cache(const hc::options &o = {}) : cache(directory, o) {}
    scratch directory;
    hc::cache cache;
};

/// Options with that clock.
hc::options with_clock(const test_clock &clock);

/// Bytes that depend on their offset and the seed.
std::string bytes(std::size_t size, std::uint64_t seed = 0, std::uint64_t offset = 0);

/// Another hash than any of the library's, to be continued.
std::uint64_t hash(std::string_view data, std::uint64_t before = 14695981039346656037u);

inline constexpr auto url = "http://h.test/"sv;

/// Asks, and where the cache forwards reports `origin`; says what became of it.
std::optional<hc::outcome> ask(const hc::cache &c, const hc::request &r,
                               const hc::response &origin);

/// Stores a body in one piece; checks that it is stored.
void store(const hc::cache &c, std::string_view to, std::string_view body);

/// What lookup decides for a GET.
hc::decision decision_of(const hc::cache &c, std::string_view to = url);

/// The body of a stored response that is fresh, read in pieces.
std::string stored_body(const hc::cache &c, std::string_view to = url, std::size_t piece = 65536);

/// The rest of a body, read in pieces.
std::string rest_of(hc::response &p, std::size_t piece = 65536);

/// Damages all records of the cache in a directory that nobody has open.
void damage_records(const std::filesystem::path &directory);

/// Runs `task` in a forked child, and checks that its checks held. What it holds is not destroyed
/// there.
void in_child(const std::function<void()> &task);

/// Waits for a child; its exit status, or the signal that ended it as a negative number.
int reap(pid_t child);

/// Runs `task` in so many threads, with their numbers, and checks that the checks of each held.
void in_threads(unsigned count, const std::function<void(unsigned)> &task);

/// Whether a tool watches that makes everything slow: SLOW=1 in the environment says so.
bool is_slow();

/// The most memory that this process ever had, in bytes.
std::int64_t peak_memory();

/// A program that ends with the object. Its standard input and output are ours.
class program {
public:
    explicit program(std::initializer_list<std::string> arguments);
    ~program();
    program(const program &) = delete;
    program &operator=(const program &) = delete;

    /// A line of its output, without the end; what there is, at the end of the output.
    std::string line();
    void say(std::string_view text);

    /// Closes its input, and waits: its exit status.
    int end();

private:
    pid_t pid_ = 0;
    int input_ = -1, output_ = -1;
};

/// The origin server of the project's tests; what it can do is said in tests/support/origin.rs.
/// ORIGIN in the environment names it.
class origin {
public:
    origin();
    std::string at(std::string_view target) const;

    /// The target that sends exactly these bytes and closes.
    std::string raw(std::string_view bytes) const;

    /// Asks it in passing; the body of the answer.
    std::string ask(std::string_view target) const;

    /// How often a target was asked.
    int requests(std::string_view target) const;

    /// From now on nobody answers.
    void stop() { running_.end(); }

private:
    program running_;
    std::string base_;
};

/// The body of the origin's target /body/SIZE.
std::string origin_body(std::size_t size);

#endif
