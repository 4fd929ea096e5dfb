/* io_faults.h - what the preloaded library io_preload.c does, by environment variables.
 *
 *  FAULT_UNDER  only what lies below this path is concerned
 *  FAULT_CALL   the kind of call that fails: one of IO_CALLS
 *  FAULT_AT     which call of that kind since it was armed, from 1; 0: none, they are only counted
 *  FAULT_ERRNO  with which number it fails
 *  FAULT_MODE   "once", "ever" (and so does each one after it), or "short": half of what was asked
 * for is read or written, and where FAULT_ERRNO is not 0 each call after it fails
 *
 * A program arms it with io_arm(1), which counts anew, and reads the numbers of calls with
 * io_calls. Between io_pause(1) and io_pause(0) nothing is counted. All are found at run time. */
#ifndef IO_FAULTS_H
#define IO_FAULTS_H

/* Kinds of calls. Memory is what the library under test asks for in pieces of IO_LARGE bytes or
 * more. */
enum {
    IO_OPEN,     /* open, openat and their like */
    IO_LIST,     /* opendir, fdopendir, readdir */
    IO_READ,     /* read, pread */
    IO_WRITE,    /* write, writev, pwrite, pwritev */
    IO_SYNC,     /* fsync, fdatasync, msync */
    IO_RENAME,   /* rename, renameat */
    IO_UNLINK,   /* unlink, unlinkat, rmdir */
    IO_TRUNCATE, /* ftruncate, posix_fallocate */
    IO_MAP,      /* mmap, mremap */
    IO_LOCK,     /* fcntl, flock */
    IO_MKDIR,    /* mkdir */
    IO_STAT,     /* stat, lstat, fstat, statx, fstatfs */
    IO_MODE,     /* chmod, fchmod */
    IO_RANDOM,   /* getrandom */
    IO_MEMORY,   /* malloc, calloc, realloc, posix_memalign */
    IO_CALLS
};

#define IO_NAMES                                                                                   \
    {                                                                                              \
        "open", "list", "read", "write", "sync", "rename", "unlink", "truncate", "map", "lock",    \
            "mkdir", "stat", "mode", "random", "memory"                                            \
    }

#define IO_LARGE 65536

#define IO_ARM "io_arm"
#define IO_PAUSE "io_pause"
#define IO_COUNT "io_calls"

typedef void (*io_arm_fn)(int on);
/* Fills in how many calls of each kind there were since it was armed, and returns whether one was
 * made to fail. */
typedef int (*io_calls_fn)(long counts[IO_CALLS]);

#endif
