/* A library to be preloaded: it makes the n-th call of a kind fail, once or from then on, or read
 * and write less than was asked for. See io_faults.h. It finds out by descriptor and path what a
 * call touches. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "io_faults.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static int armed, paused;
static long counts[IO_CALLS];
static int has_failed;

/* What is to fail, read when it is armed: the environment may not be read from inside malloc. */
static char under[4096];
static int fault_call, fault_number, fault_ever, fault_short;
static long fault_at;

static const char *setting(const char *name) {
    const char *value = getenv(name);
    return value != NULL ? value : "";
}

void io_arm(int on);
void io_pause(int on);
int io_calls(long out[IO_CALLS]);

void io_arm(int on) {
    static const char *const names[] = IO_NAMES;
    const char *mode = setting("FAULT_MODE");
    int i;
    __atomic_store_n(&armed, 0, __ATOMIC_SEQ_CST);
    if (!on)
        return;
    snprintf(under, sizeof under, "%s", setting("FAULT_UNDER"));
    fault_call = -1;
    for (i = 0; i < IO_CALLS; i++) {
        if (strcmp(names[i], setting("FAULT_CALL")) == 0)
            fault_call = i;
        counts[i] = 0;
    }
    fault_at = atol(setting("FAULT_AT"));
    fault_number = atoi(setting("FAULT_ERRNO"));
    fault_short = strcmp(mode, "short") == 0;
    fault_ever = strcmp(mode, "ever") == 0 || (fault_short && fault_number != 0);
    has_failed = 0;
    __atomic_store_n(&armed, 1, __ATOMIC_SEQ_CST);
}

void io_pause(int on) {
    __atomic_store_n(&paused, on, __ATOMIC_SEQ_CST);
}

int io_calls(long out[IO_CALLS]) {
    memcpy(out, counts, sizeof counts);
    return has_failed;
}

/* ---- whether a call fails ---- */

enum {
    GOES_ON,
    FAILS,
    IS_SHORT
};

/* Counts a call, and says what becomes of it; sets errno where it fails. */
static int judge(int call) {
    long n;
    if (!__atomic_load_n(&armed, __ATOMIC_SEQ_CST) || __atomic_load_n(&paused, __ATOMIC_SEQ_CST))
        return GOES_ON;
    n = __atomic_add_fetch(&counts[call], 1, __ATOMIC_SEQ_CST);
    if (call != fault_call || fault_at == 0 || n < fault_at || (n > fault_at && !fault_ever))
        return GOES_ON;
    has_failed = 1;
    if (fault_short && n == fault_at)
        return IS_SHORT;
    errno = fault_number;
    return FAILS;
}

/* It is read when a cache is opened, and belongs to what decides whether the cache is trusted. */
#define BOOT_ID "/proc/sys/kernel/random/boot_id"

static int is_under(const char *path) {
    size_t len = strlen(under);
    return len > 0 && (strncmp(path, under, len) == 0 || strcmp(path, BOOT_ID) == 0);
}

static int is_fd_under(int fd) {
    char link[64], path[4096];
    ssize_t len;
    int saved = errno;
    if (!__atomic_load_n(&armed, __ATOMIC_SEQ_CST) || fd < 0)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    len = readlink(link, path, sizeof path - 1);
    path[len > 0 ? len : 0] = '\0';
    errno = saved;
    return is_under(path);
}

static int is_path_under(int at_fd, const char *path) {
    if (!__atomic_load_n(&armed, __ATOMIC_SEQ_CST) || path == NULL)
        return 0;
    return path[0] == '/' || at_fd == AT_FDCWD ? is_under(path) : is_fd_under(at_fd);
}

/* The next definition of a function, as a pointer of its type. */
#define REAL(type, name)                                                                           \
    static type real;                                                                              \
    if (real == NULL) {                                                                            \
        void *symbol = dlsym(RTLD_NEXT, name);                                                     \
        memcpy(&real, &symbol, sizeof real);                                                       \
    }

#define FAIL_IF(is_concerned, call, result)                                                        \
    do {                                                                                           \
        if ((is_concerned) && judge(call) == FAILS)                                                \
            return result;                                                                         \
    } while (0)

/* ---- files by name ---- */

static int opened(int at_fd, const char *path, int flags, mode_t mode) {
    typedef int (*type)(int, const char *, int, ...);
    REAL(type, "openat")
    FAIL_IF(is_path_under(at_fd, path), IO_OPEN, -1);
    return real(at_fd, path, flags, mode);
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
    return opened(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    mode_t mode = 0;
    MODE_OF(flags, mode)
    return opened(AT_FDCWD, path, flags | O_LARGEFILE, mode);
}

int openat(int at_fd, const char *path, int flags, ...) {
    mode_t mode = 0;
    MODE_OF(flags, mode)
    return opened(at_fd, path, flags, mode);
}

int openat64(int at_fd, const char *path, int flags, ...) {
    mode_t mode = 0;
    MODE_OF(flags, mode)
    return opened(at_fd, path, flags | O_LARGEFILE, mode);
}

int rename(const char *from, const char *to) {
    typedef int (*type)(const char *, const char *);
    REAL(type, "rename")
    FAIL_IF(is_path_under(AT_FDCWD, to), IO_RENAME, -1);
    return real(from, to);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to) {
    typedef int (*type)(int, const char *, int, const char *);
    REAL(type, "renameat")
    FAIL_IF(is_path_under(to_fd, to), IO_RENAME, -1);
    return real(from_fd, from, to_fd, to);
}

int unlink(const char *path) {
    typedef int (*type)(const char *);
    REAL(type, "unlink")
    FAIL_IF(is_path_under(AT_FDCWD, path), IO_UNLINK, -1);
    return real(path);
}

int unlinkat(int at_fd, const char *path, int flags) {
    typedef int (*type)(int, const char *, int);
    REAL(type, "unlinkat")
    FAIL_IF(is_path_under(at_fd, path), IO_UNLINK, -1);
    return real(at_fd, path, flags);
}

int rmdir(const char *path) {
    typedef int (*type)(const char *);
    REAL(type, "rmdir")
    FAIL_IF(is_path_under(AT_FDCWD, path), IO_UNLINK, -1);
    return real(path);
}

int mkdir(const char *path, mode_t mode) {
    typedef int (*type)(const char *, mode_t);
    REAL(type, "mkdir")
    FAIL_IF(is_path_under(AT_FDCWD, path), IO_MKDIR, -1);
    return real(path, mode);
}

int chmod(const char *path, mode_t mode) {
    typedef int (*type)(const char *, mode_t);
    REAL(type, "chmod")
    FAIL_IF(is_path_under(AT_FDCWD, path), IO_MODE, -1);
    return real(path, mode);
}

int fchmod(int fd, mode_t mode) {
    typedef int (*type)(int, mode_t);
    REAL(type, "fchmod")
    FAIL_IF(is_fd_under(fd), IO_MODE, -1);
    return real(fd, mode);
}

DIR *opendir(const char *path) {
    typedef DIR *(*type)(const char *);
    REAL(type, "opendir")
    FAIL_IF(is_path_under(AT_FDCWD, path), IO_LIST, NULL);
    return real(path);
}

DIR *fdopendir(int fd) {
    typedef DIR *(*type)(int);
    REAL(type, "fdopendir")
    FAIL_IF(is_fd_under(fd), IO_LIST, NULL);
    return real(fd);
}

struct dirent *readdir(DIR *directory) {
    typedef struct dirent *(*type)(DIR *);
    REAL(type, "readdir")
    FAIL_IF(is_fd_under(dirfd(directory)), IO_LIST, NULL);
    return real(directory);
}

struct dirent64 *readdir64(DIR *directory) {
    typedef struct dirent64 *(*type)(DIR *);
    REAL(type, "readdir64")
    FAIL_IF(is_fd_under(dirfd(directory)), IO_LIST, NULL);
    return real(directory);
}

/* ---- what is known of files ---- */

#define STAT_BY_PATH(name, kind)                                                                   \
    int name(const char *path, struct kind *out) {                                                 \
        typedef int (*type)(const char *, struct kind *);                                          \
        REAL(type, #name)                                                                          \
        FAIL_IF(is_path_under(AT_FDCWD, path), IO_STAT, -1);                                       \
        return real(path, out);                                                                    \
    }

#define STAT_BY_FD(name, kind)                                                                     \
    int name(int fd, struct kind *out) {                                                           \
        typedef int (*type)(int, struct kind *);                                                   \
        REAL(type, #name)                                                                          \
        FAIL_IF(is_fd_under(fd), IO_STAT, -1);                                                     \
        return real(fd, out);                                                                      \
    }

STAT_BY_PATH(stat, stat)
STAT_BY_PATH(lstat, stat)
STAT_BY_PATH(stat64, stat64)
STAT_BY_PATH(lstat64, stat64)
STAT_BY_FD(fstat, stat)
STAT_BY_FD(fstat64, stat64)
STAT_BY_FD(fstatfs, statfs)

int statx(int at_fd, const char *path, int flags, unsigned mask, struct statx *out) {
    typedef int (*type)(int, const char *, int, unsigned, struct statx *);
    /* Its declaration says that it is never NULL, which is how some ask whether the call exists. */
    const char *volatile given = path;
    int is_of_fd = given != NULL && *given == '\0';
    REAL(type, "statx")
    FAIL_IF(is_of_fd ? is_fd_under(at_fd) : is_path_under(at_fd, given), IO_STAT, -1);
    return real(at_fd, path, flags, mask, out);
}

/* ---- reading and writing ---- */

/* Half of a length, but not nothing. */
static size_t half(size_t len) {
    return len > 1 ? len / 2 : len;
}

#define LEN_OR_FAIL(fd, call, len)                                                                 \
    do {                                                                                           \
        int verdict = is_fd_under(fd) ? judge(call) : GOES_ON;                                     \
        if (verdict == FAILS)                                                                      \
            return -1;                                                                             \
        if (verdict == IS_SHORT)                                                                   \
            len = half(len);                                                                       \
    } while (0)

ssize_t read(int fd, void *data, size_t len) {
    typedef ssize_t (*type)(int, void *, size_t);
    REAL(type, "read")
    LEN_OR_FAIL(fd, IO_READ, len);
    return real(fd, data, len);
}

static ssize_t read_at(int fd, void *data, size_t len, off_t offset) {
    typedef ssize_t (*type)(int, void *, size_t, off_t);
    REAL(type, "pread")
    LEN_OR_FAIL(fd, IO_READ, len);
    return real(fd, data, len, offset);
}

ssize_t pread(int fd, void *data, size_t len, off_t offset) {
    return read_at(fd, data, len, offset);
}

ssize_t pread64(int fd, void *data, size_t len, off64_t offset) {
    return read_at(fd, data, len, (off_t)offset);
}

ssize_t write(int fd, const void *data, size_t len) {
    typedef ssize_t (*type)(int, const void *, size_t);
    REAL(type, "write")
    LEN_OR_FAIL(fd, IO_WRITE, len);
    return real(fd, data, len);
}

static ssize_t written_at(int fd, const void *data, size_t len, off_t offset) {
    typedef ssize_t (*type)(int, const void *, size_t, off_t);
    REAL(type, "pwrite")
    LEN_OR_FAIL(fd, IO_WRITE, len);
    return real(fd, data, len, offset);
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t offset) {
    return written_at(fd, data, len, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t len, off64_t offset) {
    return written_at(fd, data, len, (off_t)offset);
}

/* Of several parts half of the parts, or half of the only one. */
static ssize_t written_parts(int fd, const struct iovec *parts, int count, off_t offset) {
    typedef ssize_t (*type)(int, const struct iovec *, int, off_t);
    struct iovec first = parts[0];
    int verdict = is_fd_under(fd) ? judge(IO_WRITE) : GOES_ON;
    REAL(type, "pwritev")
    if (verdict == FAILS)
        return -1;
    if (verdict == IS_SHORT && count == 1) {
        first.iov_len = half(first.iov_len);
        return real(fd, &first, 1, offset);
    }
    return real(fd, parts, verdict == IS_SHORT ? count / 2 : count, offset);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
    return written_parts(fd, parts, count, offset);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
    return written_parts(fd, parts, count, (off_t)offset);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    typedef ssize_t (*type)(int, const struct iovec *, int);
    int verdict = is_fd_under(fd) ? judge(IO_WRITE) : GOES_ON;
    REAL(type, "writev")
    if (verdict == FAILS)
        return -1;
    if (verdict == IS_SHORT)
        return write(fd, parts[0].iov_base, half(parts[0].iov_len));
    return real(fd, parts, count);
}

int ftruncate(int fd, off_t len) {
    typedef int (*type)(int, off_t);
    REAL(type, "ftruncate")
    FAIL_IF(is_fd_under(fd), IO_TRUNCATE, -1);
    return real(fd, len);
}

int ftruncate64(int fd, off64_t len) {
    return ftruncate(fd, (off_t)len);
}

int fsync(int fd) {
    typedef int (*type)(int);
    REAL(type, "fsync")
    FAIL_IF(is_fd_under(fd), IO_SYNC, -1);
    return real(fd);
}

int fdatasync(int fd) {
    typedef int (*type)(int);
    REAL(type, "fdatasync")
    FAIL_IF(is_fd_under(fd), IO_SYNC, -1);
    return real(fd);
}

int msync(void *start, size_t len, int flags) {
    typedef int (*type)(void *, size_t, int);
    REAL(type, "msync")
    FAIL_IF(1, IO_SYNC, -1);
    return real(start, len, flags);
}

/* ---- locks ---- */

int flock(int fd, int operation) {
    typedef int (*type)(int, int);
    REAL(type, "flock")
    FAIL_IF(operation != LOCK_UN && is_fd_under(fd), IO_LOCK, -1);
    return real(fd, operation);
}

/* Giving up a lock does not fail. */
static int is_locking(int command, void *argument) {
    return (command == F_SETLK || command == F_SETLKW || command == F_GETLK) &&
           ((struct flock *)argument)->l_type != F_UNLCK;
}

int fcntl(int fd, int command, ...) {
    typedef int (*type)(int, int, ...);
    va_list arguments;
    void *argument;
    REAL(type, "fcntl")
    va_start(arguments, command);
    argument = va_arg(arguments, void *);
    va_end(arguments);
    FAIL_IF(is_locking(command, argument) && is_fd_under(fd), IO_LOCK, -1);
    return real(fd, command, argument);
}

int fcntl64(int fd, int command, ...) {
    va_list arguments;
    void *argument;
    va_start(arguments, command);
    argument = va_arg(arguments, void *);
    va_end(arguments);
    return fcntl(fd, command, argument);
}

/* ---- memory, maps, random bytes: of the library under test alone ---- */

static int is_of_library(const void *caller) {
    Dl_info info;
    static __thread int inside;
    int is_of_it;
    if (!__atomic_load_n(&armed, __ATOMIC_SEQ_CST) || inside)
        return 0;
    inside = 1;
    is_of_it = dladdr(caller, &info) != 0 && info.dli_fname != NULL &&
               strstr(info.dli_fname, "libhttpcache") != NULL;
    inside = 0;
    return is_of_it;
}

#define IS_OF_LIBRARY is_of_library(__builtin_return_address(0))

void *mmap(void *start, size_t len, int protection, int flags, int fd, off_t offset) {
    typedef void *(*type)(void *, size_t, int, int, int, off_t);
    REAL(type, "mmap")
    FAIL_IF(fd < 0 ? IS_OF_LIBRARY : is_fd_under(fd), IO_MAP, MAP_FAILED);
    return real(start, len, protection, flags, fd, offset);
}

void *mmap64(void *start, size_t len, int protection, int flags, int fd, off64_t offset) {
    typedef void *(*type)(void *, size_t, int, int, int, off64_t);
    REAL(type, "mmap64")
    FAIL_IF(fd < 0 ? IS_OF_LIBRARY : is_fd_under(fd), IO_MAP, MAP_FAILED);
    return real(start, len, protection, flags, fd, offset);
}

ssize_t getrandom(void *out, size_t len, unsigned flags) {
    typedef ssize_t (*type)(void *, size_t, unsigned);
    REAL(type, "getrandom")
    FAIL_IF(len > 0 && IS_OF_LIBRARY, IO_RANDOM, -1);
    return real(out, len, flags);
}

void *__libc_malloc(size_t len);
void *__libc_calloc(size_t count, size_t len);
void *__libc_realloc(void *memory, size_t len);
void *__libc_memalign(size_t alignment, size_t len);

void *malloc(size_t len) {
    FAIL_IF(len >= IO_LARGE && IS_OF_LIBRARY, IO_MEMORY, NULL);
    return __libc_malloc(len);
}

void *calloc(size_t count, size_t len) {
    FAIL_IF(count * len >= IO_LARGE && IS_OF_LIBRARY, IO_MEMORY, NULL);
    return __libc_calloc(count, len);
}

void *realloc(void *memory, size_t len) {
    FAIL_IF(len >= IO_LARGE && IS_OF_LIBRARY, IO_MEMORY, NULL);
    return __libc_realloc(memory, len);
}

int posix_memalign(void **out, size_t alignment, size_t len) {
    FAIL_IF(len >= IO_LARGE && IS_OF_LIBRARY, IO_MEMORY, ENOMEM);
    *out = __libc_memalign(alignment, len);
    return *out != NULL ? 0 : ENOMEM;
}
