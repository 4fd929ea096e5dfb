/* Directories, clocks, log lines, caches: what the tests stand on. Messages are in messages.c. */
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE

#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <time.h>
#include <unistd.h>

/* ---- strings and directories ---- */

const char *text(const char *format, ...) {
    va_list arguments;
    char *made;
    int len;
    va_start(arguments, format);
    len = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    made = (char *)malloc((size_t)len + 1);
    va_start(arguments, format);
    vsnprintf(made, (size_t)len + 1, format, arguments);
    va_end(arguments);
    check_defer(free, made);
    return made;
}

int walk(const char *directory, int (*each)(const char *path, void *user), void *user) {
    DIR *entries = opendir(directory);
    struct dirent *entry;
    int result = 0;
    if (entries == NULL)
        return -1;
    while (result == 0 && (entry = readdir(entries)) != NULL) {
        char path[4096];
        struct stat status;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        /* What another process removed meanwhile is not there. */
        if (lstat(path, &status) != 0)
            continue;
        if (S_ISDIR(status.st_mode))
            walk(path, each, user);
        result = each(path, user);
    }
    closedir(entries);
    return result;
}

static int remove_one(const char *path, void *user) {
    (void)user;
    if (remove(path) != 0 && errno == EACCES) {
        /* The permissions of a test. */
        char *end = strrchr((char *)path, '/');
        *end = '\0';
        chmod(path, 0700);
        *end = '/';
        remove(path);
    }
    return 0;
}

int remove_tree(const char *path) {
    chmod(path, 0700);
    walk(path, remove_one, NULL);
    return remove(path);
}

static void remove_directory(void *path) {
    remove_tree((const char *)path);
    free(path);
}

const char *fresh_directory(void) {
    const char *parent = getenv("TMPDIR");
    char *path = (char *)malloc(4096);
    snprintf(path, 4096, "%s/httpcache-test-XXXXXX", parent && *parent ? parent : "/tmp");
    if (mkdtemp(path) == NULL)
        check_fail(__FILE__, __LINE__, "%s: %s", path, strerror(errno));
    check_defer(remove_directory, path);
    return path;
}

static void copy_file(const char *from, const char *to) {
    char buffer[1 << 16];
    size_t n;
    FILE *in = fopen(from, "rb");
    FILE *out = fopen(to, "wb");
    CHECK(in != NULL && out != NULL);
    while ((n = fread(buffer, 1, sizeof buffer, in)) > 0)
        CHECK(fwrite(buffer, 1, n, out) == n);
    fclose(in);
    CHECK_INT(fclose(out), 0);
    CHECK_INT(chmod(to, 0600), 0);
}

void copy_tree(const char *from, const char *to) {
    DIR *entries = opendir(from);
    struct dirent *entry;
    CHECK(entries != NULL);
    mkdir(to, 0700);
    while ((entry = readdir(entries)) != NULL) {
        const char *source = text("%s/%s", from, entry->d_name);
        const char *target = text("%s/%s", to, entry->d_name);
        struct stat status;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        CHECK_INT(lstat(source, &status), 0);
        if (S_ISDIR(status.st_mode))
            copy_tree(source, target);
        else
            copy_file(source, target);
    }
    closedir(entries);
}

struct counting {
    const char *prefix;
    int count;
};

static int count_one(const char *path, void *user) {
    struct counting *counting = (struct counting *)user;
    const char *name = strrchr(path, '/') + 1;
    struct stat status;
    if (lstat(path, &status) == 0 && !S_ISDIR(status.st_mode) &&
        strncmp(name, counting->prefix, strlen(counting->prefix)) == 0)
        counting->count++;
    return 0;
}

int count_files(const char *directory, const char *prefix) {
    struct counting counting;
    counting.prefix = prefix;
    counting.count = 0;
    walk(directory, count_one, &counting);
    return counting.count;
}

const char *data_file(const char *directory) {
    size_t len;
    char *current = read_file(text("%s/CURRENT", directory), &len);
    current[strcspn(current, "\n")] = '\0';
    return text("%s/%s/data.mdb", directory, current);
}

char *read_file(const char *path, size_t *len) {
    FILE *file = fopen(path, "rb");
    char *data = NULL;
    size_t room = 0, n;
    *len = 0;
    if (file == NULL)
        check_fail(__FILE__, __LINE__, "%s: %s", path, strerror(errno));
    do {
        room = room * 2 + 4096;
        data = (char *)realloc(data, room + 1);
        n = fread(data + *len, 1, room - *len, file);
        *len += n;
    } while (*len == room);
    fclose(file);
    data[*len] = '\0';
    check_defer(free, data);
    return data;
}

void write_file(const char *path, const void *data, size_t len) {
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(data, 1, len, file) != len || fclose(file) != 0)
        check_fail(__FILE__, __LINE__, "%s: %s", path, strerror(errno));
}

/* ---- time ---- */

test_clock *new_clock(void) {
    test_clock *clock = (test_clock *)calloc(1, sizeof *clock);
    clock->now = T0;
    check_defer(free, clock);
    return clock;
}

void pass(test_clock *clock, int64_t milliseconds) {
    __atomic_add_fetch(&clock->now, milliseconds, __ATOMIC_SEQ_CST);
}

int64_t clock_now(void *clock) {
    return __atomic_load_n(&((test_clock *)clock)->now, __ATOMIC_SEQ_CST);
}

void clock_destroyed(void *clock) {
    __atomic_add_fetch(&((test_clock *)clock)->destroyed, 1, __ATOMIC_SEQ_CST);
}

const char *http_date(int64_t at) {
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)(at / 1000);
    struct tm parts;
    gmtime_r(&seconds, &parts);
    return text("%s, %02d %s %d %02d:%02d:%02d GMT", days[parts.tm_wday], parts.tm_mday,
                months[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min,
                parts.tm_sec);
}

/* ---- log lines ---- */

struct test_log {
    pthread_mutex_t lock;
    int lines;
    size_t len;
    char text[1 << 16];
};

static void take_line(void *user, int32_t level, const char *message, size_t len) {
    test_log *log = (test_log *)user;
    pthread_mutex_lock(&log->lock);
    if (log->len + len + 16 < sizeof log->text) {
        log->len += (size_t)snprintf(log->text + log->len, sizeof log->text - log->len, "%d %.*s\n",
                                     (int)level, (int)len, message);
    }
    log->lines++;
    pthread_mutex_unlock(&log->lock);
}

test_log *log_of(hc_options *o, int32_t level) {
    test_log *log = (test_log *)calloc(1, sizeof *log);
    pthread_mutex_init(&log->lock, NULL);
    check_defer(free, log);
    CHECK_STATUS(hc_options_log(o, level, take_line, log, NULL), HC_OK);
    return log;
}

int log_lines(const test_log *log) {
    return log->lines;
}

int log_holds(const test_log *log, const char *needle) {
    return strstr(log->text, needle) != NULL;
}

void log_clear(test_log *log) {
    log->lines = 0;
    log->len = 0;
    log->text[0] = '\0';
}

/* ---- caches ---- */

static const struct {
    const char *name;
    hc_option number;
} option_names[] = {
    {"cache_control", HC_OPT_CACHE_CONTROL},
    {"expire_after", HC_OPT_EXPIRE_AFTER},
    {"expire_at", HC_OPT_EXPIRE_AT},
    {"heuristic_percent", HC_OPT_HEURISTIC_PERCENT},
    {"stale_if_error", HC_OPT_STALE_IF_ERROR},
    {"only_if_cached", HC_OPT_ONLY_IF_CACHED},
    {"max_response_bytes", HC_OPT_MAX_RESPONSE_BYTES},
    {"durability", HC_OPT_DURABILITY},
    {"max_variants", HC_OPT_MAX_VARIANTS},
    {"head_timeout", HC_OPT_HEAD_TIMEOUT},
    {"connect_timeout", HC_OPT_CONNECT_TIMEOUT},
    {"max_redirects", HC_OPT_MAX_REDIRECTS},
    {"idle_timeout", HC_OPT_IDLE_TIMEOUT},
    {"total_timeout", HC_OPT_TOTAL_TIMEOUT},
    {"allow_downgrade", HC_OPT_ALLOW_DOWNGRADE},
    {"max_head_bytes", HC_OPT_MAX_HEAD_BYTES},
    {"max_fields", HC_OPT_MAX_FIELDS},
    {"follow", HC_OPT_FOLLOW},
    {"retry", HC_OPT_RETRY},
    {"sort_query", HC_OPT_SORT_QUERY},
    {"max_url_bytes", HC_OPT_MAX_URL_BYTES},
    {"shared", HC_OPT_SHARED},
    {"workers", HC_OPT_WORKERS},
    {"place", HC_OPT_PLACE},
    {"complete", HC_OPT_COMPLETE},
    {"keep_request", HC_OPT_KEEP_REQUEST},
    {"stale_while_revalidate", HC_OPT_STALE_WHILE_REVALIDATE},
    {"always_revalidate", HC_OPT_ALWAYS_REVALIDATE},
    {"refresh", HC_OPT_REFRESH},
    {"force_refresh", HC_OPT_FORCE_REFRESH},
    {"bypass", HC_OPT_BYPASS},
    {"read_only", HC_OPT_READ_ONLY},
    {"invalidate", HC_OPT_INVALIDATE},
    {"no_vary_search", HC_OPT_NO_VARY_SEARCH},
    {"groups", HC_OPT_GROUPS},
    {"select_language", HC_OPT_SELECT_LANGUAGE},
    {"cache_status", HC_OPT_CACHE_STATUS},
    {"immutable_forever", HC_OPT_IMMUTABLE_FOREVER},
    {"match_all_fields", HC_OPT_MATCH_ALL_FIELDS},
    {"ignored_presence_counts", HC_OPT_IGNORED_PRESENCE_COUNTS},
    {"share_credentials", HC_OPT_SHARE_CREDENTIALS},
    {"verify_tls", HC_OPT_VERIFY_TLS},
    {"unordered_fields", HC_OPT_UNORDERED_FIELDS},
};

hc_option option_number(const char *name) {
    size_t i;
    for (i = 0; i < NELEMS(option_names); i++) {
        if (strcmp(option_names[i].name, name) == 0)
            return option_names[i].number;
    }
    return -1;
}

static int64_t option_value(const char *value) {
    if (strcmp(value, "never") == 0)
        return HC_NEVER_EXPIRE;
    if (strcmp(value, "unset") == 0)
        return HC_UNSET;
    if (strcmp(value, "do_not_cache") == 0)
        return HC_DO_NOT_CACHE;
    if (strcmp(value, "immediately") == 0)
        return HC_EXPIRE_IMMEDIATELY;
    return strtoll(value, NULL, 10);
}

/* Reads the next `name value` of `settings`; 0 at its end. */
static int next_setting(const char **settings, hc_option *key, int64_t *value) {
    char name[64], number[64];
    int used = 0;
    if (sscanf(*settings, " %63[a-z_] %63[-a-z_0-9] %n", name, number, &used) != 2)
        return 0;
    *settings += used + ((*settings)[used] == ',');
    *key = option_number(name);
    *value = option_value(number);
    if (*key < 0)
        check_fail(__FILE__, __LINE__, "no option is called %s", name);
    return 1;
}

static void free_options(void *o) {
    hc_options_free((hc_options *)o);
}

hc_options *options(test_clock *clock, const char *settings) {
    hc_options *o = hc_options_new();
    hc_option key;
    int64_t value;
    CHECK(o != NULL);
    check_defer(free_options, o);
    if (clock != NULL)
        CHECK_STATUS(hc_options_clock(o, clock_now, clock, clock_destroyed), HC_OK);
    while (next_setting(&settings, &key, &value))
        CHECK_STATUS(hc_options_set(o, key, value, &err), HC_OK);
    return o;
}

hc_cache *open_with(const char *directory, const hc_options *o) {
    hc_cache *c = NULL;
    CHECK_STATUS(hc_open(directory, o, &c, &err), HC_OK);
    CHECK(c != NULL);
    return c;
}

hc_cache *open_cache(const char *directory, test_clock *clock, const char *settings) {
    return open_with(directory, options(clock, settings));
}

hc_stats stats_of(hc_cache *c) {
    hc_stats stats;
    memset(&stats, 0, sizeof stats);
    stats.struct_size = sizeof stats;
    CHECK_STATUS(hc_get_stats(c, &stats, &err), HC_OK);
    return stats;
}

void flush(hc_cache *c) {
    CHECK_STATUS(hc_flush(c, 60 * SECONDS, &err), HC_OK);
}

hc_request *request_with(const char *line, const char *fields, const char *settings) {
    hc_request *r = request(line, fields);
    hc_option key;
    int64_t value;
    while (next_setting(&settings, &key, &value))
        CHECK_STATUS(hc_request_set(r, key, value, &err), HC_OK);
    return r;
}

/* ---- bodies ---- */

/* Eight bytes of the body at a multiple of eight. */
static uint64_t body_word(uint64_t seed, uint64_t index) {
    uint64_t word = seed * UINT64_C(0x9E3779B97F4A7C15) + index;
    word = (word ^ (word >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    word = (word ^ (word >> 27)) * UINT64_C(0x94D049BB133111EB);
    return word ^ (word >> 31);
}

static unsigned char body_byte(uint64_t seed, uint64_t offset) {
    return (unsigned char)(body_word(seed, offset / 8) >> (offset % 8 * 8));
}

void body_fill(void *out, size_t len, uint64_t seed, uint64_t offset) {
    unsigned char *bytes = (unsigned char *)out;
    size_t i = 0, k;
    for (; i < len && (offset + i) % 8 != 0; i++)
        bytes[i] = body_byte(seed, offset + i);
    for (; i + 8 <= len; i += 8) {
        uint64_t word = body_word(seed, (offset + i) / 8);
        for (k = 0; k < 8; k++)
            bytes[i + k] = (unsigned char)(word >> (k * 8));
    }
    for (; i < len; i++)
        bytes[i] = body_byte(seed, offset + i);
}

int body_is(const void *data, size_t len, uint64_t seed, uint64_t offset) {
    const unsigned char *bytes = (const unsigned char *)data;
    unsigned char expected[4096];
    size_t done = 0;
    while (done < len) {
        size_t now = len - done < sizeof expected ? len - done : sizeof expected;
        body_fill(expected, now, seed, offset + done);
        if (memcmp(expected, bytes + done, now) != 0)
            return 0;
        done += now;
    }
    return 1;
}

char *body_of(uint64_t seed, size_t len) {
    char *body = (char *)malloc(len + 1);
    body_fill(body, len, seed, 0);
    body[len] = '\0';
    check_defer(free, body);
    return body;
}

uint64_t body_hash(uint64_t hash, const void *data, size_t len) {
    const unsigned char *bytes = (const unsigned char *)data;
    size_t i;
    for (i = 0; i < len; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
    return hash;
}

/* ---- processes ---- */

pid_t in_child(int (*task)(void *user), void *user) {
    pid_t child;
    fflush(stdout);
    child = fork();
    if (child == 0) {
#ifdef __linux__
        /* When a check fails in the parent, nobody is left to wait for what the child waits for. */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
        end_child(task(user));
    }
    return child;
}

void end_child(int status) {
    char command[16];
    snprintf(command, sizeof command, "exit %d", status);
    if (is_slow())
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(status);
}

int reap(pid_t child) {
    int status;
    while (waitpid(child, &status, 0) != child) {
        if (errno != EINTR)
            return 255;
    }
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

void check_in_child(int (*task)(void *user), void *user) {
    CHECK_INT(reap(in_child(task, user)), 0);
}

void tell(int fd) {
    while (write(fd, "!", 1) < 0 && errno == EINTR) {
    }
}

int hear(int fd) {
    char byte;
    ssize_t n;
    do
        n = read(fd, &byte, 1);
    while (n < 0 && errno == EINTR);
    return n == 1;
}

static int is_set(const char *name) {
    const char *value = getenv(name);
    return value != NULL && *value == '1';
}

int repeats(int slow, int usual) {
    if (is_slow())
        return slow;
    return is_set("FULL") ? 10 * usual : usual;
}

int is_slow(void) {
    return is_set("SLOW");
}
