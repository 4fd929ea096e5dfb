#include "check.hpp"

#include <cstdio>
#include <cstring>
#include <exception>
#include <vector>

namespace {

struct entry {
    std::string name;
    std::function<void()> run;
};

std::vector<entry> &tests() {
    static std::vector<entry> all;
    return all;
}

thread_local std::string current_note;

bool is_wanted(const std::string &name, int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        if (name == argv[i])
            return true;
    }
    return argc < 2;
}

/// What went wrong; empty where nothing did.
std::string outcome_of(const entry &one) {
    current_note.clear();
    try {
        one.run();
        return "";
    } catch (const check::failed &f) {
        return f.why;
    } catch (const std::exception &e) {
        return std::string("unexpected exception: ") + e.what() + " [" + current_note + "]";
    }
}

} // namespace

namespace check {

test::test(std::string name, std::function<void()> run) {
    tests().push_back({std::move(name), std::move(run)});
}

void note(std::string text) {
    current_note = std::move(text);
}

void fail(const char *file, int line, const std::string &what) {
    std::string why = std::string(file) + ":" + std::to_string(line) + ": " + what;
    if (!current_note.empty())
        why += " [" + current_note + "]";
    throw failed{why};
}

void thrown(const char *file, int line, const char *what, const hc::error &thrown,
            hc::errc expected) {
    if (thrown.status() != expected)
        fail(file, line,
             std::string(what) + " throws " + shown(thrown.status()) + " (" + thrown.what() +
                 "), not " + shown(expected));
    if (std::strlen(thrown.what()) == 0)
        fail(file, line, std::string(what) + ": the error has no message");
}

} // namespace check

int main(int argc, char **argv) {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    int passed = 0, failed = 0;
    for (const entry &one : tests()) {
        if (!is_wanted(one.name, argc, argv))
            continue;
        const std::string why = outcome_of(one);
        if (why.empty()) {
            passed++;
            std::printf("ok %s\n", one.name.c_str());
        } else {
            failed++;
            std::printf("FAILED %s: %s\n", one.name.c_str(), why.c_str());
        }
    }
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed > 0 || passed == 0;
}
