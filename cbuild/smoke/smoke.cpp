// The installed C++ headers: opens a cache, stores a response, finds it, and says the version of the library.
#include <httpcache.hpp>
#include <iostream>

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    try {
        hc::cache cache(argv[1]);
        const hc::request request("GET", "http://h.test/");
        hc::exchange miss = cache.lookup(request);
        hc::response origin(200);
        origin.body("body");
        miss.store(origin);
        if (cache.lookup(request).decision() != hc::decision::fresh) return 1;
        std::cout << hc_version() << '\n';
    } catch (const hc::error &e) {
        std::cerr << e.what() << '\n';
        return 1;
    }
}
