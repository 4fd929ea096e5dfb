/* hc-proxy: a caching reverse proxy over the C API, for conformance suites of HTTP caches.
 *
 *   hc-proxy --listen ADDRESS:PORT --upstream http://HOST:PORT [--mode shared|private]
 *            [--path engine|fetch] [--targeted FIELD] [--db DIRECTORY]
 *
 * Port 0 has the system choose one; the port is on standard output. Without --db the cache lies in
 * a temporary directory that is removed at exit. It ends with SIGTERM, SIGINT or SIGHUP. */
#define _POSIX_C_SOURCE 200809L

#include "proxy.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    const char *listen, *upstream, *mode, *path, *targeted, *directory;
} arguments;

void complain(const char *what, hc_error *e) {
    fprintf(stderr, "hc-proxy: %s: %s\n", what, hc_error_message(e));
    hc_error_free(e);
}

static int usage(void) {
    fputs("usage: hc-proxy --listen ADDRESS:PORT --upstream http://HOST:PORT\n"
          "                [--mode shared|private] [--path engine|fetch] [--targeted FIELD]\n"
          "                [--db DIRECTORY]\n",
          stderr);
    return 2;
}

static int is_one_of(const char *text, const char *a, const char *b) {
    return strcmp(text, a) == 0 || strcmp(text, b) == 0;
}

static int parse_arguments(int argc, char **argv, arguments *out) {
    struct {
        const char *name;
        const char **value;
    } known[] = {
        {"--listen", &out->listen}, {"--upstream", &out->upstream}, {"--mode", &out->mode},
        {"--path", &out->path},     {"--targeted", &out->targeted}, {"--db", &out->directory},
    };
    size_t i;
    int at;
    memset(out, 0, sizeof *out);
    out->mode = "shared";
    out->path = "engine";
    for (at = 1; at < argc; at += 2) {
        for (i = 0; i < sizeof known / sizeof *known; i++) {
            if (strcmp(argv[at], known[i].name) == 0)
                break;
        }
        if (i == sizeof known / sizeof *known || at + 1 == argc)
            return 0;
        *known[i].value = argv[at + 1];
    }
    /* RFC 9213: a targeted field is for caches of a kind, and CDN-Cache-Control for shared ones. */
    if (out->targeted == NULL && strcmp(out->mode, "shared") == 0)
        out->targeted = "CDN-Cache-Control";
    return out->listen != NULL && out->upstream != NULL &&
           is_one_of(out->mode, "shared", "private") && is_one_of(out->path, "engine", "fetch");
}

/* ---- the cache ---- */

static void log_line(void *user, int32_t level, const char *message, size_t len) {
    (void)user;
    fprintf(stderr, "hc-proxy: %s: %.*s\n", level == HC_LOG_ERROR ? "error" : "warning", (int)len,
            message);
}

static hc_status set_options(hc_options *o, const arguments *args, hc_error **error) {
    const struct {
        hc_option key;
        int64_t value;
    } settings[] = {
        {HC_OPT_CACHE_CONTROL, 1},
        {HC_OPT_SHARED, strcmp(args->mode, "shared") == 0},
        {HC_OPT_STALE_IF_ERROR, HC_NEVER_EXPIRE},
        {HC_OPT_SELECT_LANGUAGE, 1},
        {HC_OPT_COMPLETE, 1},
        {HC_OPT_FOLLOW, 0},
        {HC_OPT_SORT_QUERY, 0},
        /* What a client asks for once, the origin is asked for once. */
        {HC_OPT_RETRY, 0},
    };
    hc_status status = HC_OK;
    size_t i;
    /* With a log of the caller's hc_fetch revalidates before it returns, not on a thread of its
     * own. */
    if (strcmp(args->path, "engine") == 0)
        status = hc_options_log(o, HC_LOG_WARNING, log_line, NULL, NULL);
    for (i = 0; status == HC_OK && i < sizeof settings / sizeof *settings; i++)
        status = hc_options_set(o, settings[i].key, settings[i].value, error);
    if (status == HC_OK && args->targeted != NULL && *args->targeted != '\0')
        status = hc_options_add(o, HC_LIST_TARGETED_FIELD, args->targeted, HC_NTS, error);
    return status;
}

static hc_cache *open_cache(const char *directory, const arguments *args) {
    hc_options *o = hc_options_new();
    hc_cache *cache = NULL;
    hc_error *error = NULL;
    hc_status status = o == NULL ? HC_E_NO_MEMORY : set_options(o, args, &error);
    if (status == HC_OK)
        status = hc_open(directory, o, &cache, &error);
    if (status != HC_OK)
        complain(error == NULL ? hc_strerror(status) : directory, error);
    hc_options_free(o);
    return cache;
}

/* ---- the temporary directory ---- */

static const char *make_directory(char *path, size_t room) {
    const char *parent = getenv("TMPDIR");
    int n = snprintf(path, room, "%s/hc-proxy-XXXXXX", parent && *parent ? parent : "/tmp");
    if (n < 0 || (size_t)n >= room || mkdtemp(path) == NULL) {
        perror("hc-proxy: temporary directory");
        return NULL;
    }
    return path;
}

static void remove_tree(const char *path) {
    DIR *entries = opendir(path);
    struct dirent *entry;
    if (entries != NULL) {
        while ((entry = readdir(entries)) != NULL) {
            char child[4096];
            struct stat status;
            if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
                snprintf(child, sizeof child, "%s/%s", path, entry->d_name) >= (int)sizeof child)
                continue;
            if (lstat(child, &status) == 0 && S_ISDIR(status.st_mode))
                remove_tree(child);
            else
                remove(child);
        }
        closedir(entries);
    }
    remove(path);
}

/* ---- running ---- */

typedef struct {
    const proxy *proxy;
    int fd;
} listening;

static void *run_listener(void *argument) {
    const listening *l = (const listening *)argument;
    listener_run(l->proxy, l->fd);
    return NULL;
}

/* Serves until a signal of `ending` comes. Whether all connections have ended. */
static int serve(const proxy *p, const char *address, const sigset_t *ending) {
    listening l;
    pthread_t thread;
    unsigned port = 0;
    int number, is_clean;
    l.proxy = p;
    l.fd = listener_open(address, &port);
    if (l.fd < 0)
        return -1;
    if (pthread_create(&thread, NULL, run_listener, &l) != 0) {
        close(l.fd);
        return -1;
    }
    printf("listening on port %u\n", port);
    fflush(stdout);
    sigwait(ending, &number);
    is_clean = listener_stop(l.fd);
    pthread_join(thread, NULL);
    close(l.fd);
    return is_clean;
}

int main(int argc, char **argv) {
    arguments args;
    proxy p;
    char made[4096];
    const char *directory;
    sigset_t ending;
    int served = -1;
    memset(&p, 0, sizeof p);
    if (!parse_arguments(argc, argv, &args) || !origin_parse(&p.origin, args.upstream))
        return usage();
    p.uses_fetch = strcmp(args.path, "fetch") == 0;
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &ending, NULL);
    directory = args.directory != NULL ? args.directory : make_directory(made, sizeof made);
    if (directory == NULL)
        return 1;
    p.cache = open_cache(directory, &args);
    if (p.cache != NULL)
        served = serve(&p, args.listen, &ending);
    /* A thread that did not end still uses the cache. */
    if (served != 0)
        hc_close(p.cache);
    if (args.directory == NULL)
        remove_tree(directory);
    return served == 1 ? 0 : 1;
}
