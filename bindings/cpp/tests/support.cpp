#include "support.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

scratch::scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "httpcache-cpp-XXXXXX").string();
    CHECK(mkdtemp(name.data()) != nullptr);
    path_ = name;
}

scratch::~scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

hc::options with_clock(const test_clock &clock) {
    hc::options o;
    o.clock(clock);
    return o;
}

std::string bytes(std::size_t size, std::uint64_t seed, std::uint64_t offset) {
    std::string made(size, '\0');
    for (std::size_t i = 0; i < size; i++)
        made[i] = static_cast<char>(((offset + i) * 2654435761u + seed * 40503u) >> 16);
    return made;
}

std::uint64_t hash(std::string_view data, std::uint64_t before) {
    std::uint64_t word = 0;
    std::size_t i = 0;
    for (; i + sizeof word <= data.size(); i += sizeof word) {
        std::memcpy(&word, data.data() + i, sizeof word);
        before = (before ^ word) * 1099511628211u;
    }
    for (; i < data.size(); i++)
        before = (before ^ static_cast<unsigned char>(data[i])) * 1099511628211u;
    return before;
}

std::optional<hc::outcome> ask(const hc::cache &c, const hc::request &r,
                               const hc::response &origin) {
    hc::exchange x = c.lookup(r);
    CHECK_EQ(x.forward() != nullptr, x.decision() == hc::decision::forward ||
                                         x.decision() == hc::decision::revalidate ||
                                         x.decision() == hc::decision::stale_revalidate);
    if (x.forward() == nullptr)
        return std::nullopt;
    return x.store(origin);
}

void store(const hc::cache &c, std::string_view to, std::string_view body) {
    const hc::request r("GET", to, {{"Cache-Control", "no-cache"}});
    const hc::response origin(200, {{"Cache-Control", "max-age=60"}}, body);
    CHECK(ask(c, r, origin) == hc::outcome::stored);
}

hc::decision decision_of(const hc::cache &c, std::string_view to) {
    return c.lookup(hc::request("GET", to)).decision();
}

std::string rest_of(hc::response &p, std::size_t piece) {
    std::string all;
    std::vector<char> buffer(piece);
    while (const std::size_t n = p.read(buffer.data(), buffer.size())) {
        CHECK(n <= piece);
        all.append(buffer.data(), n);
    }
    CHECK_EQ(p.read(buffer.data(), buffer.size()), 0u);
    return all;
}

std::string stored_body(const hc::cache &c, std::string_view to, std::size_t piece) {
    hc::exchange x = c.lookup(hc::request("GET", to));
    CHECK_EQ(x.decision(), hc::decision::fresh);
    std::optional<hc::response> p = x.response();
    CHECK(p.has_value());
    std::string all = rest_of(*p, piece);
    if (const std::optional<std::string_view> body = x.view().body())
        CHECK(*body == all);
    return all;
}

void damage_records(const std::filesystem::path &directory) {
    std::size_t found = 0;
    for (const auto &entry : std::filesystem::recursive_directory_iterator(directory)) {
        if (entry.path().filename() != "data.mdb")
            continue;
        std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
        const std::string all{std::istreambuf_iterator<char>(file), {}};
        for (std::size_t at = 0; (at = all.find("hcR1", at)) != std::string::npos; at++) {
            file.seekp(static_cast<std::streamoff>(at));
            file.write("XXXX", 4);
            found++;
        }
    }
    CHECK(found > 0);
}

int reap(pid_t child) {
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR)
            return -1000;
    }
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

void in_child(const std::function<void()> &task) {
    std::fflush(nullptr);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        int status = 0;
        try {
            alarm(120); // A lock that nobody gives back would be waited for for ever.
            task();
        } catch (const check::failed &f) {
            std::printf("# in the child: %s\n", f.why.c_str());
            status = 1;
        } catch (const std::exception &e) {
            std::printf("# in the child: unexpected exception: %s\n", e.what());
            status = 1;
        }
        std::fflush(stdout);
        _exit(status);
    }
    CHECK_EQ(reap(child), 0);
}

void in_threads(unsigned count, const std::function<void(unsigned)> &task) {
    std::vector<std::exception_ptr> failures(count);
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < count; i++) {
        threads.emplace_back([&, i] {
            try {
                task(i);
            } catch (...) {
                failures[i] = std::current_exception();
            }
        });
    }
    for (std::thread &one : threads)
        one.join();
    for (const std::exception_ptr &one : failures) {
        if (one != nullptr)
            std::rethrow_exception(one);
    }
}

bool is_slow() {
    const char *slow = std::getenv("SLOW");
    return slow != nullptr && std::strcmp(slow, "1") == 0;
}

std::int64_t peak_memory() {
    rusage usage = {};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
}

program::program(std::initializer_list<std::string> arguments) {
    std::vector<char *> argv;
    std::vector<std::string> copies(arguments);
    for (std::string &one : copies)
        argv.push_back(one.data());
    argv.push_back(nullptr);
    int input[2], output[2];
    CHECK_EQ(pipe2(input, O_CLOEXEC), 0);
    CHECK_EQ(pipe2(output, O_CLOEXEC), 0);
    std::fflush(nullptr);
    pid_ = fork();
    CHECK(pid_ >= 0);
    if (pid_ == 0) {
        dup2(input[0], STDIN_FILENO);
        dup2(output[1], STDOUT_FILENO);
        execv(argv[0], argv.data());
        _exit(127);
    }
    close(input[0]);
    close(output[1]);
    input_ = input[1];
    output_ = output[0];
}

program::~program() {
    if (pid_ == 0)
        return;
    // What it still does for others is of no interest.
    kill(pid_, SIGKILL);
    end();
}

std::string program::line() {
    std::string line;
    char c = 0;
    while (read(output_, &c, 1) == 1 && c != '\n')
        line += c;
    return line;
}

void program::say(std::string_view text) {
    CHECK_EQ(write(input_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

int program::end() {
    if (pid_ == 0)
        return 0;
    close(input_);
    const int status = reap(pid_);
    close(output_);
    pid_ = 0;
    return status;
}

static std::string named_in_environment(const char *variable) {
    const char *value = std::getenv(variable);
    if (value == nullptr)
        check::fail(__FILE__, __LINE__, variable + " is not in the environment"s);
    return value;
}

static std::string escaped(std::string_view text) {
    std::string all;
    for (const char c : text) {
        char buffer[4];
        std::snprintf(buffer, sizeof buffer, "%%%02X", static_cast<unsigned char>(c));
        all += std::isalnum(static_cast<unsigned char>(c)) ? std::string(1, c) : buffer;
    }
    return all;
}

origin::origin() : running_({named_in_environment("ORIGIN")}) {
    const std::string port = running_.line();
    CHECK(!port.empty());
    base_ = "http://127.0.0.1:" + port;
}

std::string origin::at(std::string_view target) const {
    return base_ + std::string(target);
}

std::string origin::raw(std::string_view bytes) const {
    return at("/raw?send=" + escaped(bytes));
}

std::string origin::ask(std::string_view target) const {
    scratch elsewhere;
    return hc::cache(elsewhere).fetch(at(target)).body();
}

int origin::requests(std::string_view target) const {
    return std::stoi(ask("/requests?target=" + escaped(target)));
}

std::string origin_body(std::size_t size) {
    std::string made(size, '\0');
    for (std::size_t i = 0; i < size; i++)
        made[i] = static_cast<char>((i * std::uint64_t{2654435761} >> 24) & 255);
    return made;
}
