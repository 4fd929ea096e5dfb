/// A body of 1 GiB goes each way in constant memory; it is made on the fly and never held.
#include "support.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <vector>

static const std::size_t piece_size = 256 * 1024;
static const std::int64_t most_memory = 64 << 20;

static std::uint64_t size() {
    return std::uint64_t{is_slow() ? 16u : 1024u} << 20;
}

/// Calls `take` with all of the body, of which every piece is another.
static void make_body(const std::function<void(std::string_view)> &take) {
    std::string piece = bytes(piece_size);
    for (std::uint64_t at = 0; at < size(); at += piece_size) {
        for (std::size_t i = 0; i < piece.size(); i += 512)
            piece[i] = static_cast<char>(at / piece_size + i / 512);
        take(piece);
    }
}

static std::uint64_t hash_of_body() {
    std::uint64_t all = hash("");
    make_body([&](std::string_view piece) { all = hash(piece, all); });
    return all;
}

/// Reads to the end; full pieces, so that the hash does not depend on where reads end.
static std::uint64_t hash_of_rest(hc::response &p) {
    std::vector<char> buffer(piece_size);
    std::uint64_t all = hash(""), total = 0;
    std::size_t filled = 0;
    while (const std::size_t n = p.read(buffer.data() + filled, buffer.size() - filled)) {
        total += n;
        filled += n;
        if (filled < buffer.size())
            continue;
        all = hash({buffer.data(), filled}, all);
        filled = 0;
    }
    CHECK_EQ(total, size());
    return all;
}

/// Checks in a process of its own, whose peak is its own; what a tool needs is not counted.
static void within_memory(const std::function<void()> &task) {
    in_child([&] {
        task();
        check::note(std::to_string(peak_memory() >> 10) + " KiB");
        CHECK(is_slow() || peak_memory() < most_memory);
    });
}

/// An origin that answers one request with the body, and ends.
class big_origin {
public:
    big_origin() {
        const int fd = socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address = {};
        socklen_t length = sizeof address;
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        CHECK_EQ(bind(fd, reinterpret_cast<sockaddr *>(&address), length), 0);
        CHECK_EQ(getsockname(fd, reinterpret_cast<sockaddr *>(&address), &length), 0);
        CHECK_EQ(listen(fd, 1), 0);
        page = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
        pid_ = fork();
        if (pid_ == 0)
            serve(fd);
        close(fd);
    }

    ~big_origin() {
        kill(pid_, SIGKILL);
        reap(pid_);
    }

    big_origin(const big_origin &) = delete;
    big_origin &operator=(const big_origin &) = delete;

    std::string page;

private:
    [[noreturn]] static void serve(int fd) {
        const int connection = accept(fd, nullptr, nullptr);
        char request[4096];
        std::size_t asked = 0;
        while (memmem(request, asked, "\r\n\r\n", 4) == nullptr) {
            const ssize_t n = read(connection, request + asked, sizeof request - asked);
            if (n <= 0)
                _exit(1);
            asked += static_cast<std::size_t>(n);
        }
        send_all(connection,
                 "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size()) + "\r\n\r\n");
        make_body([&](std::string_view piece) { send_all(connection, piece); });
        _exit(0);
    }

    static void send_all(int connection, std::string_view data) {
        while (!data.empty()) {
            const ssize_t n = send(connection, data.data(), data.size(), MSG_NOSIGNAL);
            if (n <= 0)
                _exit(1);
            data.remove_prefix(static_cast<std::size_t>(n));
        }
    }

    pid_t pid_ = 0;
};

static void read_from_the_store(const scratch &directory, std::string_view page) {
    within_memory([&] {
        const hc::cache c(directory);
        hc::exchange x = c.lookup(hc::request("GET", page));
        CHECK_EQ(x.decision(), hc::decision::fresh);
        hc::response p = *x.response();
        CHECK_EQ(hash_of_rest(p), hash_of_body());
    });
}

TEST(a_body_of_1_GiB_is_stored_and_read_in_pieces) {
    scratch directory;
    within_memory([&] {
        const hc::cache c(directory);
        hc::exchange x = c.lookup(hc::request("GET", url));
        const hc::response head(200, {{"Content-Length", std::to_string(size())}});
        CHECK_EQ(x.store_begin(head), hc::outcome::storing);
        make_body([&](std::string_view piece) { CHECK(x.store_write(piece)); });
        CHECK_EQ(x.store_end(), hc::outcome::stored);
    });
    read_from_the_store(directory, url);
}

TEST(a_body_of_1_GiB_is_fetched_and_read_in_pieces) {
    scratch directory;
    const big_origin o;
    within_memory([&] {
        const hc::cache c(directory);
        hc::response p = c.fetch(o.page);
        CHECK(!p.from_cache());
        CHECK_EQ(hash_of_rest(p), hash_of_body());
    });
    read_from_the_store(directory, o.page);
}
