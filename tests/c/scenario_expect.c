/* What a scenario expects against what is. */
#define _POSIX_C_SOURCE 200809L

#include "scenario.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The values of a name, with `between` between them, as one text that is told and compared. */
static const char *values_of(const hc_field *fields, size_t count, const char *name,
                             const char *between) {
    const char *joined = NULL;
    size_t i;
    for (i = 0; i < count; i++) {
        if (fields[i].name_len == strlen(name) && strcasecmp(fields[i].name, name) == 0)
            joined =
                joined == NULL ? fields[i].value : text("%s%s%s", joined, between, fields[i].value);
    }
    return joined;
}

/* Between lines: what is in no value. */
#define LINE_END "\n"

static const char *expected_values(const json_t *lines, const char *name) {
    const char *joined = NULL;
    const json_t *line;
    size_t i;
    json_array_foreach(lines, i, line) {
        const char *value;
        if (strcasecmp(json_string_value(json_array_get(line, 0)), name) != 0)
            continue;
        value = scenario_value(json_array_get(line, 1)).data;
        joined = joined == NULL ? value : text("%s" LINE_END "%s", joined, value);
    }
    return joined;
}

static void check_all(const char *what, const hc_field *fields, size_t count,
                      const json_t *expected) {
    size_t i;
    if (count != json_array_size(expected))
        check_fail(__FILE__, __LINE__, "%s has these %d fields, not %d:\n%s", what, (int)count,
                   (int)json_array_size(expected), fields_text(fields, count));
    for (i = 0; i < count; i++) {
        const json_t *line = json_array_get(expected, i);
        const char *name = json_string_value(json_array_get(line, 0));
        scenario_bytes value = scenario_value(json_array_get(line, 1));
        if (strcasecmp(fields[i].name, name) != 0 || fields[i].value_len != value.len ||
            memcmp(fields[i].value, value.data, value.len) != 0)
            check_fail(__FILE__, __LINE__, "%s: field %d is %s: %s, not %s: %s", what, (int)i,
                       fields[i].name, fields[i].value, name, value.data);
    }
}

static void check_parts(const char *what, const hc_field *fields, size_t count,
                        const json_t *members, int wanted) {
    const json_t *member;
    size_t i;
    json_array_foreach(members, i, member) {
        const char *name = json_string_value(json_array_get(member, 0));
        const char *part = scenario_value(json_array_get(member, 1)).data;
        const char *value = values_of(fields, count, name, ", ");
        if ((value != NULL && strstr(value, part) != NULL) != wanted)
            check_fail(__FILE__, __LINE__, "%s: %s is \"%s\", which %s \"%s\"", what, name,
                       value ? value : "", wanted ? "does not hold" : "holds", part);
    }
}

void scenario_check_fields(const char *what, const hc_field *fields, size_t count,
                           const json_t *expected) {
    const json_t *has = json_object_get(expected, "has");
    const json_t *lacks = json_object_get(expected, "lacks");
    const json_t *all = json_object_get(expected, "fields");
    const json_t *line;
    size_t i;
    json_array_foreach(has, i, line) {
        const char *name = json_string_value(json_array_get(line, 0));
        const char *actual = values_of(fields, count, name, LINE_END);
        const char *wanted = expected_values(has, name);
        if (actual == NULL || strcmp(actual, wanted) != 0)
            check_fail(__FILE__, __LINE__, "%s: %s is \"%s\", not \"%s\"", what, name,
                       actual ? actual : "(none)", wanted);
    }
    json_array_foreach(lacks, i, line) {
        const char *actual = values_of(fields, count, json_string_value(line), LINE_END);
        if (actual != NULL)
            check_fail(__FILE__, __LINE__, "%s: %s is there: %s", what, json_string_value(line),
                       actual);
    }
    check_parts(what, fields, count, json_object_get(expected, "holds"), 1);
    check_parts(what, fields, count, json_object_get(expected, "omits"), 0);
    if (all != NULL)
        check_all(what, fields, count, all);
}

static void free_response(void *p) {
    hc_response_free((hc_response *)p);
}

static void check_body(const void *data, size_t len, scenario_bytes expected) {
    if (len != expected.len || (len > 0 && memcmp(data, expected.data, len) != 0))
        check_fail(__FILE__, __LINE__, "body is %d bytes, \"%.*s\", not %d, \"%.80s\"", (int)len,
                   (int)(len < 80 ? len : 80), len > 0 ? (const char *)data : "", (int)expected.len,
                   expected.data);
}

static void check_number(const char *what, int64_t actual, const json_t *expected, int64_t from) {
    if (expected != NULL && actual != scenario_time(expected, from))
        check_fail(__FILE__, __LINE__, "%s is %lld, not %lld", what, (long long)(actual - from),
                   (long long)(scenario_time(expected, from) - from));
}

static void check_flag(const char *what, int actual, const json_t *expected) {
    if (expected != NULL && actual != json_is_true(expected))
        check_fail(__FILE__, __LINE__, "%s is %d", what, actual);
}

static void check_text(const char *what, const char *actual, const char *expected) {
    if (expected != NULL && strcmp(actual, expected) != 0)
        check_fail(__FILE__, __LINE__, "%s is \"%s\", not \"%s\"", what, actual, expected);
}

void scenario_check_response(hc_exchange *x, const hc_view *view, scenario_bytes origins,
                             const json_t *expected) {
    hc_response *whole = NULL;
    hc_view own = new_view();
    const json_t *body = json_object_get(expected, "body");
    if (json_is_null(expected)) {
        CHECK_INT(view->status, 0);
        return;
    }
    CHECK(view->status != 0);
    if (hc_exchange_response(x, &whole, NULL) == HC_OK) {
        check_defer(free_response, whole);
        /* What became of a body that arrived in pieces is not in the view of its beginning. */
        CHECK_INT(hc_response_view(whole, &own), HC_OK);
        view = &own;
    }
    check_number("status", view->status, json_object_get(expected, "status"), 0);
    check_text("reason phrase", view->reason, scenario_text(expected, "reason"));
    check_text("url", view->url, scenario_text(expected, "url"));
    scenario_check_fields("response", view->fields, view->field_count, expected);
    if (body != NULL && whole != NULL) {
        const void *data;
        size_t len;
        CHECK_STATUS(hc_response_body(whole, &data, &len, &err), HC_OK);
        check_body(data, len, scenario_body(body));
    } else if (body != NULL) {
        check_body(origins.data, origins.len, scenario_body(body));
    }
    check_flag("from_cache", (view->flags & HC_FROM_CACHE) != 0,
               json_object_get(expected, "from_cache"));
    check_flag("revalidated", (view->flags & HC_REVALIDATED) != 0,
               json_object_get(expected, "revalidated"));
    check_flag("expired", (view->flags & HC_EXPIRED) != 0, json_object_get(expected, "expired"));
    check_number("age", view->age, json_object_get(expected, "age"), 0);
    check_number("lifetime", view->freshness_lifetime, json_object_get(expected, "lifetime"), 0);
    check_number("created_at", view->created_at, json_object_get(expected, "created_at"), T0);
    check_number("expires_at", view->expires_at, json_object_get(expected, "expires_at"), T0);
}

int scenario_is_refused(const char *what, hc_status status, const json_t *of, const char *member) {
    const char *expected = scenario_text(of, member);
    if (status != HC_OK && (expected == NULL || strcmp(scenario_error(status), expected) != 0))
        check_fail(__FILE__, __LINE__, "%s is %s, not %s", what, hc_strerror(status),
                   expected ? expected : "without error");
    return status != HC_OK;
}
