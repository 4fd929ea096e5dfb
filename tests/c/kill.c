/* Killed processes: whatever point of its writing one dies at, what was acknowledged is there,
 * every body is whole, nothing unfinished is left, and opening needs no repair.
 *
 * The process that dies is this program again, under the library that kills it at a named point.
 * The body of a response is a function of its URL and its version, which a field tells. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "faults.h"
#include "support.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    PRELUDE = 8,     /* URLs that are stored before anything dies; odd ones are large. */
    FIRST_NEW = 100, /* URLs that are stored while dying. */
    URLS = 120
};

static char *program;

/* ---- what is stored ---- */

static size_t size_of(int url) {
    return url % 2 ? 200000 + (size_t)url : 500 + (size_t)url;
}

static uint64_t seed_of(int url, int version) {
    return (uint64_t)url * 1000003 + (uint64_t)version;
}

static hc_request *of(int url, const char *fields) {
    return request(text("GET http://h.test/%d?b=1&a=2", url), fields);
}

/* Stores a version of a URL, replacing another one. */
static void put(hc_cache *c, int url, int version) {
    size_t len = size_of(url);
    char *body = body_of(seed_of(url, version), len);
    hc_response *origin =
        answer_of(200, text("ETag: \"%d-%d\"\nX-Version: %d", url, version, version), body, len);
    CHECK_INT(ask(c, of(url, "Cache-Control: no-cache"), origin).outcome, HC_STORED);
}

static void freshen(hc_cache *c, int url, int version) {
    hc_response *origin = answer(304, text("ETag: \"%d-%d\"\nX-Fresh: 1", url, version), NULL);
    CHECK_INT(ask(c, of(url, "Cache-Control: no-cache"), origin).outcome, HC_FRESHENED);
}

/* The version of a URL that is stored, after a check of its body; 0 for none. */
static int version_of(hc_cache *c, int url, int *is_fresh) {
    seen s = look(c, of(url, ""));
    int version;
    check_note("URL %d", url);
    if (s.decision == HC_FORWARD)
        return 0;
    CHECK_INT(s.decision, HC_FRESH);
    version = atoi(value_in(s.fields, "X-Version"));
    CHECK(version > 0);
    CHECK_INT(s.body_len, (int64_t)size_of(url));
    CHECK(body_is(s.body, s.body_len, seed_of(url, version), 0));
    if (is_fresh != NULL)
        *is_fresh = atoi(value_in(s.fields, "X-Fresh"));
    return version;
}

/* ---- what dies ---- */

typedef enum {
    PUTS,
    FRESHENS,
    REKEYS,
    CLEARS
} deed;

typedef struct {
    const char *name;
    int url, version;
    deed does;
    const char *points; /* What it does on the disk, in all levels of durability. */
} scenario;

#define DATA "data-write data-sync data-meta "
#define BODY "body-create body-write body-rename "

static const scenario scenarios[] = {
    {"a new small response", FIRST_NEW, 1, PUTS, DATA},
    {"a new large response", FIRST_NEW + 1, 1, PUTS, DATA BODY},
    {"another small response", 2, 2, PUTS, DATA},
    {"another large response", 3, 2, PUTS, DATA BODY "body-unlink "},
    {"freshening a small response", 4, 1, FRESHENS, DATA},
    {"freshening a large response", 5, 1, FRESHENS, DATA},
    {"making all keys anew", 0, 1, REKEYS, DATA},
    {"deleting everything", 0, 1, CLEARS, DATA "body-unlink "},
};

/* Keys are made anew for a cache that keeps the order of parameters. */
static const char *settings_of(const scenario *s) {
    return s->does == REKEYS ? "sort_query 0" : "";
}

static void rekey(hc_cache *c, uint64_t moved) {
    hc_rekeyed counted;
    memset(&counted, 0, sizeof counted);
    counted.struct_size = sizeof counted;
    CHECK_INT(hc_rekey(c, NULL, 0, NULL, NULL, &counted, NULL), HC_OK);
    CHECK_INT(counted.moved, moved);
    CHECK_INT(counted.left, 0);
    CHECK_INT(counted.collided, 0);
}

/* What the levels do besides. */
static const char *const level_points[] = {"", "body-sync ", "body-sync body-names "};

static void arm(int on) {
    void *symbol = dlsym(RTLD_DEFAULT, FAULT_ARM);
    fault_arm_fn function;
    CHECK(symbol != NULL);
    memcpy(&function, &symbol, sizeof function);
    function(on);
}

/* What is stored before anything dies. */
static const char *prelude(int level) {
    const char *directory = fresh_directory();
    hc_cache *c = open_cache(directory, NULL, text("durability %d", level));
    int url;
    for (url = 0; url < PRELUDE; url++)
        put(c, url, 1);
    flush(c);
    hc_close(c);
    return directory;
}

/* The process that is to die: argv is "die", directory, scenario. It tells through its standard
 * output what is acknowledged. */
static int die(char **argv) {
    const scenario *s = &scenarios[atoi(argv[2])];
    hc_cache *c = open_cache(argv[1], NULL, settings_of(s));
    arm(1);
    if (s->does == FRESHENS)
        freshen(c, s->url, s->version);
    else if (s->does == REKEYS)
        rekey(c, PRELUDE);
    else if (s->does == CLEARS)
        CHECK_INT(hc_clear(c, NULL, NULL), HC_OK);
    else
        put(c, s->url, s->version);
    flush(c);
    tell(STDOUT_FILENO);
    hc_close(c);
    return 0;
}

/* Runs it until it dies; returns whether it acknowledged, and whether it died. */
static int run_to_death(const char *directory, int which, const char *point, int count, int *died) {
    char *arguments[5];
    int out[2], is_acknowledged, status;
    pid_t child;
    arguments[0] = program;
    arguments[1] = (char *)"die";
    arguments[2] = (char *)directory;
    arguments[3] = (char *)text("%d", which);
    arguments[4] = NULL;
    CHECK_INT(pipe(out), 0);
    fflush(stdout);
    child = fork();
    if (child == 0) {
        setenv("LD_PRELOAD", getenv("FAULT_LIBRARY"), 1);
        setenv("FAULT_UNDER", directory, 1);
        setenv("KILL_POINT", point, 1);
        setenv("KILL_COUNT", text("%d", count), 1);
        dup2(out[1], STDOUT_FILENO);
        close(out[0]);
        close(out[1]);
        execv(program, arguments);
        _exit(127);
    }
    close(out[1]);
    is_acknowledged = hear(out[0]);
    close(out[0]);
    status = reap(child);
    CHECK(status == 0 || status == -SIGKILL);
    *died = status == -SIGKILL;
    return is_acknowledged;
}

static int64_t milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* Opens what a killed process left. */
static hc_cache *reopen(const char *directory, test_log **log) {
    hc_options *o = options(NULL, "");
    const char *before = data_file(directory);
    int64_t begin;
    hc_cache *c;
    *log = log_of(o, HC_LOG_WARNING);
    begin = milliseconds();
    c = open_with(directory, o);
    CHECK(milliseconds() - begin < (is_slow() ? 20000 : 1000));
    CHECK_INT(log_lines(*log), 0);
    CHECK_STR(data_file(directory), before);
    return c;
}

/* Checks that only what is stored lies in the directory. */
static void check_nothing_unfinished(const char *directory, int large_responses) {
    const char *data = data_file(directory);
    const char *bodies = text("%.*sbodies", (int)(strlen(data) - strlen("data.mdb")), data);
    check_note("what is left in %s", directory);
    CHECK_INT(count_files(directory, "tmp-"), 0);
    CHECK_INT(count_files(directory, "new-"), 0);
    CHECK_INT(count_files(bodies, ""), large_responses);
}

/* Checks that all that is there is whole, and leads to what it should. */
static void check_sound(hc_cache *c) {
    hc_verification v;
    memset(&v, 0, sizeof v);
    v.struct_size = sizeof v;
    CHECK_STATUS(hc_verify(c, 0, NULL, NULL, &v, &err), HC_OK);
    CHECK_INT((int64_t)v.records, (int64_t)stats_of(c).responses);
    CHECK_INT((int64_t)(v.damaged_records + v.damaged_bodies + v.damaged_lists + v.damaged_marks),
              0);
    CHECK_INT((int64_t)(v.unheld_bodies + v.dangling_bodies + v.dangling_marks), 0);
}

/* What was deleted is gone, and what was not is whole. */
static void check_cleared(const char *directory, int is_acknowledged) {
    test_log *log;
    hc_cache *c = reopen(directory, &log);
    int url, version, large = 0, all = 0;
    for (url = 0; url < PRELUDE; url++) {
        version = version_of(c, url, NULL);
        CHECK(version == 0 || (version == 1 && !is_acknowledged));
        large += version != 0 && url % 2;
        all += version != 0;
    }
    check_nothing_unfinished(directory, large);
    CHECK_INT(stats_of(c).responses, all);
    check_sound(c);
    CHECK_STATUS(hc_clear(c, NULL, &err), HC_OK);
    flush(c);
    check_nothing_unfinished(directory, 0);
    CHECK_INT(stats_of(c).errors, 0);
    hc_close(c);
}

/* Each response is under the one key or under the other, and what is left to do is done. */
static void check_rekeyed(const char *directory, int is_acknowledged) {
    test_log *log;
    hc_cache *before = reopen(directory, &log);
    hc_cache *after = open_cache(directory, NULL, "sort_query 0");
    int url, moved = 0;
    for (url = 0; url < PRELUDE; url++) {
        int has_moved = version_of(after, url, NULL) == 1;
        CHECK_INT(version_of(before, url, NULL), !has_moved);
        moved += has_moved;
    }
    CHECK(!is_acknowledged || moved == PRELUDE);
    rekey(after, (uint64_t)(PRELUDE - moved));
    for (url = 0; url < PRELUDE; url++)
        CHECK_INT(version_of(after, url, NULL), 1);
    CHECK_INT(stats_of(after).responses, PRELUDE);
    check_nothing_unfinished(directory, PRELUDE / 2);
    check_sound(after);
    CHECK_INT(stats_of(before).errors + stats_of(after).errors, 0);
    CHECK_INT(log_lines(log), 0);
    hc_close(before);
    hc_close(after);
}

static void check_left(const char *directory, const scenario *s, int is_acknowledged) {
    test_log *log;
    hc_cache *c = reopen(directory, &log);
    int url, version, fresh = 0, large = 0;
    for (url = 0; url < PRELUDE; url++) {
        int is_concerned = url == s->url;
        version = version_of(c, url, is_concerned ? &fresh : NULL);
        CHECK(version == 1 || (is_concerned && version == s->version));
        large += url % 2;
    }
    version = version_of(c, s->url, &fresh);
    if (is_acknowledged) {
        CHECK_INT(version, s->version);
        CHECK_INT(fresh, s->does == FRESHENS);
    }
    if (s->url >= FIRST_NEW)
        large += s->url % 2 && version != 0;
    check_nothing_unfinished(directory, large);
    check_sound(c);
    CHECK_INT(stats_of(c).errors, 0);
    put(c, URLS - 1, 7);
    flush(c);
    CHECK_INT(version_of(c, URLS - 1, NULL), 7);
    CHECK_INT(log_lines(log), 0);
    hc_close(c);
}

/* Kills at a point, the first time it is met, the second, ...; returns how often. */
static int kill_at(int which, const char *stored, const char *point) {
    int count, died = 1, kills = 0;
    int most = repeats(1, 3);
    for (count = 1; died && count <= most; count++) {
        size_t mark = check_mark();
        const char *directory = fresh_directory();
        int is_acknowledged;
        copy_tree(stored, directory);
        is_acknowledged = run_to_death(directory, which, point, count, &died);
        check_note("%s, %s, time %d", scenarios[which].name, point, count);
        if (count == 1 && !died)
            check_fail(__FILE__, __LINE__, "the point was never reached");
        CHECK(died || is_acknowledged);
        if (scenarios[which].does == REKEYS)
            check_rekeyed(directory, is_acknowledged);
        else if (scenarios[which].does == CLEARS)
            check_cleared(directory, is_acknowledged);
        else
            check_left(directory, &scenarios[which], is_acknowledged);
        kills += died;
        check_undo(mark);
    }
    return kills;
}

static int kill_at_all(int which, int level, const char *stored) {
    static const char *const when[] = {"before", "after"};
    const char *points = text("%s%s", scenarios[which].points,
                              strstr(scenarios[which].points, BODY) ? level_points[level] : "");
    int kills = 0;
    char event[32];
    int used;
    size_t i;
    while (sscanf(points, " %31s%n", event, &used) == 1) {
        points += used;
        for (i = 0; i < NELEMS(when); i++)
            kills += kill_at(which, stored, text("%s:%s", event, when[i]));
    }
    return kills;
}

static void killed_anywhere(int level) {
    const char *stored = prelude(level);
    int kills = 0;
    size_t i;
    for (i = 0; i < NELEMS(scenarios); i++)
        kills += kill_at_all((int)i, level, stored);
    printf("# durability %d: killed %d times at named points\n", level, kills);
}

static void killed_at_each_point_where_nothing_is_synced(void) {
    killed_anywhere(0);
}

static void killed_at_each_point_where_integrity_is_synced(void) {
    killed_anywhere(1);
}

static void killed_at_each_point_where_all_is_synced(void) {
    killed_anywhere(2);
}

/* ---- one of four, at any time ---- */

enum {
    WORKERS = 4,
    OWN = 8,    /* URLs that one worker alone writes. */
    SHARED = 8, /* URLs that all write. */
    FIRST_SHARED = WORKERS * OWN
};

typedef struct {
    char kind; /* 'b': begins to store it, 'a': it is acknowledged. */
    int url, version;
} report;

static void tell_report(int fd, char kind, int url, int version) {
    report r;
    memset(&r, 0, sizeof r);
    r.kind = kind;
    r.url = url;
    r.version = version;
    if (write(fd, &r, sizeof r) != (ssize_t)sizeof r)
        _exit(3);
}

/* argv is "work", directory, number, version to begin with. Works until it is killed. */
static int work(char **argv) {
    hc_cache *c = open_cache(argv[1], NULL, "");
    int number = atoi(argv[2]);
    int version = atoi(argv[3]);
    while (c != NULL) {
        size_t mark = check_mark();
        int own = number * OWN + version % OWN;
        int shared = FIRST_SHARED + (version * 7 + number) % SHARED;
        tell_report(STDOUT_FILENO, 'b', own, version);
        put(c, own, version);
        put(c, shared, version);
        flush(c);
        tell_report(STDOUT_FILENO, 'a', own, version);
        freshen(c, own, version);
        CHECK_INT(version_of(c, own, NULL), version);
        version_of(c, FIRST_SHARED + (version * 3) % SHARED, NULL);
        check_undo(mark);
        version++;
    }
    return 1;
}

typedef struct {
    pid_t pid;
    int from;  /* The end of the pipe that its reports come out of. */
    int begun; /* The greatest version it began. */
    int acknowledged[OWN];
} worker;

static void start(worker *w, int number, const char *directory) {
    char *arguments[6];
    int out[2];
    char text_number[16], text_version[16];
    snprintf(text_number, sizeof text_number, "%d", number);
    snprintf(text_version, sizeof text_version, "%d", w->begun + 1);
    arguments[0] = program;
    arguments[1] = (char *)"work";
    arguments[2] = (char *)directory;
    arguments[3] = text_number;
    arguments[4] = text_version;
    arguments[5] = NULL;
    CHECK_INT(pipe(out), 0);
    fflush(stdout);
    w->pid = fork();
    if (w->pid == 0) {
        dup2(out[1], STDOUT_FILENO);
        close(out[0]);
        close(out[1]);
        execv(program, arguments);
        _exit(127);
    }
    close(out[1]);
    w->from = out[0];
}

static int take_report(worker *w) {
    report r;
    ssize_t n = read(w->from, &r, sizeof r);
    if (n != (ssize_t)sizeof r)
        return 0;
    w->begun = r.version;
    if (r.kind == 'a')
        w->acknowledged[r.url % OWN] = r.version;
    return 1;
}

/* Takes `count` reports of any workers. */
static void take_reports(worker *workers, int count) {
    struct pollfd ready[WORKERS];
    int i;
    while (count > 0) {
        for (i = 0; i < WORKERS; i++) {
            ready[i].fd = workers[i].from;
            ready[i].events = POLLIN;
        }
        CHECK(poll(ready, WORKERS, 60000) > 0);
        for (i = 0; i < WORKERS; i++) {
            if (ready[i].revents == 0)
                continue;
            CHECK(take_report(&workers[i]));
            count--;
        }
    }
}

static void end(worker *w) {
    kill(w->pid, SIGKILL);
    while (take_report(w)) {
    }
    close(w->from);
    CHECK_INT(reap(w->pid), -SIGKILL);
}

static void check_acknowledged(hc_cache *c, const worker *w, int number) {
    int i;
    for (i = 0; i < OWN; i++) {
        int version = version_of(c, number * OWN + i, NULL);
        check_note("worker %d, its URL %d: %d was acknowledged", number, i, w->acknowledged[i]);
        CHECK(version >= w->acknowledged[i]);
        CHECK(version <= w->begun);
    }
}

static void one_of_four_is_killed_at_any_time(void) {
    const char *directory = fresh_directory();
    int kills = repeats(5, 50);
    worker workers[WORKERS];
    test_log *log;
    hc_cache *c = open_cache(directory, NULL, "");
    unsigned chance = 12345;
    int i, k, large = 0;
    memset(workers, 0, sizeof workers);
    for (i = 0; i < WORKERS; i++)
        start(&workers[i], i, directory);
    for (k = 0; k < kills; k++) {
        size_t mark = check_mark();
        worker *w;
        chance = chance * 1103515245u + 12345u;
        take_reports(workers, 8 + (int)(chance >> 16) % 16);
        i = (int)(chance >> 24) % WORKERS;
        w = &workers[i];
        end(w);
        check_acknowledged(c, w, i);
        for (i = 0; i < SHARED; i++)
            version_of(c, FIRST_SHARED + i, NULL);
        start(w, (int)(w - workers), directory);
        check_undo(mark);
    }
    for (i = 0; i < WORKERS; i++)
        end(&workers[i]);
    CHECK_INT(stats_of(c).errors, 0);
    hc_close(c);
    c = reopen(directory, &log);
    for (i = 0; i < WORKERS; i++)
        check_acknowledged(c, &workers[i], i);
    for (i = 0; i < FIRST_SHARED + SHARED; i++)
        large += version_of(c, i, NULL) != 0 && i % 2;
    check_nothing_unfinished(directory, large);
    hc_close(c);
    printf("# killed %d times one of %d processes\n", kills, WORKERS);
}

static const check_test tests[] = {
    TEST(killed_at_each_point_where_nothing_is_synced),
    TEST(killed_at_each_point_where_integrity_is_synced),
    TEST(killed_at_each_point_where_all_is_synced),
    TEST(one_of_four_is_killed_at_any_time),
};

int main(int argc, char **argv) {
    program = argv[0];
    if (argc == 4 && strcmp(argv[1], "die") == 0)
        return die(argv + 1);
    if (argc == 5 && strcmp(argv[1], "work") == 0)
        return work(argv + 1);
    if (getenv("FAULT_LIBRARY") == NULL) {
        printf("FAILED kill: FAULT_LIBRARY does not name the library that kills\n");
        printf("0 passed, 1 failed\n");
        return 1;
    }
    return check_run(tests, NELEMS(tests), argc, argv);
}
