/* Text, dates and values as scenarios write them. */
#define _POSIX_C_SOURCE 200809L

#include "scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *scenario_text(const json_t *of, const char *member) {
    return json_string_value(json_object_get(of, member));
}

static scenario_bytes new_bytes(size_t room) {
    scenario_bytes made;
    made.data = (char *)calloc(1, room + 1);
    made.len = 0;
    check_defer(free, made.data);
    return made;
}

/* T0 + `seconds` in the form of that name, or NULL (RFC 9110 5.6.7). */
static const char *date(const char *form, int64_t seconds) {
    static const char *const days[7] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t at = (time_t)(T0 / SECONDS + seconds);
    const char *hours;
    struct tm parts;
    if (strcmp(form, "date") == 0)
        return http_date(T0 + seconds * SECONDS);
    gmtime_r(&at, &parts);
    hours = text("%02d:%02d:%02d", parts.tm_hour, parts.tm_min, parts.tm_sec);
    if (strcmp(form, "date850") == 0)
        return text("%s, %02d-%s-%02d %s GMT", days[parts.tm_wday], parts.tm_mday,
                    months[parts.tm_mon], parts.tm_year % 100, hours);
    if (strcmp(form, "asctime") == 0)
        return text("%.3s %s %2d %s %d", days[parts.tm_wday], months[parts.tm_mon], parts.tm_mday,
                    hours, parts.tm_year + 1900);
    return NULL;
}

/* The date that stands at the beginning of `from`, and how long what stands for it is. */
static const char *braced(const char *from, size_t *len) {
    char form[16];
    long long seconds;
    int used = 0;
    if (sscanf(from, "{%15[a-z0-9] %lld}%n", form, &seconds, &used) != 2 || used == 0)
        return NULL;
    *len = (size_t)used;
    return date(form, seconds);
}

scenario_bytes scenario_value(const json_t *written) {
    const unsigned char *from = (const unsigned char *)json_string_value(written);
    size_t left = json_string_length(written), used = 0;
    /* No date is longer than ten times what stands for it. */
    scenario_bytes made = new_bytes(left * 10);
    CHECK(json_is_string(written));
    while (left > 0) {
        const char *filled = *from == '{' ? braced((const char *)from, &used) : NULL;
        if (filled != NULL) {
            memcpy(made.data + made.len, filled, strlen(filled));
            made.len += strlen(filled);
        } else if (*from < 0x80) {
            used = 1;
            made.data[made.len++] = (char)*from;
        } else {
            /* U+0080 to U+00FF are C2 or C3 and one byte more. */
            CHECK(*from == 0xC2 || *from == 0xC3);
            used = 2;
            made.data[made.len++] = (char)((*from & 3) << 6 | (from[1] & 0x3F));
        }
        from += used;
        left -= used;
    }
    return made;
}

scenario_bytes scenario_body(const json_t *body) {
    int is_repeated = json_is_object(body);
    const json_t *piece = is_repeated ? json_object_get(body, "repeat") : body;
    json_int_t asked = is_repeated ? json_integer_value(json_object_get(body, "times")) : 1;
    size_t times = (size_t)asked;
    size_t len = json_string_length(piece);
    scenario_bytes made = new_bytes(len * times);
    for (; piece != NULL && times > 0; times--) {
        memcpy(made.data + made.len, json_string_value(piece), len);
        made.len += len;
    }
    return made;
}

int64_t scenario_time(const json_t *value, int64_t from) {
    static const char *const names[] = {"never", "unset", "do_not_cache", "immediately"};
    static const int64_t values[] = {HC_NEVER_EXPIRE, HC_UNSET, HC_DO_NOT_CACHE,
                                     HC_EXPIRE_IMMEDIATELY};
    if (json_is_string(value))
        return values[scenario_place(names, NELEMS(names), json_string_value(value))];
    CHECK(json_is_integer(value));
    return from + json_integer_value(value);
}

int64_t scenario_option(const char *name, const json_t *value) {
    return scenario_time(value, strcmp(name, "expire_at") == 0 ? T0 : 0);
}

const char *scenario_error(hc_status status) {
    switch (status) {
    case HC_OK:
        return "none";
    case HC_E_ARGUMENT:
        return "argument";
    case HC_E_MISUSE:
        return "misuse";
    case HC_E_UNSUPPORTED:
        return "unsupported";
    case HC_E_CONFLICT:
        return "conflict";
    case HC_E_URL:
        return "url";
    case HC_E_FIELD:
        return "field";
    case HC_E_TOO_LARGE:
        return "too_large";
    case HC_E_METHOD:
        return "method";
    default:
        return "another";
    }
}

int scenario_place(const char *const *names, size_t count, const char *name) {
    size_t i;
    for (i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0)
            return (int)i;
    }
    check_fail(__FILE__, __LINE__, "\"%s\" is none of its kind", name);
}
