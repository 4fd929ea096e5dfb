/// The polyglot program, as the tests across languages drive it. POLYGLOT in the environment names
/// it.
#include "support.hpp"

#include <sstream>
#include <vector>

static std::string polyglot() {
    const char *program = std::getenv("POLYGLOT");
    CHECK(program != nullptr);
    return program;
}

static std::vector<std::string> ask(program &p, const std::string &line) {
    p.say(line + "\n");
    std::istringstream words(p.line());
    std::vector<std::string> all;
    for (std::string word; words >> word;)
        all.push_back(word);
    CHECK(!all.empty());
    return all;
}

static std::string first(const std::vector<std::string> &words, std::size_t count) {
    std::string all;
    for (std::size_t i = 0; i < count && i < words.size(); i++)
        all += (i > 0 ? " " : "") + words[i];
    return all;
}

TEST(it_says_where_a_response_came_from) {
    scratch directory;
    origin o;
    program p({polyglot(), static_cast<std::filesystem::path>(directory).string()});
    const std::string page = o.at("/version/x?etag=1&field=Cache-Control:%20max-age=60");
    const std::vector<std::string> miss = ask(p, "get " + page);
    CHECK_EQ(miss.size(), 6u);
    CHECK_EQ(first(miss, 3), "ok MISS 200");
    CHECK_EQ(first(ask(p, "get " + page), 3), "ok HIT 200");
    CHECK_EQ(first(ask(p, "refresh " + page), 3), "ok REVALIDATED 200");
    // The checksum of "123456789" is known.
    CHECK_EQ(first(ask(p, "get " + o.at("/text/123456789")), 5), "ok MISS 200 9 cbf43926");
    CHECK_EQ(p.end(), 0);
}

TEST(it_counts_what_is_wrong) {
    scratch directory;
    origin o;
    program p({polyglot(), static_cast<std::filesystem::path>(directory).string()});
    const std::string right =
        o.at("/text/cbf43926%0A123456789?field=Cache-Control:%20max-age=60&n=");
    std::vector<std::string> said = ask(p, "run " + right + " 3 0.2 1");
    CHECK_EQ(said.size(), 5u);
    CHECK(std::stoi(said[1]) > 0);
    CHECK(std::stoi(said[2]) > 0 && std::stoi(said[2]) < std::stoi(said[1]));
    CHECK_EQ(said[3] + " " + said[4], "0 0");
    said = ask(p, "run " + o.at("/text/cbf43926%0A12345678X?n=") + " 3 0.1 1");
    CHECK_EQ(said[3], said[1]);
    said = ask(p, "run " + o.at("/close?n=") + " 3 0.1 1");
    CHECK_EQ(said[4], said[1]);
}

TEST(it_measures_hits) {
    scratch directory;
    origin o;
    program p({polyglot(), static_cast<std::filesystem::path>(directory).string()});
    const std::string page = o.at("/body/1000?type=a/b&field=Cache-Control:%20max-age=60");
    CHECK_EQ(first(ask(p, "hits " + page + " 10"), 1), "error");
    CHECK_EQ(first(ask(p, "get " + page), 2), "ok MISS");
    const std::vector<std::string> said = ask(p, "hits " + page + " 1000");
    CHECK_EQ(first(said, 2), "ok 1000");
    CHECK(std::stoll(said[2]) > 0);
    CHECK_EQ(o.requests("/body/1000?type=a/b&field=Cache-Control:%20max-age=60"), 1);
}

TEST(it_says_what_it_cannot_do_on_one_line) {
    scratch directory;
    program p({polyglot(), static_cast<std::filesystem::path>(directory).string()});
    for (const char *line : {"", "dance", "get", "get no-url", "run x", "hits no-url 1"})
        CHECK_EQ(first(ask(p, line), 1), "error");
    CHECK_EQ(p.end(), 0);
}
