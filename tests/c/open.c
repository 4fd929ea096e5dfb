/* Opening a cache: which directories are taken, which refused, and who may share one. Damage and
 * full disks are in damage.c and full.c. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

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
#include <sys/wait.h>
#include <unistd.h>

#define URL "http://h.test/"
#define NOBODY 65534

static void check_refused(const char *path, hc_status status) {
    hc_cache *c = (hc_cache *)(void *)&c;
    CHECK_MESSAGE(hc_open(path, NULL, &c, &err), status, path);
    CHECK(c == NULL);
}

static void a_directory_that_is_not_there_is_made(void) {
    const char *path = text("%s/cache", fresh_directory());
    struct stat status;
    hc_close(open_cache(path, NULL, ""));
    CHECK_INT(lstat(path, &status), 0);
    CHECK(S_ISDIR(status.st_mode));
    hc_close(open_cache(path, NULL, ""));
}

static void no_options_are_the_defaults(void) {
    hc_cache *c = open_with(fresh_directory(), NULL);
    store(c, URL, answer(200, "Cache-Control: no-store", "x"));
    CHECK_INT(look_at(c, URL).expires_at, HC_NEVER_EXPIRE);
    hc_close(c);
}

static void what_is_no_directory_is_refused(void) {
    const char *file = text("%s/file", fresh_directory());
    size_t len;
    write_file(file, "mine", 4);
    check_refused(file, HC_E_NOT_DIRECTORY);
    check_refused(text("%s/below", file), HC_E_NOT_DIRECTORY);
    CHECK_STR(read_file(file, &len), "mine");
    check_refused("/dev/null", HC_E_NOT_DIRECTORY);
}

static void a_symbolic_link_is_refused(void) {
    const char *parent = fresh_directory();
    const char *directory = text("%s/directory", parent);
    const char *link = text("%s/link", parent);
    const char *dangling = text("%s/dangling", parent);
    hc_close(open_cache(directory, NULL, ""));
    CHECK_INT(symlink(directory, link), 0);
    CHECK_INT(symlink(text("%s/nowhere", parent), dangling), 0);
    check_refused(link, HC_E_SYMLINK);
    check_refused(dangling, HC_E_SYMLINK);
    CHECK(access(text("%s/nowhere", parent), F_OK) != 0);
}

static void a_directory_of_another_user_is_refused(void) {
    const char *path = text("%s/foreign", fresh_directory());
    if (geteuid() != 0) {
        check_refused("/", HC_E_FOREIGN_OWNER);
        return;
    }
    CHECK_INT(mkdir(path, 0777), 0);
    CHECK_INT(chown(path, NOBODY, NOBODY), 0);
    check_refused(path, HC_E_FOREIGN_OWNER);
    CHECK_INT(count_files(path, ""), 0);
}

/* Runs as a user to whom permissions apply. */
static int open_without_permission(void *path) {
    if (geteuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
        return 1;
    check_refused((const char *)path, HC_E_PERMISSION);
    return 0;
}

static void a_place_without_permission_is_refused(void) {
    const char *base = fresh_directory();
    char *parent = (char *)text("%s/parent", base);
    CHECK_INT(chmod(base, 0755), 0);
    CHECK_INT(mkdir(parent, 0700), 0);
    if (geteuid() == 0)
        CHECK_INT(chown(parent, NOBODY, NOBODY), 0);
    CHECK_INT(chmod(parent, 0500), 0);
    check_in_child(open_without_permission, (char *)text("%s/cache", parent));
    CHECK_INT(chmod(parent, 0), 0);
    check_in_child(open_without_permission, (char *)text("%s/cache", parent));
    CHECK_INT(chmod(parent, 0700), 0);
}

static void one_s_own_directory_without_permission_is_refused(void) {
    const char *base = fresh_directory();
    char *directory = (char *)text("%s/cache", base);
    CHECK_INT(chmod(base, 0755), 0);
    CHECK_INT(mkdir(directory, 0500), 0);
    if (geteuid() == 0)
        CHECK_INT(chown(directory, NOBODY, NOBODY), 0);
    check_in_child(open_without_permission, directory);
}

static int check_mode(const char *path, void *user) {
    struct stat status;
    CHECK_INT(lstat(path, &status), 0);
    check_note("%s has mode %o", path, (unsigned)status.st_mode & 07777);
    if (S_ISDIR(status.st_mode))
        CHECK_INT(status.st_mode & 07777, 0700);
    else
        CHECK_INT(status.st_mode & 07777, 0600);
    ++*(int *)user;
    return 0;
}

/* Stores so that there is a file of each kind, and checks every one while the cache is open. */
static int check_modes(void *path) {
    struct stat status;
    size_t large = 300001;
    int seen_files = 0;
    hc_cache *c;
    hc_exchange *x = NULL;
    umask(0);
    c = open_cache((const char *)path, NULL, "");
    store(c, URL "small", answer(200, "", "x"));
    store(c, URL "large", answer_of(200, "", body_of(1, large), large));
    CHECK_STATUS(hc_lookup(c, request("GET " URL "unfinished", ""), NULL, &x, &err), HC_OK);
    CHECK_STATUS(hc_store_begin(x, answer(200, "", NULL), NULL, NULL, &err), HC_OK);
    CHECK_STATUS(hc_store_write(x, body_of(1, large), large, &err), HC_OK);
    flush(c);
    CHECK_INT(lstat((const char *)path, &status), 0);
    CHECK_INT(status.st_mode & 07777, 0700);
    walk((const char *)path, check_mode, &seen_files);
    CHECK(seen_files >= 6);
    hc_exchange_free(x);
    hc_close(c);
    return 0;
}

static void only_the_user_can_touch_what_is_made_whatever_the_umask(void) {
    check_in_child(check_modes, (char *)text("%s/cache", fresh_directory()));
}

static void opened_twice_a_directory_is_one_store(void) {
    const char *directory = fresh_directory();
    const char *spelled_otherwise = text("%s/../%s/.", directory, strrchr(directory, '/') + 1);
    hc_cache *c = open_cache(directory, NULL, "");
    hc_cache *d = open_cache(spelled_otherwise, NULL, "");
    store(c, URL "c", answer(200, "", "c"));
    store(d, URL "d", answer(200, "", "d"));
    CHECK_STR(look_at(d, URL "c").body, "c");
    CHECK_STR(look_at(c, URL "d").body, "d");
    hc_close(c);
    CHECK_STR(look_at(d, URL "c").body, "c");
    store(d, URL "e", answer(200, "", "e"));
    hc_close(d);
    c = open_cache(directory, NULL, "");
    CHECK_STR(look_at(c, URL "e").body, "e");
    hc_close(c);
}

struct meeting {
    const char *directory;
    int to_child[2], to_parent[2];
};

static int other_process(void *user) {
    struct meeting *meeting = (struct meeting *)user;
    hc_cache *c = open_cache(meeting->directory, NULL, "");
    close(meeting->to_child[1]);
    store(c, URL "child", answer(200, "", "of the child"));
    flush(c);
    tell(meeting->to_parent[1]);
    CHECK(hear(meeting->to_child[0]));
    CHECK_STR(look_at(c, URL "parent").body, "of the parent");
    hc_close(c);
    return 0;
}

static void two_processes_share_a_directory(void) {
    struct meeting meeting;
    pid_t child;
    hc_cache *c;
    meeting.directory = fresh_directory();
    CHECK_INT(pipe(meeting.to_child), 0);
    CHECK_INT(pipe(meeting.to_parent), 0);
    child = in_child(other_process, &meeting);
    close(meeting.to_parent[1]);
    c = open_cache(meeting.directory, NULL, "");
    CHECK(hear(meeting.to_parent[0]));
    CHECK_STR(look_at(c, URL "child").body, "of the child");
    store(c, URL "parent", answer(200, "", "of the parent"));
    flush(c);
    tell(meeting.to_child[1]);
    CHECK_INT(reap(child), 0);
    CHECK_STR(look_at(c, URL "child").body, "of the child");
    hc_close(c);
    close(meeting.to_child[0]);
    close(meeting.to_child[1]);
    close(meeting.to_parent[0]);
}

static void many_that_make_a_directory_at_once_all_get_it(void) {
    const char *directory = text("%s/cache", fresh_directory());
    pid_t children[8];
    int gate[2];
    size_t i;
    CHECK_INT(pipe(gate), 0);
    fflush(stdout);
    for (i = 0; i < NELEMS(children); i++) {
        children[i] = fork();
        if (children[i] == 0) {
            hc_cache *c;
            close(gate[1]);
            hear(gate[0]);
            c = open_cache(directory, NULL, "");
            store(c, text("%s%zu", URL, i), answer(200, "", "x"));
            flush(c);
            hc_close(c);
            end_child(0);
        }
    }
    close(gate[0]);
    close(gate[1]); /* The end of the pipe is what they all wait for. */
    for (i = 0; i < NELEMS(children); i++)
        CHECK_INT(reap(children[i]), 0);
    {
        hc_cache *c = open_cache(directory, NULL, "");
        CHECK_INT(stats_of(c).responses, NELEMS(children));
        hc_close(c);
    }
}

static void a_newer_format_is_refused_and_left_alone(void) {
    const char *directory = fresh_directory();
    const char *owner = text("%s/owner", directory);
    static const char newer[] = "format 999\nwhatever it says\n";
    size_t len;
    hc_close(open_cache(directory, NULL, ""));
    write_file(owner, newer, sizeof newer - 1);
    check_refused(directory, HC_E_NEWER_FORMAT);
    CHECK_STR(read_file(owner, &len), newer);
}

typedef hc_status (*open_function)(const char *, const hc_options *, hc_cache **, hc_error **);

static void another_copy_of_the_library_in_the_process_is_refused(void) {
    const char *directory = fresh_directory();
    const char *copy = text("%s/copy-of-the-library.so", fresh_directory());
    hc_cache *c = open_cache(directory, NULL, "");
    hc_cache *d = NULL;
    open_function copied_open;
    void *symbol, *handle;
    Dl_info info;
    size_t len;
    char *library;
    symbol = dlsym(RTLD_DEFAULT, "hc_open");
    CHECK(symbol != NULL && dladdr(symbol, &info) != 0);
    library = read_file(info.dli_fname, &len);
    write_file(copy, library, len);
    handle = dlopen(copy, RTLD_NOW | RTLD_LOCAL);
    CHECK(handle != NULL);
    symbol = dlsym(handle, "hc_open");
    memcpy(&copied_open, &symbol, sizeof copied_open);
    CHECK(copied_open != hc_open);
    CHECK_INT(copied_open(directory, NULL, &d, NULL), HC_E_BUSY);
    CHECK(d == NULL);
    /* The one that has it is unharmed. */
    store(c, URL, answer(200, "", "x"));
    CHECK_INT(look_at(c, URL).decision, HC_FRESH);
    hc_close(c);
}

static int open_in_new_namespace(void *user) {
    pid_t child;
    if (unshare(CLONE_NEWPID) != 0)
        return errno == EPERM ? 77 : 1;
    child = fork();
    if (child == 0) {
        check_refused((const char *)user, HC_E_UNSUPPORTED);
        end_child(0);
    }
    return reap(child);
}

static void a_directory_of_another_namespace_of_process_ids_is_refused(void) {
    const char *directory = fresh_directory();
    hc_cache *c = open_cache(directory, NULL, "");
    int result = reap(in_child(open_in_new_namespace, (char *)directory));
    if (result == 77)
        printf("# not allowed to make a namespace of process ids\n");
    else
        CHECK_INT(result, 0);
    store(c, URL, answer(200, "", "x"));
    CHECK_INT(look_at(c, URL).decision, HC_FRESH);
    hc_close(c);
}

static void caches_are_opened_and_closed_in_any_number(void) {
    const char *directory = fresh_directory();
    hc_cache *caches[64];
    size_t i;
    for (i = 0; i < NELEMS(caches); i++)
        caches[i] = open_cache(directory, NULL, "");
    for (i = 0; i < NELEMS(caches); i += 2)
        hc_close(caches[i]);
    store(caches[1], URL, answer(200, "", "x"));
    CHECK_INT(look_at(caches[63], URL).decision, HC_FRESH);
    for (i = 1; i < NELEMS(caches); i += 2)
        hc_close(caches[i]);
}

static const check_test tests[] = {
    TEST(a_directory_that_is_not_there_is_made),
    TEST(no_options_are_the_defaults),
    TEST(what_is_no_directory_is_refused),
    TEST(a_symbolic_link_is_refused),
    TEST(a_directory_of_another_user_is_refused),
    TEST(a_place_without_permission_is_refused),
    TEST(one_s_own_directory_without_permission_is_refused),
    TEST(only_the_user_can_touch_what_is_made_whatever_the_umask),
    TEST(opened_twice_a_directory_is_one_store),
    TEST(two_processes_share_a_directory),
    TEST(many_that_make_a_directory_at_once_all_get_it),
    TEST(a_newer_format_is_refused_and_left_alone),
    TEST(another_copy_of_the_library_in_the_process_is_refused),
    TEST(a_directory_of_another_namespace_of_process_ids_is_refused),
    TEST(caches_are_opened_and_closed_in_any_number),
};

CHECK_MAIN(tests)
