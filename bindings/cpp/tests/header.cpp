/// What the C header has and what the binding has of it; both headers as users include them.
#include "support.hpp"

#include <fstream>
#include <iterator>
#include <regex>
#include <set>

int decision_elsewhere(const hc::cache &c); // in other.cpp, the other translation unit.

namespace fs = std::filesystem;

/// What is not wrapped, and why it need not be.
static const std::set<std::string> not_wrapped = {
    // Constants and numbers that C++ programs take from the C header.
    "hc_version",
    "hc_version_number",
    "hc_has_feature",
    // Many fields in one call, for callers to whom each call is dear.
    "hc_request_add_fields",
    "hc_response_add_fields",
    // Where redirects lead to, and which were followed: for programs that list them.
    "hc_response_alias_of",
    "hc_response_history",
    // One accessor of a view that the binding fills anyway.
    "hc_response_status",
    "hc_response_from_cache",
    // The error's kind is kept beside it, for where there is no hc_error.
    "hc_error_status",
    // The second tier, which may grow faster than the rest; get() leads to it.
    "hc_options_transport",
};

static std::string text_of(const fs::path &path) {
    std::ifstream file(path, std::ios::binary);
    CHECK(file.good());
    return {std::istreambuf_iterator<char>(file), {}};
}

static fs::path directory(const char *variable) {
    const char *value = std::getenv(variable);
    CHECK(value != nullptr);
    return value;
}

/// The C header without its comments.
static std::string c_header() {
    static const std::regex comment("/\\*[^]*?\\*/");
    return std::regex_replace(text_of(directory("C_INCLUDE") / "httpcache.h"), comment, "");
}

static std::string binding() {
    std::string all;
    for (const auto &entry : fs::directory_iterator(directory("CPP_INCLUDE") / "httpcache"))
        all += text_of(entry.path());
    return all;
}

static std::set<std::string> found(const std::string &text, const char *pattern) {
    static std::vector<std::regex> kept;
    const std::regex &expression = kept.emplace_back(pattern);
    std::set<std::string> all;
    for (std::sregex_iterator i(text.begin(), text.end(), expression), end; i != end; ++i)
        all.insert((*i)[1]);
    return all;
}

static void check_all_used(const std::set<std::string> &names, std::size_t at_least) {
    CHECK(names.size() >= at_least);
    const std::set<std::string> used = found(binding(), "\\b((?:hc|HC)_\\w+)\\b");
    for (const std::string &name : names) {
        check::note(name);
        CHECK(used.count(name) + not_wrapped.count(name) == 1);
    }
}

TEST(every_function_is_wrapped_or_left_out_for_a_reason) {
    check_all_used(found(c_header(), "\\b(hc_\\w+)\\([^*]"), 58);
}

TEST(what_is_left_out_exists) {
    const std::set<std::string> functions = found(c_header(), "\\b(hc_\\w+)\\([^*]");
    const std::set<std::string> constants = found(c_header(), "\\b(HC_\\w+) =");
    for (const std::string &name : not_wrapped) {
        check::note(name);
        CHECK_EQ(functions.count(name) + constants.count(name), 1u);
    }
}

TEST(every_option_has_a_method) {
    check_all_used(found(c_header(), "\\b(HC_OPT_\\w+) ="), 34);
}

TEST(every_error_has_a_name) {
    check_all_used(found(c_header(), "\\b(HC_E_\\w+) ="), 30);
}

TEST(every_decision_outcome_level_flag_and_expiry_has_a_name) {
    std::set<std::string> names = found(c_header(), "\\b(HC_[A-Z_]+) = -?\\d+[,\n ]");
    for (auto i = names.begin(); i != names.end();) {
        // The positive statuses are what calls return, as bool and optional.
        const bool other = i->rfind("HC_OPT_", 0) == 0 || i->rfind("HC_E_", 0) == 0 ||
                           *i == "HC_DONE" || *i == "HC_NOT_FOUND";
        i = other ? names.erase(i) : std::next(i);
    }
    check_all_used(names, 20);
}

TEST(every_member_of_a_view_has_an_accessor) {
    std::smatch members;
    const std::string header = c_header();
    const std::regex of_view("typedef struct \\{([^}]*)\\} hc_view;");
    CHECK(std::regex_search(header, members, of_view));
    std::set<std::string> names = found(members[1], "\\b(\\w+);");
    CHECK(names.size() >= 19);
    // What verbs return, the size of the struct, and the block in which the fields lie.
    for (const char *other : {"struct_size", "decision", "outcome", "text", "text_len"})
        CHECK_EQ(names.erase(other), 1u);
    const std::string all = binding();
    for (const std::string &name : names) {
        check::note(name);
        CHECK(std::regex_search(all, std::regex("(seen\\(\\)|raw_|of)\\." + name + "\\b")));
    }
}

TEST(two_translation_units_share_what_is_defined) {
    test_cache t;
    CHECK_EQ(decision_elsewhere(t.cache), static_cast<int>(hc::decision::forward));
    store(t.cache, url, "body");
    CHECK_EQ(decision_elsewhere(t.cache), static_cast<int>(hc::decision::fresh));
}

TEST(the_library_is_that_of_the_header) {
    CHECK_EQ(hc_version(), std::string(HC_VERSION));
}
