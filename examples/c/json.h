/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON reader for one line: values in an arena that json_free frees. */
#ifndef JSON_H
#define JSON_H
#include <stdbool.h>
#include <stddef.h>

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
    enum json_type type;
    bool truth;         /* JSON_BOOL */
    long long number;   /* JSON_NUMBER: the protocol has integers only */
    char *text;         /* JSON_STRING: UTF-8 with a NUL after it */
    size_t length;      /* of text */
    char *name;         /* of a member of an object */
    struct json *first; /* elements of JSON_ARRAY, members of JSON_OBJECT */
    struct json *next;
};

struct json *json_parse(const char *line); /* NULL: not JSON, or no memory */
void json_free(void);                      /* free all values */

/* A member of an object; NULL if there is none, or if it is not an object. */
const struct json *json_get(const struct json *object, const char *name);
/* The string of a member, or "". */
const char *json_text(const struct json *object, const char *name);

#endif
