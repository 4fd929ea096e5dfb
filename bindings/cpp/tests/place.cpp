/// Where a cache lies: a directory, a name among the caches of the user, or a temporary directory.
/// The environment that says where those are is a child's own.
#include "support.hpp"

#include <cstdlib>
#include <unistd.h>

namespace fs = std::filesystem;

static hc::options at(hc::place where) {
    hc::options o;
    o.place(where);
    return o;
}

static std::size_t count(const fs::path &directory) {
    const fs::directory_iterator entries(directory);
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

TEST(a_name_lies_among_the_caches_of_the_user) {
    scratch home;
    in_child([&] {
        unsetenv("XDG_CACHE_HOME");
        setenv("HOME", fs::path(home).c_str(), 1);
        store(hc::cache("mine", at(hc::place::user)), url, "body");
        CHECK(fs::is_directory(home / ".cache/mine"));
        CHECK_EQ(stored_body(hc::cache(home / ".cache/mine")), "body");
        const hc::cache usual(at(hc::place::user));
        CHECK(fs::is_directory(home / ".cache/http_cache"));
    });
}

TEST(the_environment_says_where_the_caches_of_the_user_are) {
    scratch caches;
    in_child([&] {
        setenv("XDG_CACHE_HOME", fs::path(caches).c_str(), 1);
        const hc::cache c("mine", at(hc::place::user));
        CHECK(fs::is_directory(caches / "mine"));
    });
}

TEST(without_a_home_there_is_no_cache_of_the_user) {
    in_child([] {
        unsetenv("XDG_CACHE_HOME");
        unsetenv("HOME");
        CHECK_THROWS(hc::cache("mine", at(hc::place::user)), hc::errc::unsupported);
    });
}

TEST(what_is_no_name_is_refused) {
    for (const char *name : {"", ".", "..", "a/b", "/tmp/a"}) {
        check::note(name);
        CHECK_THROWS(hc::cache(name, at(hc::place::user)), hc::errc::argument);
    }
}

TEST(what_is_temporary_goes_when_it_is_closed) {
    scratch parent;
    hc::cache one(parent, at(hc::place::temporary)), other(parent, at(hc::place::temporary));
    store(one, url, bytes(100000));
    CHECK(stored_body(one) == bytes(100000));
    CHECK_EQ(decision_of(other), hc::decision::forward);
    CHECK_EQ(count(parent), 2u);
    one.close();
    CHECK_EQ(count(parent), 1u);
    hc::response p = [&] {
        store(other, url, bytes(100000));
        return *other.find(*other.key(hc::request("GET", url)));
    }();
    other.close();
    CHECK(rest_of(p) == bytes(100000));
    p.close();
    CHECK_EQ(count(parent), 0u);
}

TEST(the_environment_says_where_temporary_ones_are) {
    scratch parent;
    in_child([&] {
        setenv("TMPDIR", fs::path(parent).c_str(), 1);
        hc::cache c(at(hc::place::temporary));
        store(c, url, "body");
        CHECK_EQ(stored_body(c), "body");
        CHECK_EQ(count(parent), 1u);
        c.close();
        CHECK_EQ(count(parent), 0u);
    });
}

TEST(a_directory_needs_a_path) {
    CHECK_THROWS(hc::cache{hc::options()}, hc::errc::argument);
    CHECK_THROWS(hc::cache(at(hc::place::path)), hc::errc::argument);
    CHECK_THROWS(at(static_cast<hc::place>(9)), hc::errc::argument);
}
