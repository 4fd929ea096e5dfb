/// Asks for what it is told on standard input, through a cache that it shares with programs of
/// other languages.
///
///   polyglot CACHE_DIRECTORY
///
/// Each line is answered with one line:
///
///   get URL, refresh URL    ok SOURCE STATUS LENGTH CRC32 MICROSECONDS
///   run PREFIX N SECONDS SEED   ok COUNT HITS WRONG ERRORS
///   hits URL N              ok N NANOSECONDS
///
/// and with `error MESSAGE` where it cannot be done.
#include <httpcache.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

using steady = std::chrono::steady_clock;

constexpr std::array<std::uint32_t, 256> make_crc_table() {
    std::array<std::uint32_t, 256> table = {};
    for (std::uint32_t i = 0; i < table.size(); i++) {
        std::uint32_t crc = i;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320u : 0u);
        table[i] = crc;
    }
    return table;
}

std::string crc32(std::string_view data) {
    static constexpr std::array<std::uint32_t, 256> table = make_crc_table();
    std::uint32_t crc = 0xffffffffu;
    for (const char c : data)
        crc = table[(crc ^ static_cast<unsigned char>(c)) & 0xffu] ^ (crc >> 8);
    char digits[9];
    std::snprintf(digits, sizeof digits, "%08x", crc ^ 0xffffffffu);
    return digits;
}

const char *source_of(const hc::response &p) {
    if (!p.from_cache())
        return "MISS";
    if (p.revalidated())
        return "REVALIDATED";
    return p.expired() ? "STALE" : "HIT";
}

hc::request request_for(const std::string &url, bool refresh) {
    hc::request r("GET", url);
    if (refresh)
        r.add("Cache-Control", "no-cache");
    return r;
}

std::string get(const hc::cache &cache, std::istream &arguments, bool refresh) {
    std::string url;
    arguments >> url;
    const steady::time_point start = steady::now();
    hc::response p = cache.fetch(request_for(url, refresh));
    const std::string_view body = p.body();
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(steady::now() - start);
    // The next program that is asked is to see it.
    cache.flush();
    std::ostringstream said;
    said << source_of(p) << ' ' << p.status() << ' ' << body.size() << ' ' << crc32(body) << ' '
         << took.count();
    return said.str();
}

/// Whether the first line is the checksum of all that follows.
bool is_right(std::string_view body) {
    return body.size() >= 9 && body[8] == '\n' && body.substr(0, 8) == crc32(body.substr(9));
}

std::string run(const hc::cache &cache, std::istream &arguments) {
    std::string prefix;
    std::uint64_t n = 0, state = 0;
    double seconds = 0;
    arguments >> prefix >> n >> seconds >> state;
    if (!arguments || n == 0)
        throw std::invalid_argument("run URL_PREFIX N SECONDS SEED");
    auto random = [&state] { // splitmix64
        std::uint64_t z = state += 0x9e3779b97f4a7c15u;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    };
    const auto end = steady::now() + std::chrono::duration<double>(seconds);
    std::uint64_t count = 0, hits = 0, wrong = 0, errors = 0;
    for (; steady::now() < end; count++) {
        const std::string url = prefix + std::to_string(random() % n);
        try {
            hc::response p = cache.fetch(request_for(url, random() % 16 == 0));
            const bool right = p.status() == 200 && is_right(p.body());
            wrong += right ? 0 : 1;
            hits += source_of(p) == std::string_view("HIT") ? 1 : 0;
        } catch (const hc::error &) {
            errors++;
        }
    }
    std::ostringstream said;
    said << count << ' ' << hits << ' ' << wrong << ' ' << errors;
    return said.str();
}

std::int64_t cpu_nanoseconds() {
    timespec used = {};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return std::int64_t{used.tv_sec} * 1000000000 + used.tv_nsec;
}

std::string hits(const hc::cache &cache, std::istream &arguments) {
    std::string url, body;
    std::uint64_t n = 0;
    arguments >> url >> n;
    const std::int64_t start = cpu_nanoseconds();
    for (std::uint64_t i = 0; i < n; i++) {
        const hc::request r("GET", url, {{"Accept", "*/*"}});
        hc::exchange x = cache.lookup(r);
        const hc::view &view = x.view();
        if (x.decision() != hc::decision::fresh || view.status() != 200)
            throw std::runtime_error("no fresh response is stored");
        if (!view.fields().find("Content-Type"))
            throw std::runtime_error("the response has no Content-Type");
        body = view.body() ? std::string(*view.body()) : x.response()->body();
    }
    return std::to_string(n) + ' ' + std::to_string(cpu_nanoseconds() - start);
}

std::string answer(const hc::cache &cache, const std::string &line) {
    std::istringstream arguments(line);
    std::string command;
    arguments >> command;
    if (command == "get" || command == "refresh")
        return get(cache, arguments, command == "refresh");
    if (command == "run")
        return run(cache, arguments);
    if (command == "hits")
        return hits(cache, arguments);
    throw std::invalid_argument("unknown command: " + command);
}

std::string on_one_line(std::string text) {
    for (char &c : text)
        c = c == '\n' || c == '\r' ? ' ' : c;
    return text;
}

void serve(const hc::cache &cache) {
    for (std::string line; std::getline(std::cin, line);) {
        try {
            const std::string said = answer(cache, line);
            std::cout << "ok " << said << std::endl;
        } catch (const std::exception &e) {
            std::cout << "error " << on_one_line(e.what()) << std::endl;
        }
    }
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 2) {
        std::cerr << "polyglot CACHE_DIRECTORY\n";
        return 2;
    }
    try {
        serve(hc::cache(argv[1], hc::options().cache_control(true)));
        return 0;
    } catch (const std::exception &e) {
        std::cout << "error " << on_one_line(e.what()) << std::endl;
        return 1;
    }
}
