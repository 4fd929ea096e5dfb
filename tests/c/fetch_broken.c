/* hc_fetch and origins that break off, lie, dawdle, or send too much: the right error or the right
 * body, nothing wrong stored, and the next request goes on. */
#define _POSIX_C_SOURCE 200809L

#include "origin.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* After whatever happened, the cache fetches and stores as before. */
static void check_goes_on(origin *o, hc_cache *c) {
    static int number;
    const char *url = at(o, "/body/70000?seed=%d", ++number);
    fetched f = get(c, url);
    CHECK_INT(f.status, HC_OK);
    CHECK_INT(f.read_status, HC_DONE);
    CHECK_INT(f.body_len, 70000);
    CHECK(is_origin_body(f.body, f.body_len, (uint64_t)number, 0));
    f = get(c, url);
    CHECK_INT(f.view.flags, HC_FROM_CACHE);
}

typedef struct {
    const char *name, *sent;
    hc_status status;      /* Of hc_fetch. */
    hc_status read_status; /* Of reading. */
    const char *body;
    int is_stored;
} broken;

#define HEAD "HTTP/1.1 200 OK\r\n"

static const broken answers[] = {
    {"whole", HEAD "Content-Length: 3\r\n\r\nabc", HC_OK, HC_DONE, "abc", 1},
    {"to the end of the connection", HEAD "\r\nabc", HC_OK, HC_DONE, "abc", 1},
    {"too few bytes", HEAD "Content-Length: 10\r\n\r\nabc", HC_OK, HC_E_PROTOCOL, "abc", 0},
    {"no bytes", HEAD "Content-Length: 10\r\n\r\n", HC_OK, HC_E_PROTOCOL, "", 0},
    {"too many bytes", HEAD "Content-Length: 3\r\n\r\nabcdef", HC_OK, HC_DONE, "abc", -1},
    {"a cut-off chunk", HEAD "Transfer-Encoding: chunked\r\n\r\n10\r\nabc", HC_OK, HC_E_PROTOCOL,
     "abc", 0},
    {"no last chunk", HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", HC_OK, HC_E_PROTOCOL,
     "abc", 0},
    {"no status line", "abc\r\n\r\n", HC_E_PROTOCOL, 0, NULL, 0},
    {"no end of the head", HEAD "X-A: 1\r\n", HC_E_PROTOCOL, 0, NULL, 0},
    {"half a status line", "HTTP/1.", HC_E_PROTOCOL, 0, NULL, 0},
    {"not a word", "", HC_E_PROTOCOL, 0, NULL, 0},
};

static void answers_that_are_broken_or_cut_off(void) {
    origin *o = start_origin();
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    size_t i;
    for (i = 0; i < NELEMS(answers); i++) {
        const broken *b = &answers[i];
        const char *url = raw(o, b->sent, "");
        uint64_t stores = stats_of(c).stores;
        fetched f = get(c, url);
        check_note("%s: %s", b->name, f.message);
        CHECK_INT(f.status, b->status);
        if (b->status == HC_OK) {
            CHECK_INT(f.read_status, b->read_status);
            CHECK_STR(f.body, b->body);
        }
        /* -1: it may be stored, as it was handed on. */
        if (b->is_stored >= 0)
            CHECK_INT(stats_of(c).stores - stores, (uint64_t)b->is_stored);
        f = get(c, url);
        if (f.view.flags & HC_FROM_CACHE)
            CHECK_STR(f.body, b->body);
        CHECK_INT((f.view.flags & HC_FROM_CACHE) != 0, (int64_t)(stats_of(c).stores - stores));
        check_goes_on(o, c);
    }
    hc_close(c);
}

static void contradictory_lengths_are_never_stored(void) {
    static const char *const heads[] = {
        HEAD "Content-Length: 3\r\nContent-Length: 5\r\n\r\nabcde",
        HEAD "Content-Length: 3, 5\r\n\r\nabcde",
        HEAD "Content-Length: x\r\n\r\nabcde",
        HEAD "Content-Length: -1\r\n\r\nabcde",
        HEAD "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
        HEAD "Transfer-Encoding: chunked\r\nContent-Length: 99\r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
    };
    origin *o = start_origin();
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    size_t i;
    for (i = 0; i < NELEMS(heads); i++) {
        const char *url = raw(o, heads[i], "");
        uint64_t stores = stats_of(c).stores;
        fetched f = get(c, url);
        check_note("%s", heads[i]);
        CHECK(f.status == HC_OK || f.status == HC_E_PROTOCOL);
        f = get(c, url);
        CHECK_INT(f.view.flags & HC_FROM_CACHE, 0);
        CHECK_INT(stats_of(c).stores, stores);
        check_goes_on(o, c);
    }
    hc_close(c);
}

static void every_cut_of_an_answer_is_noticed(void) {
    static const char whole[] = HEAD "Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nabcde";
    origin *o = start_origin();
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    size_t len;
    for (len = 0; len < sizeof whole - 1; len++) {
        fetched f = get(c, raw(o, text("%.*s", (int)len, whole), ""));
        check_note("cut after %zu bytes: %s", len, f.message);
        if (f.status == HC_OK)
            CHECK_INT(f.read_status, HC_E_PROTOCOL);
        else
            CHECK_INT(f.status, HC_E_PROTOCOL);
    }
    CHECK_INT(stats_of(c).stores, 0);
    CHECK_INT(stats_of(c).responses, 0);
    check_goes_on(o, c);
    hc_close(c);
}

static void connections_that_are_closed_or_reset(void) {
    origin *o = start_origin();
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    fetched f = get(c, at(o, "/close"));
    check_note("%s", f.message);
    CHECK_INT(f.status, HC_E_PROTOCOL);
    f = get(c, at(o, "/body/1000?stop=10&then=close"));
    CHECK_INT(f.status, HC_OK);
    CHECK_INT(f.read_status, HC_E_PROTOCOL);
    f = get(c, at(o, "/body/1000?stop=10&then=reset"));
    if (f.status == HC_OK)
        CHECK(f.read_status < 0);
    CHECK_INT(stats_of(c).stores, 0);
    check_goes_on(o, c);
    hc_close(c);
}

static void an_origin_that_is_not_there(void) {
    origin *o = start_origin();
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    int fd;
    fetched f = get(c, text("http://127.0.0.1:%d/", bound_port(&fd)));
    CHECK_INT(f.status, HC_E_CONNECT);
    CHECK(*f.message != '\0');
    close(fd);
    check_goes_on(o, c);
    hc_close(c);
}

/* Answers one connection in plain text, whatever it is asked. */
static void *answer_plainly(void *listening) {
    static const char plain[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
    char ignored[4096];
    int fd = accept(*(int *)listening, NULL, NULL);
    if (fd >= 0 && read(fd, ignored, sizeof ignored) > 0 &&
        write(fd, plain, sizeof plain - 1) > 0) {
        shutdown(fd, SHUT_WR);
        while (read(fd, ignored, sizeof ignored) > 0) {
        }
    }
    close(fd);
    return NULL;
}

static void an_origin_that_does_not_speak_tls(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    pthread_t thread;
    fetched f;
    int fd;
    int port = bound_port(&fd);
    CHECK_INT(listen(fd, 1), 0);
    CHECK_INT(pthread_create(&thread, NULL, answer_plainly, &fd), 0);
    f = get(c, text("https://127.0.0.1:%d/", port));
    check_note("%s", f.message);
    CHECK_INT(f.status, HC_E_TLS);
    pthread_join(thread, NULL);
    close(fd);
    hc_close(c);
}

static void a_connection_that_died_is_tried_again_once(void) {
    origin *o = start_origin();
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    hc_cache *d = open_cache(fresh_directory(), NULL, "retry 0");
    fetched f;
    check_goes_on(o, c);
    f = get(c, at(o, "/die-on-reuse"));
    check_note("%s", f.message);
    CHECK_INT(f.status, HC_OK);
    CHECK_INT(f.view.status, 200);
    check_goes_on(o, d);
    f = get(d, at(o, "/die-on-reuse?again"));
    CHECK_INT(f.status, HC_E_PROTOCOL);
    hc_close(c);
    hc_close(d);
}

static void heads_that_are_too_large(void) {
    origin *o = start_origin();
    hc_cache *c = open_cache(fresh_directory(), NULL, "max_head_bytes 2048, max_fields 10");
    char value[4096];
    fetched f;
    int i;
    const char *fields = "";
    memset(value, 'v', sizeof value);
    value[1000] = '\0';
    f = get(c, at(o, "/text/a?field=X:%%20%s", value));
    CHECK_INT(f.status, HC_OK);
    value[1000] = 'v';
    value[3000] = '\0';
    f = get(c, at(o, "/text/b?field=X:%%20%s", value));
    CHECK_INT(f.status, HC_E_TOO_LARGE);
    for (i = 0; i < 12; i++)
        fields = text("%s&field=X:%%20%d", fields, i);
    f = get(c, at(o, "/text/c?x%s", fields));
    CHECK_INT(f.status, HC_E_TOO_LARGE);
    CHECK_INT(stats_of(c).stores, 1);
    check_goes_on(o, c);
    hc_close(c);
}

static void an_origin_that_takes_too_long(void) {
    static const struct {
        const char *target, *settings;
        hc_status status, read_status;
    } cases[] = {
        {"/text/a?gate=never", "head_timeout 100", HC_E_TIMEOUT, 0},
        {"/text/a?gate=never", "total_timeout 100", HC_E_TIMEOUT, 0},
        {"/body/1000?stop=10&then=stall", "idle_timeout 100", HC_OK, HC_E_TIMEOUT},
        {"/body/1000?stop=10&then=stall", "total_timeout 300", HC_OK, HC_E_TIMEOUT},
    };
    origin *o = start_origin();
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    size_t i;
    for (i = 0; i < NELEMS(cases); i++) {
        const char *line = text("GET %s", at(o, "%s", cases[i].target));
        fetched f = fetch(c, request_with(line, "", cases[i].settings));
        check_note("%s, %s", cases[i].target, cases[i].settings);
        CHECK_INT(f.status, cases[i].status);
        if (f.status == HC_OK)
            CHECK_INT(f.read_status, cases[i].read_status);
    }
    CHECK_INT(stats_of(c).stores, 0);
    check_goes_on(o, c);
    hc_close(c);
}

static void an_interim_answer_is_skipped(void) {
    origin *o = start_origin();
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    fetched f = get(
        c, raw(o, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" HEAD "Content-Length: 3\r\n\r\nabc",
               ""));
    CHECK_INT(f.status, HC_OK);
    CHECK_INT(f.view.status, 200);
    CHECK_STR(value_in(f.fields, "Link"), "");
    CHECK_STR(f.body, "abc");
    hc_close(c);
}

static const check_test tests[] = {
    TEST(answers_that_are_broken_or_cut_off),
    TEST(contradictory_lengths_are_never_stored),
    TEST(every_cut_of_an_answer_is_noticed),
    TEST(connections_that_are_closed_or_reset),
    TEST(an_origin_that_is_not_there),
    TEST(an_origin_that_does_not_speak_tls),
    TEST(a_connection_that_died_is_tried_again_once),
    TEST(heads_that_are_too_large),
    TEST(an_origin_that_takes_too_long),
    TEST(an_interim_answer_is_skipped),
};

int main(int argc, char **argv) {
    if (hc_has_feature("fetch"))
        return check_run(tests, NELEMS(tests), argc, argv);
    /* What is left without libcurl is checked in fetch.c. */
    printf("0 passed, 0 failed\n");
    return 0;
}
