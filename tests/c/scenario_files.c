/* The files in which scenarios are. */
#define _POSIX_C_SOURCE 200809L

#include "scenario.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int scenario_read_file(const char *path, json_t *scenarios) {
    json_error_t error;
    json_t *file = json_load_file(path, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    int result;
    if (file == NULL) {
        printf("FAILED %s: line %d: %s\n", path, error.line, error.text);
        return 0;
    }
    result = json_array_extend(scenarios, json_object_get(file, "scenarios")) == 0;
    json_decref(file);
    return result;
}

int scenario_read_directory(const char *path, json_t *scenarios) {
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, alphasort), i, result = count > 0;
    for (i = 0; i < count; i++) {
        const char *name = entries[i]->d_name, *end = strrchr(name, '.');
        char file[4096];
        snprintf(file, sizeof file, "%s/%s", path, name);
        if (end != NULL && strcmp(end, ".json") == 0)
            result = scenario_read_file(file, scenarios) && result;
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return result;
}
