/* What is stored is seen at once by this process, and by others when it is committed: by the
 * library's thread, or, where the program forbids threads, in hc_work, hc_flush and hc_close, and
 * when much waits. */
#define _POSIX_C_SOURCE 200809L

#include "support.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define URL "http://h.test/"

static int threads(void) {
    DIR *all = opendir("/proc/self/task");
    int count = 0;
    CHECK(all != NULL);
    while (readdir(all) != NULL)
        count++;
    closedir(all);
    return count - 2;
}

/* ---- what another process sees ---- */

typedef struct {
    const char *directory, *url;
} place;

static int look_in(void *user) {
    const place *p = (const place *)user;
    hc_cache *c = open_cache(p->directory, NULL, "workers 0");
    int32_t decision = look_at(c, p->url).decision;
    hc_close(c);
    return decision == HC_FRESH;
}

static int others_see(const char *directory, const char *url) {
    place p;
    p.directory = directory;
    p.url = url;
    return reap(in_child(look_in, &p));
}

/* ---- tests ---- */

static void work_commits_what_waits(void) {
    const char *directory = fresh_directory();
    hc_cache *c = open_cache(directory, NULL, "workers 0");
    CHECK_STATUS(hc_work(c, 0, &err), HC_DONE);
    store(c, URL, answer(200, "", "x"));
    CHECK_INT(look_at(c, URL).decision, HC_FRESH);
    CHECK_INT(stats_of(c).responses, 1);
    CHECK(!others_see(directory, URL));
    CHECK_STATUS(hc_work(c, 60 * SECONDS, &err), HC_DONE);
    CHECK(others_see(directory, URL));
    CHECK_INT(look_at(c, URL).decision, HC_FRESH);
    CHECK_INT(stats_of(c).responses, 1);
    CHECK_STATUS(hc_work(c, HC_NEVER_EXPIRE, &err), HC_DONE);
    CHECK_STATUS(hc_work(c, -1, &err), HC_E_ARGUMENT);
    CHECK_INT(stats_of(c).errors, 0);
    hc_close(c);
}

static void flush_commits_what_waits(void) {
    const char *directory = fresh_directory();
    hc_cache *c = open_cache(directory, NULL, "workers 0");
    store(c, URL, answer(200, "", "x"));
    CHECK(!others_see(directory, URL));
    flush(c);
    CHECK(others_see(directory, URL));
    hc_close(c);
}

static void no_thread_is_started_where_that_is_forbidden(void) {
    const char *directory = fresh_directory();
    int before = threads();
    hc_cache *c = open_cache(directory, NULL, "workers 0");
    store(c, URL, answer(200, "", "x"));
    flush(c);
    store(c, URL "2", answer(200, "", "x"));
    CHECK_INT(threads(), before);
    hc_close(c);
    CHECK(others_see(directory, URL "2"));
}

static void when_much_waits_it_is_committed(void) {
    const char *directory = fresh_directory();
    hc_cache *c = open_cache(directory, NULL, "workers 0");
    size_t len = 60000;
    int i;
    for (i = 0; i < 400; i++) {
        size_t mark = check_mark();
        CHECK_INT(
            fetch_from(c, text("%s%d", URL, i), answer_of(200, "", body_of((uint64_t)i, len), len))
                .outcome,
            HC_STORED);
        check_undo(mark);
    }
    CHECK(others_see(directory, URL "0"));
    CHECK(!others_see(directory, URL "399"));
    CHECK_INT(stats_of(c).responses, 400);
    CHECK_INT(stats_of(c).errors, 0);
    hc_close(c);
    CHECK(others_see(directory, URL "399"));
}

static void an_invalidation_is_seen_at_once(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "workers 0, invalidate 1");
    store(c, URL, answer(200, "", "x"));
    flush(c);
    ask(c, request("POST " URL, ""), answer(200, "", "changed"));
    CHECK_INT(look_at(c, URL).decision, HC_FORWARD);
    CHECK_INT(stats_of(c).responses, 0);
    store(c, URL, answer(200, "", "y"));
    CHECK_STR(look_at(c, URL).body, "y");
    flush(c);
    CHECK_STR(look_at(c, URL).body, "y");
    hc_close(c);
}

static void a_body_file_goes_when_its_replacement_is_committed(void) {
    size_t large = 200000;
    const char *directory = fresh_directory();
    hc_cache *c = open_cache(directory, NULL, "workers 0, expire_after 0");
    const char *data = data_file(directory);
    const char *bodies = text("%.*sbodies", (int)(strlen(data) - strlen("data.mdb")), data);
    fetch_from(c, URL, answer_of(200, "ETag: \"1\"", body_of(1, large), large));
    flush(c);
    CHECK_INT(count_files(bodies, ""), 1);
    fetch_from(c, URL, answer_of(200, "ETag: \"2\"", body_of(2, large), large));
    CHECK_INT(count_files(bodies, ""), 2);
    flush(c);
    CHECK_INT(count_files(bodies, ""), 1);
    CHECK_INT(stats_of(c).errors, 0);
    hc_close(c);
}

static int ready[2];

static int store_and_wait(void *user) {
    hc_cache *c = open_cache((const char *)user, NULL, "workers 0");
    store(c, URL "flushed", answer(200, "", "x"));
    flush(c);
    store(c, URL "waiting", answer(200, "", "y"));
    CHECK_INT(look_at(c, URL "waiting").decision, HC_FRESH);
    tell(ready[1]);
    for (;;)
        pause();
    return 1;
}

static void a_killed_process_loses_what_it_did_not_flush(void) {
    const char *directory = fresh_directory();
    pid_t child;
    hc_cache *c;
    CHECK_INT(pipe(ready), 0);
    child = in_child(store_and_wait, (void *)directory);
    close(ready[1]);
    CHECK(hear(ready[0]));
    kill(child, SIGKILL);
    CHECK_INT(reap(child), -SIGKILL);
    close(ready[0]);
    c = open_cache(directory, NULL, "");
    CHECK_INT(look_at(c, URL "flushed").decision, HC_FRESH);
    CHECK_INT(look_at(c, URL "waiting").decision, HC_FORWARD);
    CHECK_INT(stats_of(c).errors, 0);
    hc_close(c);
}

static int begin_with_nothing_waiting(void *user) {
    hc_cache *c = (hc_cache *)user;
    CHECK_INT(look_at(c, URL "parent").decision, HC_FORWARD);
    store(c, URL "child", answer(200, "", "x"));
    CHECK_STATUS(hc_work(c, 60 * SECONDS, &err), HC_DONE);
    hc_close(c);
    return 0;
}

static void what_waits_is_the_parents(void) {
    const char *directory = fresh_directory();
    hc_cache *c = open_cache(directory, NULL, "workers 0");
    store(c, URL "parent", answer(200, "", "x"));
    CHECK_INT(reap(in_child(begin_with_nothing_waiting, c)), 0);
    CHECK(!others_see(directory, URL "parent"));
    CHECK(others_see(directory, URL "child"));
    CHECK_INT(look_at(c, URL "parent").decision, HC_FRESH);
    CHECK_INT(look_at(c, URL "child").decision, HC_FRESH);
    hc_close(c);
    CHECK(others_see(directory, URL "parent"));
}

static void the_librarys_thread_commits(void) {
    const char *directory = fresh_directory();
    hc_cache *c = open_cache(directory, NULL, "");
    store(c, URL, answer(200, "", "x"));
    /* Nothing is lent here: it comes of itself. A thread that never does would end this test by its
     * time limit. */
    while (!others_see(directory, URL)) {
    }
    hc_close(c);
}

static const check_test tests[] = {
    TEST(work_commits_what_waits),
    TEST(flush_commits_what_waits),
    TEST(no_thread_is_started_where_that_is_forbidden),
    TEST(when_much_waits_it_is_committed),
    TEST(an_invalidation_is_seen_at_once),
    TEST(a_body_file_goes_when_its_replacement_is_committed),
    TEST(a_killed_process_loses_what_it_did_not_flush),
    TEST(what_waits_is_the_parents),
    TEST(the_librarys_thread_commits),
};

CHECK_MAIN(tests)
