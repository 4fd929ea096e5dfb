/* The caches that a scenario is for. */
#define _POSIX_C_SOURCE 200809L

#include "scenario.h"

#include <stdlib.h>

static hc_option list_number(const char *name) {
    static const char *const names[] = {"method",      "status",         "ignored",
                                        "match_field", "targeted_field", "unordered_field"};
    static const hc_option numbers[] = {HC_LIST_METHOD,         HC_LIST_STATUS,
                                        HC_LIST_IGNORED,        HC_LIST_MATCH_FIELD,
                                        HC_LIST_TARGETED_FIELD, HC_LIST_UNORDERED_FIELD};
    return numbers[scenario_place(names, NELEMS(names), name)];
}

hc_option scenario_name(const char *name) {
    static const char *const names[] = {"partition", "cache_name"};
    static const hc_option numbers[] = {HC_STR_PARTITION, HC_STR_CACHE_NAME};
    return numbers[scenario_place(names, NELEMS(names), name)];
}

static hc_status set_lists(hc_options *o, const json_t *setup) {
    hc_status status = HC_OK;
    const char *list, *name;
    json_t *items, *item;
    size_t i;
    json_array_foreach(json_object_get(setup, "clear"), i, item) {
        if (status == HC_OK)
            status = hc_options_clear(o, list_number(json_string_value(item)), NULL);
    }
    json_object_foreach(json_object_get(setup, "lists"), list, items) {
        json_array_foreach(items, i, item) {
            if (status == HC_OK)
                status =
                    hc_options_add(o, list_number(list), json_string_value(item), HC_NTS, NULL);
        }
    }
    json_object_foreach(json_object_get(setup, "names"), name, item) {
        if (status == HC_OK)
            status = hc_options_set_string(o, scenario_name(name), json_string_value(item),
                                           json_string_length(item), NULL);
    }
    return status;
}

static hc_status add_url_rules(hc_options *o, const json_t *setup) {
    static const char *const kinds[] = {"glob", "regex"};
    static const int32_t numbers[] = {HC_GLOB, HC_REGEX};
    hc_status status = HC_OK;
    json_t *rule;
    size_t i;
    json_array_foreach(json_object_get(setup, "url_rules"), i, rule) {
        const char *kind = json_string_value(json_array_get(rule, 0));
        const json_t *pattern = json_array_get(rule, 1);
        if (status == HC_OK)
            status = hc_options_add_url_rule(
                o, numbers[scenario_place(kinds, NELEMS(kinds), kind)], json_string_value(pattern),
                json_string_length(pattern), scenario_time(json_array_get(rule, 2), 0), NULL);
    }
    return status;
}

hc_cache *scenario_open(const json_t *setup, const char *directory, test_clock *now) {
    hc_cache *cache = NULL;
    hc_options *o = options(now, "durability 0");
    hc_status status = set_lists(o, setup);
    const char *name;
    json_t *value;
    json_object_foreach(json_object_get(setup, "options"), name, value) {
        if (status == HC_OK)
            status = hc_options_set(o, option_number(name), scenario_option(name, value), NULL);
    }
    json_object_foreach(json_object_get(setup, "status_expiry"), name, value) {
        if (status == HC_OK)
            status = hc_options_status_expiry(o, atoi(name), scenario_time(value, 0), NULL);
    }
    if (status == HC_OK)
        status = add_url_rules(o, setup);
    if (status == HC_OK)
        status = scenario_set_functions(o, setup);
    if (status == HC_OK)
        status = hc_open(text("%s/cache", directory), o, &cache, NULL);
    if (scenario_is_refused("opening", status, setup, "open"))
        return NULL;
    if (scenario_text(setup, "open") != NULL) {
        hc_close(cache);
        check_fail(__FILE__, __LINE__, "opening is without error, not %s",
                   scenario_text(setup, "open"));
    }
    return cache;
}
