/* A library to be preloaded: it kills the process at a named point of its writing, or fails what
 * would take room or write. See faults.h. It finds out by descriptor and path what a call touches.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "faults.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    META_PAGES = 2
};

static int armed;
static int met;

void fault_arm(int on);

void fault_arm(int on) {
    __atomic_store_n(&met, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&armed, on, __ATOMIC_SEQ_CST);
}

/* The next definition of a function, as a pointer of its type. */
#define REAL(type, name)                                                                           \
    static type real;                                                                              \
    if (real == NULL) {                                                                            \
        void *symbol = dlsym(RTLD_NEXT, name);                                                     \
        memcpy(&real, &symbol, sizeof real);                                                       \
    }

/* ---- what is touched ---- */

static int is_ours(const char *path) {
    const char *under = getenv("FAULT_UNDER");
    return under != NULL && strncmp(path, under, strlen(under)) == 0;
}

/* The path of a descriptor; "" where it is none of ours. */
static const char *path_of(int fd, char *path, size_t room) {
    char link[64];
    ssize_t len;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    len = readlink(link, path, room - 1);
    path[len > 0 ? len : 0] = '\0';
    return is_ours(path) ? path : "";
}

static const char *name_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* What kind of file it is: "body", "data" or "other". */
static const char *kind_of(const char *path) {
    if (strstr(path, "/bodies") != NULL)
        return "body";
    return strcmp(name_of(path), "data.mdb") == 0 ? "data" : "other";
}

/* ---- what is done about it ---- */

/* Kills the process when this is the point. */
static void at(const char *kind, const char *event, const char *when) {
    const char *point = getenv("KILL_POINT");
    const char *count = getenv("KILL_COUNT");
    char here[64];
    int saved = errno;
    if (!__atomic_load_n(&armed, __ATOMIC_SEQ_CST) || point == NULL)
        return;
    snprintf(here, sizeof here, "%s-%s:%s", kind, event, when);
    if (strcmp(here, point) == 0 &&
        __atomic_add_fetch(&met, 1, __ATOMIC_SEQ_CST) == (count ? atoi(count) : 1)) {
        kill(getpid(), SIGKILL);
        pause();
    }
    errno = saved;
}

/* The number with which a call on `path` is to fail, or 0. */
static int fails(const char *path) {
    const char *number = getenv("FAULT_ERRNO");
    if (!__atomic_load_n(&armed, __ATOMIC_SEQ_CST) || number == NULL || *path == '\0')
        return 0;
    return atoi(number);
}

static int fails_without_change(const char *path) {
    return fails(path) == EROFS ? EROFS : 0;
}

/* ---- the calls: before, the real one, after ---- */

#define AROUND(path, event, call)                                                                  \
    do {                                                                                           \
        if (*(path) != '\0')                                                                       \
            at(kind_of(path), event, "before");                                                    \
        result = (call);                                                                           \
        if (*(path) != '\0')                                                                       \
            at(kind_of(path), event, "after");                                                     \
        return result;                                                                             \
    } while (0)

#define FAIL_WITH(number)                                                                          \
    do {                                                                                           \
        int failure = (number);                                                                    \
        if (failure != 0) {                                                                        \
            errno = failure;                                                                       \
            return -1;                                                                             \
        }                                                                                          \
    } while (0)

/* The two meta pages of the data file are what a commit ends with. */
static const char *data_event(const char *path, off_t offset) {
    if (strcmp(kind_of(path), "data") == 0 && offset < (off_t)META_PAGES * sysconf(_SC_PAGESIZE))
        return "meta";
    return "write";
}

static int opened(int at_fd, const char *given, int flags, mode_t mode, const char *name) {
    typedef int (*type)(int, const char *, int, ...);
    char path[4096];
    int result;
    REAL(type, name)
    if (given[0] == '/')
        snprintf(path, sizeof path, "%s", given);
    else
        path[0] = '\0';
    if (!is_ours(path))
        return real(at_fd, given, flags, mode);
    if (flags & O_CREAT || (flags & O_ACCMODE) != O_RDONLY)
        FAIL_WITH(flags & O_CREAT && access(path, F_OK) != 0 ? fails(path)
                                                             : fails_without_change(path));
    if (!(flags & O_CREAT))
        return real(at_fd, given, flags, mode);
    AROUND(path, "create", real(at_fd, given, flags, mode));
}

#define MODE_OF(flags, mode)                                                                       \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                                                         \
        va_list arguments;                                                                         \
        va_start(arguments, flags);                                                                \
        mode = (mode_t)va_arg(arguments, int);                                                     \
        va_end(arguments);                                                                         \
    }

int open(const char *path, int flags, ...) {
    mode_t mode = 0;
    MODE_OF(flags, mode)
    return opened(AT_FDCWD, path, flags, mode, "openat");
}

int open64(const char *path, int flags, ...) {
    mode_t mode = 0;
    MODE_OF(flags, mode)
    return opened(AT_FDCWD, path, flags | O_LARGEFILE, mode, "openat");
}

int openat(int at_fd, const char *path, int flags, ...) {
    mode_t mode = 0;
    MODE_OF(flags, mode)
    return opened(at_fd, path, flags, mode, "openat");
}

int openat64(int at_fd, const char *path, int flags, ...) {
    mode_t mode = 0;
    MODE_OF(flags, mode)
    return opened(at_fd, path, flags | O_LARGEFILE, mode, "openat");
}

static ssize_t written_at(int fd, const void *data, size_t len, off_t offset, const char *name) {
    typedef ssize_t (*type)(int, const void *, size_t, off_t);
    char buffer[4096];
    const char *path = path_of(fd, buffer, sizeof buffer);
    ssize_t result;
    REAL(type, name)
    FAIL_WITH(fails(path));
    AROUND(path, data_event(path, offset), real(fd, data, len, offset));
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t offset) {
    return written_at(fd, data, len, offset, "pwrite");
}

ssize_t pwrite64(int fd, const void *data, size_t len, off64_t offset) {
    return written_at(fd, data, len, (off_t)offset, "pwrite");
}

static ssize_t written_vector_at(int fd, const struct iovec *parts, int count, off_t offset) {
    typedef ssize_t (*type)(int, const struct iovec *, int, off_t);
    char buffer[4096];
    const char *path = path_of(fd, buffer, sizeof buffer);
    ssize_t result;
    REAL(type, "pwritev")
    FAIL_WITH(fails(path));
    AROUND(path, data_event(path, offset), real(fd, parts, count, offset));
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
    return written_vector_at(fd, parts, count, offset);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
    return written_vector_at(fd, parts, count, (off_t)offset);
}

ssize_t write(int fd, const void *data, size_t len) {
    typedef ssize_t (*type)(int, const void *, size_t);
    char buffer[4096];
    const char *path = path_of(fd, buffer, sizeof buffer);
    ssize_t result;
    REAL(type, "write")
    FAIL_WITH(fails(path));
    AROUND(path, "write", real(fd, data, len));
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    typedef ssize_t (*type)(int, const struct iovec *, int);
    char buffer[4096];
    const char *path = path_of(fd, buffer, sizeof buffer);
    ssize_t result;
    REAL(type, "writev")
    FAIL_WITH(fails(path));
    AROUND(path, "write", real(fd, parts, count));
}

static int truncated(int fd, off_t len) {
    typedef int (*type)(int, off_t);
    char buffer[4096];
    const char *path = path_of(fd, buffer, sizeof buffer);
    int result;
    REAL(type, "ftruncate")
    FAIL_WITH(fails(path));
    AROUND(path, "truncate", real(fd, len));
}

int ftruncate(int fd, off_t len) {
    return truncated(fd, len);
}

int ftruncate64(int fd, off64_t len) {
    return truncated(fd, (off_t)len);
}

/* A descriptor of a directory is synced for the names in it. */
static const char *sync_event(int fd) {
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISDIR(status.st_mode) ? "names" : "sync";
}

int fsync(int fd) {
    typedef int (*type)(int);
    char buffer[4096];
    const char *path = path_of(fd, buffer, sizeof buffer);
    int result;
    REAL(type, "fsync")
    AROUND(path, sync_event(fd), real(fd));
}

int fdatasync(int fd) {
    typedef int (*type)(int);
    char buffer[4096];
    const char *path = path_of(fd, buffer, sizeof buffer);
    int result;
    REAL(type, "fdatasync")
    AROUND(path, sync_event(fd), real(fd));
}

int msync(void *start, size_t len, int flags) {
    typedef int (*type)(void *, size_t, int);
    int result;
    REAL(type, "msync")
    /* The only file whose map is written is the data file. */
    at("data", "sync", "before");
    result = real(start, len, flags);
    at("data", "sync", "after");
    return result;
}

int rename(const char *from, const char *to) {
    typedef int (*type)(const char *, const char *);
    const char *path = is_ours(to) ? to : "";
    int result;
    REAL(type, "rename")
    FAIL_WITH(fails_without_change(path));
    AROUND(path, "rename", real(from, to));
}

int renameat(int from_fd, const char *from, int to_fd, const char *to) {
    typedef int (*type)(int, const char *, int, const char *);
    const char *path = is_ours(to) ? to : "";
    int result;
    REAL(type, "renameat")
    FAIL_WITH(fails_without_change(path));
    AROUND(path, "rename", real(from_fd, from, to_fd, to));
}

int unlink(const char *given) {
    typedef int (*type)(const char *);
    const char *path = is_ours(given) ? given : "";
    int result;
    REAL(type, "unlink")
    FAIL_WITH(fails_without_change(path));
    AROUND(path, "unlink", real(given));
}

int mkdir(const char *given, mode_t mode) {
    typedef int (*type)(const char *, mode_t);
    const char *path = is_ours(given) ? given : "";
    REAL(type, "mkdir")
    FAIL_WITH(fails(path));
    return real(given, mode);
}

#ifdef __cplusplus
}
#endif
