/* The tiers of tests: see tiers.h. */
#define _POSIX_C_SOURCE 200809L

#include "tiers.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_set(const char *name) {
    const char *value = getenv(name);
    return value != NULL && *value == '1';
}

int is_torture(void) {
    return is_set("TORTURE");
}

long of_tier(long usual, long full, long torture) {
    if (is_torture())
        return torture;
    return is_set("FULL") ? full : usual;
}

uint64_t test_seed(void) {
    const char *value = getenv("SEED");
    return value != NULL && *value != '\0' ? strtoull(value, NULL, 10) : 7;
}

uint64_t draw(uint64_t *state) {
    uint64_t word = *state += UINT64_C(0x9E3779B97F4A7C15);
    word = (word ^ (word >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    word = (word ^ (word >> 27)) * UINT64_C(0x94D049BB133111EB);
    return word ^ (word >> 31);
}

size_t draw_below(uint64_t *state, size_t count) {
    return (size_t)(draw(state) % count);
}

/* Where the state of a program is kept; NULL: nowhere. */
static const char *state_path(const char *program, char *path, size_t room) {
    const char *directory = getenv("TORTURE_STATE");
    if (!is_torture() || directory == NULL || *directory == '\0')
        return NULL;
    snprintf(path, room, "%s/%s.next", directory, program);
    return path;
}

long first_case(const char *program) {
    char buffer[4096];
    const char *path = state_path(program, buffer, sizeof buffer);
    FILE *file = path != NULL ? fopen(path, "r") : NULL;
    long next = 0;
    if (file == NULL)
        return 0;
    if (fscanf(file, "%ld", &next) != 1)
        next = 0;
    fclose(file);
    if (next > 0)
        printf("# goes on with case %ld\n", next);
    return next;
}

void cases_done(const char *program, long next) {
    char buffer[4096];
    const char *path = state_path(program, buffer, sizeof buffer);
    FILE *file;
    if (path == NULL)
        return;
    if (next < 0) {
        remove(path);
        return;
    }
    file = fopen(path, "w");
    CHECK(file != NULL);
    fprintf(file, "%ld\n", next);
    CHECK_INT(fclose(file), 0);
}

void tell_count(const char *format, ...) {
    const char *path = getenv("HC_TEST_COUNTS");
    char line[512];
    va_list arguments;
    FILE *file;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    printf("# %s\n", line);
    if (path == NULL || *path == '\0')
        return;
    file = fopen(path, "a");
    CHECK(file != NULL);
    fprintf(file, "%s\n", line);
    CHECK_INT(fclose(file), 0);
}
