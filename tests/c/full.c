/* A full disk, and one that cannot be written: refused when opening, passed through afterwards.
 *
 * The disk is a small file system of one's own where the system lets this process mount one, and
 * else a preloaded library that fails what would take room. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "faults.h"
#include "support.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define URL "http://h.test/"

/* ---- a disk that can be filled ---- */

typedef struct {
    const char *path;
    fault_arm_fn arm; /* NULL: it is a file system of one's own. */
} disk;

/* A disk of `size` bytes in the place of `directory`, in this process alone. */
static disk small_disk(const char *directory, const char *size) {
    disk d;
    void *symbol = dlsym(RTLD_DEFAULT, FAULT_ARM);
    d.path = directory;
    d.arm = NULL;
    if (symbol != NULL)
        memcpy(&d.arm, &symbol, sizeof d.arm);
    else
        CHECK(mount("disk", directory, "tmpfs", 0, text("size=%s,mode=0700", size)) == 0);
    return d;
}

static void fill_up(const disk *d) {
    char block[4096];
    int file;
    if (d->arm != NULL) {
        d->arm(1);
        return;
    }
    memset(block, 'x', sizeof block);
    file = open(text("%s/filler", d->path), O_CREAT | O_WRONLY, 0600);
    CHECK(file >= 0);
    while (write(file, block, sizeof block) > 0) {
    }
    close(file);
}

static void make_room(const disk *d) {
    if (d->arm != NULL)
        d->arm(0);
    else
        CHECK_INT(unlink(text("%s/filler", d->path)), 0);
}

/* ---- the tests, each in a process with mounts of its own ---- */

static void refuses_to_open(const char *directory) {
    disk d = small_disk(directory, "8k");
    const char *cache = text("%s/cache", d.path);
    hc_cache *c = NULL;
    fill_up(&d);
    CHECK_MESSAGE(hc_open(cache, NULL, &c, &err), HC_E_FULL, cache);
    CHECK(c == NULL);
}

static void read_only_refuses_to_open(const char *directory) {
    disk d = small_disk(directory, "1m");
    const char *cache = text("%s/cache", d.path);
    hc_cache *c = NULL;
    int made;
    for (made = 0; made <= 1; made++) {
        check_note(made ? "it was made before" : "it is to be made");
        if (d.arm != NULL)
            d.arm(1);
        else
            CHECK_INT(mount("disk", directory, "tmpfs", MS_REMOUNT | MS_RDONLY, ""), 0);
        CHECK_MESSAGE(hc_open(cache, NULL, &c, &err), HC_E_READ_ONLY, cache);
        CHECK(c == NULL);
        if (d.arm != NULL)
            d.arm(0);
        else
            CHECK_INT(mount("disk", directory, "tmpfs", MS_REMOUNT, ""), 0);
        if (!made)
            hc_close(open_cache(cache, NULL, ""));
    }
}

/* An origin in the program, of one large body. */
static hc_status start(void *user, const hc_request *r, hc_response *head, void **transfer) {
    (void)r;
    *transfer = user;
    *(size_t *)user = 0;
    return hc_response_assign(head, 200, NULL, 0, NULL);
}

static hc_status read_some(void *transfer, void *buffer, size_t capacity, size_t *n) {
    size_t *done = (size_t *)transfer;
    size_t left = 300001 - *done;
    *n = left < capacity ? left : capacity;
    body_fill(buffer, *n, 8, *done);
    *done += *n;
    return *n == 0 ? HC_DONE : HC_OK;
}

static void finish(void *transfer) {
    (void)transfer;
}

static void fetches_once_open(const char *directory) {
    disk d = small_disk(directory, "4m");
    hc_options *o = options(NULL, "");
    hc_request *r = request("GET " URL, "");
    hc_transport table;
    size_t done = 0, n = 0, i;
    hc_cache *c;
    memset(&table, 0, sizeof table);
    table.struct_size = sizeof table;
    table.user = &done;
    table.start = start;
    table.read = read_some;
    table.finish = finish;
    CHECK_STATUS(hc_options_transport(o, &table), HC_OK);
    c = open_with(text("%s/cache", d.path), o);
    fill_up(&d);
    for (i = 0; i < 2; i++) {
        hc_response *p = NULL;
        const void *body = NULL;
        CHECK_STATUS(hc_fetch(c, r, NULL, &p, &err), HC_OK);
        CHECK_INT(hc_response_from_cache(p), 0);
        CHECK_STATUS(hc_response_body(p, &body, &n, &err), HC_OK);
        CHECK_INT(n, 300001);
        CHECK(body_is(body, n, 8, 0));
        hc_response_free(p);
        CHECK(stats_of(c).errors > i);
    }
    CHECK_INT(stats_of(c).responses, 0);
    hc_close(c);
}

static void goes_on_once_open(const char *directory) {
    disk d = small_disk(directory, "4m");
    hc_options *o = options(NULL, "");
    test_log *log = log_of(o, HC_LOG_WARNING);
    size_t large = 300001;
    hc_cache *c = open_with(text("%s/cache", d.path), o);
    hc_exchange *x = NULL;
    int32_t outcome = -1;
    uint64_t errors;
    seen s;
    int i;
    store(c, URL "small", answer(200, "", "x"));
    store(c, URL "large", answer_of(200, "", body_of(1, large), large));
    flush(c);
    CHECK_INT(stats_of(c).errors, 0);
    fill_up(&d);

    /* A body that needs a file of its own. */
    s = fetch_from(c, URL "another", answer_of(200, "X-A: 1", body_of(2, large), large));
    CHECK_INT(s.outcome, HC_NOT_STORED);
    CHECK_INT(s.status, 200);
    CHECK_STR(s.fields, "X-A: 1\n");
    errors = stats_of(c).errors;
    CHECK(errors >= 1);
    CHECK(log_lines(log) >= 1);

    /* The same in pieces: the pieces are dropped, and the end says so. */
    CHECK_STATUS(hc_lookup(c, request("GET " URL "another", ""), NULL, &x, &err), HC_OK);
    CHECK_STATUS(hc_store_begin(x, answer(200, "", NULL), &outcome, NULL, &err), HC_OK);
    if (outcome == HC_STORING) {
        for (i = 0; i < 300; i++) {
            hc_status status = hc_store_write(x, body_of(3, 1000), 1000, NULL);
            CHECK(status == HC_OK || status == HC_DONE);
        }
        CHECK_STATUS(hc_store_end(x, &outcome, &err), HC_OK);
    }
    CHECK_INT(outcome, HC_NOT_STORED);
    hc_exchange_free(x);

    /* Small ones, more than there can be room for in the file as it is. */
    for (i = 0; i < 400; i++)
        fetch_from(c, text("%s%d", URL, i), answer_of(200, "", body_of(4, 3000), 3000));
    hc_flush(c, 60 * SECONDS, NULL);
    CHECK(stats_of(c).errors > errors);
    s = fetch_from(c, URL "last", answer_of(200, "", body_of(4, 3000), 3000));
    CHECK_INT(s.status, 200);
    /* A flush says once what was lost after its caller was told that it is stored. */
    hc_flush(c, 60 * SECONDS, NULL);
    flush(c);

    /* What is stored answers as before, and what is not is forwarded. */
    CHECK_INT(look_at(c, URL "small").decision, HC_FRESH);
    s = look_at(c, URL "large");
    CHECK_INT(s.decision, HC_FRESH);
    CHECK(body_is(s.body, large, 1, 0));
    CHECK_INT(look_at(c, URL "another").decision, HC_FORWARD);

    /* And with room again it stores again. */
    make_room(&d);
    CHECK_INT(fetch_from(c, URL "another", answer_of(200, "", body_of(2, large), large)).outcome,
              HC_STORED);
    flush(c);
    CHECK(body_is(look_at(c, URL "another").body, large, 2, 0));
    hc_close(c);
}

typedef struct {
    const char *name;
    void (*run)(const char *directory);
    int error; /* What the library fails calls with. */
} inside;

static const inside insides[] = {
    {"refuses_to_open", refuses_to_open, ENOSPC},
    {"read_only_refuses_to_open", read_only_refuses_to_open, EROFS},
    {"goes_on_once_open", goes_on_once_open, ENOSPC},
    {"fetches_once_open", fetches_once_open, ENOSPC},
};

/* ---- where they run ---- */

static char *program;
static const char *place; /* Removed after the test by the process that runs it. */
static int by_library;

/* Whether a process here may have mounts of its own. Asked in a child, for what half succeeds stays. */
static int tries_mounts(void *unused) {
    (void)unused;
    if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
        return 1;
    return mount("none", "/", "", MS_REC | MS_PRIVATE, NULL) != 0 ||
           mount("disk", place, "tmpfs", 0, "size=64k,mode=0700") != 0;
}

/* Becomes this program again, with mounts of its own, or under the library that fails calls. */
static int run_inside(void *which) {
    const inside *i = (const inside *)which;
    char *arguments[4];
    arguments[0] = program;
    arguments[1] = (char *)i->name;
    arguments[2] = (char *)place;
    arguments[3] = NULL;
    if (by_library) {
        setenv("LD_PRELOAD", getenv("FAULT_LIBRARY") ? getenv("FAULT_LIBRARY") : "", 1);
        setenv("FAULT_UNDER", arguments[2], 1);
        setenv("FAULT_ERRNO", text("%d", i->error), 1);
    } else if (tries_mounts(NULL) != 0 || umount(place) != 0) {
        return 1;
    }
    setenv("FULL_INSIDE", "1", 1);
    execv(program, arguments);
    return 127;
}

static void check_inside(const char *name) {
    size_t i;
    place = fresh_directory();
    if (!by_library && reap(in_child(tries_mounts, NULL)) != 0) {
        CHECK(getenv("FAULT_LIBRARY") != NULL);
        by_library = 1;
    }
    for (i = 0; i < NELEMS(insides); i++) {
        if (strcmp(insides[i].name, name) == 0)
            check_in_child(run_inside, (void *)&insides[i]);
    }
}

static void a_full_disk_refuses_to_open(void) {
    check_inside("refuses_to_open");
}

static void a_read_only_disk_refuses_to_open(void) {
    check_inside("read_only_refuses_to_open");
}

static void a_disk_that_becomes_full_is_passed_by(void) {
    check_inside("goes_on_once_open");
}

static void a_full_disk_is_no_failure_of_hc_fetch(void) {
    check_inside("fetches_once_open");
}

/* The way that is taken where mounts are not allowed, so that it is tried here too. */
static void calls_that_fail_for_want_of_room_are_passed_by(void) {
    CHECK(getenv("FAULT_LIBRARY") != NULL);
    by_library = 1;
    check_inside("refuses_to_open");
    check_inside("read_only_refuses_to_open");
    check_inside("goes_on_once_open");
    check_inside("fetches_once_open");
}

static const check_test tests[] = {
    TEST(a_full_disk_refuses_to_open),
    TEST(a_read_only_disk_refuses_to_open),
    TEST(a_disk_that_becomes_full_is_passed_by),
    TEST(a_full_disk_is_no_failure_of_hc_fetch),
    TEST(calls_that_fail_for_want_of_room_are_passed_by),
};

int main(int argc, char **argv) {
    size_t i;
    program = argv[0];
    if (getenv("FULL_INSIDE") == NULL)
        return check_run(tests, NELEMS(tests), argc, argv);
    for (i = 0; i < NELEMS(insides); i++) {
        if (strcmp(insides[i].name, argv[1]) == 0)
            insides[i].run(argv[2]);
    }
    return 0;
}
