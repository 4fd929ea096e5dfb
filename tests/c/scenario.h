/* scenario.h - what the runner of scenarios is made of; what scenarios say is in
 * tests/scenarios/README.md. What these functions return is freed after the test. */
#ifndef SCENARIO_H
#define SCENARIO_H

#include <jansson.h>

#include "support.h"

typedef struct {
    char *data; /* Followed by a NUL. */
    size_t len;
} scenario_bytes;

/* ---- scenario_files.c ---- */

/* Adds the scenarios of a file, or of all in a directory, to a list; says whether they can be read.
 */
int scenario_read_file(const char *path, json_t *scenarios);
int scenario_read_directory(const char *path, json_t *scenarios);

/* ---- scenario_text.c ---- */

/* A member that is text; NULL if there is none. */
const char *scenario_text(const json_t *of, const char *member);

/* A field value: dates filled in, one byte for each code point. */
scenario_bytes scenario_value(const json_t *text);

/* A body: text, or `{"repeat": text, "times": n}`. NULL has no bytes. */
scenario_bytes scenario_body(const json_t *body);

/* A number or a named value; a number is told from `from` on. */
int64_t scenario_time(const json_t *value, int64_t from);

/* The value of an option; an instant is told from T0 on. */
int64_t scenario_option(const char *name, const json_t *value);

/* The name of an error as in HC_E_..., "none" for what is none. */
const char *scenario_error(hc_status status);

/* The place of `name` in `names`, which is a mistake of the scenario's if there is none. */
int scenario_place(const char *const *names, size_t count, const char *name);

/* ---- scenario_expect.c ---- */

/* Checks `has`, `lacks`, `holds`, `omits` and `fields` of what is expected. */
void scenario_check_fields(const char *what, const hc_field *fields, size_t count,
                           const json_t *expected);

/* Checks what is handed on. `origins` is the body that the origin sent, for where the library has
 * none. `expected` may be null: there is nothing to hand on. */
void scenario_check_response(hc_exchange *x, const hc_view *view, scenario_bytes origins,
                             const json_t *expected);

/* Whether a call gave the error that the member names; any other one ends the test. */
int scenario_is_refused(const char *what, hc_status status, const json_t *of, const char *member);

/* ---- scenario_open.c ---- */

/* The number of a name that options and requests take. */
hc_option scenario_name(const char *name);

/* Opens a cache in `directory` as a scenario, or a step of it, says; NULL where that is refused, as
 * expected. The caller closes it. */
hc_cache *scenario_open(const json_t *setup, const char *directory, test_clock *now);

/* ---- scenario_functions.c ---- */

/* Sets the functions of `filter`, `key` and `normalise`. */
hc_status scenario_set_functions(hc_options *o, const json_t *setup);

#endif
