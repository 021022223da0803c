// SPDX-License-Identifier: Apache-2.0
#include "scopes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef __int128 wide; /* holds signed and unsigned 64-bit numbers */

struct bytes {
    const char *start;
    size_t length;
};

/* Hex is decoded in place, once. */
static struct bytes bytes_of(const struct json *data) {
    static char decoded[4][4096];
    static unsigned turn;
    if (!data)
        return (struct bytes){"", 0};
    if (data->type == JSON_STRING)
        return (struct bytes){data->text, data->length};
    const char *hex = json_text(data, "hex");
    char *to = decoded[turn++ % 4];
    size_t length = 0;
    for (; hex[0] && hex[1] && length < sizeof decoded[0]; hex += 2) {
        char pair[3] = {hex[0], hex[1], 0};
        to[length++] = (char)strtoul(pair, NULL, 16);
    }
    return (struct bytes){to, length};
}

static bool begins(struct bytes value, struct bytes with) {
    return value.length >= with.length && memcmp(value.start, with.start, with.length) == 0;
}

static bool equal(struct bytes left, struct bytes right) {
    return left.length == right.length && begins(left, right);
}

/* Rules 7 and 8: a pattern, with '*' before, after or around its text. */
static bool fits(const struct json *pattern, struct bytes value) {
    const char *how = pattern->first->name;
    struct bytes text = bytes_of(pattern->first);
    if (!strcmp(how, "exact"))
        return equal(value, text);
    if (!strcmp(how, "prefix"))
        return begins(value, text);
    if (value.length < text.length)
        return false;
    if (!strcmp(how, "suffix")) {
        struct bytes end = {value.start + value.length - text.length, text.length};
        return equal(end, text);
    }
    for (size_t i = 0; i + text.length <= value.length; i++)
        if (begins((struct bytes){value.start + i, value.length - i}, text))
            return true;
    return false;
}

/* Return a number, in JSON or in a string; 0 if there is none. */
static wide number_of(const struct json *data) {
    wide number = 0;
    if (!data || data->type == JSON_NUMBER)
        return data ? data->number : 0;
    const char *digits = data->text;
    bool negative = *digits == '-';
    for (digits += negative; *digits; digits++)
        number = number * 10 + (*digits - '0');
    return negative ? -number : number;
}

static bool is_true(const struct json *data) {
    return data && data->truth;
}

static bool ordered(const char *op, wide fact, wide value) {
    if (op[0] == '<')
        return op[1] ? fact <= value : fact < value;
    return op[1] ? fact >= value : fact > value;
}

static bool has_container(const struct json *container, const struct json *value) {
    if (!container)
        return false;
    if (value->type == JSON_STRING) /* "new" */
        return is_true(json_get(container, "new"));
    return begins(bytes_of(json_get(container, "id")), bytes_of(json_get(value, "id")));
}

static bool has_binary(const struct json *binary, const struct json *value) {
    const struct json *mntns = json_get(value, "mntns");
    return binary && equal(bytes_of(json_get(binary, "path")), bytes_of(json_get(value, "path"))) &&
           (!mntns || number_of(mntns) == number_of(json_get(binary, "mntns")));
}

static bool descends(const struct json *ancestors, wide from) {
    for (const struct json *node = ancestors ? ancestors->first : NULL; node; node = node->next)
        if (node->number == from)
            return true;
    return false;
}

/* Rules 8 to 12: whether the process has this value. */
static bool has(const char *key, const struct json *process, const struct json *value) {
    const struct json *fact = json_get(process, key);
    if (!strcmp(key, "comm") || !strcmp(key, "uts"))
        return fits(value, bytes_of(fact));
    if (!strcmp(key, "binary"))
        return has_binary(fact, value);
    if (!strcmp(key, "container"))
        return has_container(fact, value);
    if (!strcmp(key, "in_container"))
        return (json_get(process, "container") != NULL) == value->truth;
    if (!strcmp(key, "tree"))
        return descends(json_get(process, "ancestors"), number_of(value));
    if (strcmp(key, "pid"))
        return number_of(fact) == number_of(value);
    if (value->type == JSON_STRING) /* "new" */
        return is_true(json_get(process, "new"));
    return number_of(fact) == number_of(value) ||
           number_of(json_get(process, "tid")) == number_of(value);
}

static bool process_holds(const struct json *filter, const struct json *process) {
    const char *key = json_text(filter, "filter"), *op = json_text(filter, "op");
    const struct json *value = json_get(filter, "value");
    if (*op == '<' || *op == '>') /* rule 9: pid compares the process id */
        return ordered(op, number_of(json_get(process, key)), number_of(value));
    bool found = has(key, process, value);
    if (*op != '!')
        return found;
    return !found && (strcmp(key, "container") || json_get(process, "container")); /* rule 11 */
}

static const struct json *field_of(const struct json *event, const struct json *filter) {
    const struct json *fields = json_get(event, "fields");
    for (const struct json *field = fields ? fields->first : NULL; field; field = field->next)
        if (!strcmp(json_text(field, "part"), json_text(filter, "filter")) &&
            !strcmp(json_text(field, "name"), json_text(filter, "name")))
            return field;
    return NULL;
}

/* Rule 7: the printed form, or the raw value with numbers in decimal. */
static bool shows(const struct json *field, const struct json *pattern) {
    const struct json *raw = json_get(field, "raw");
    return fits(pattern, bytes_of(json_get(field, "printed"))) ||
           fits(pattern, bytes_of(raw->first));
}

static bool has_field(const struct json *field, const char *op, const struct json *value) {
    const struct json *number = json_get(json_get(field, "raw"), "number");
    if (value->type == JSON_BOOL)
        return (number && number_of(number) == 1) == value->truth;
    if (*op == '<' || *op == '>')
        return number && ordered(op, number_of(number), number_of(value));
    return value->type == JSON_OBJECT ? shows(field, value)
                                      : number && number_of(number) == number_of(value);
}

/* Rules 6, 7 and 18: no filter on an absent or unreadable field holds. Rule 19: of an argument that
 * changed, either value. */
static bool field_holds(const struct json *filter, const struct json *event) {
    const struct json *field = field_of(event, filter), *value = json_get(filter, "value");
    const char *op = json_text(filter, "op");
    if (!field || is_true(json_get(field, "unread")))
        return false;
    const struct json *later = json_get(field, "at_return");
    bool found = has_field(field, op, value) || (later && has_field(later, op, value));
    return *op == '!' ? !found : found;
}

static bool holds(const struct json *filter, const struct json *event) {
    if (json_get(filter, "event"))
        return field_holds(filter, event);
    return process_holds(filter, json_get(event, "process"));
}

static bool same_key(const struct json *left, const struct json *right) {
    return !strcmp(json_text(left, "filter"), json_text(right, "filter")) &&
           !strcmp(json_text(left, "event"), json_text(right, "event")) &&
           !strcmp(json_text(left, "name"), json_text(right, "name"));
}

/* Rule 4: '=' values of a key are alternatives; each other filter must hold. */
static bool fulfilled(const struct json *filter, const struct json *all, const struct json *event) {
    if (holds(filter, event))
        return true;
    if (strcmp(json_text(filter, "op"), "="))
        return false;
    for (const struct json *other = all->first; other; other = other->next)
        if (!strcmp(json_text(other, "op"), "=") && same_key(other, filter) && holds(other, event))
            return true;
    return false;
}

static bool selects(const struct json *scope, const char *event) {
    for (const struct json *name = json_get(scope, "events")->first; name; name = name->next)
        if (!strcmp(name->text, event))
            return true;
    return false;
}

static bool matches(const struct json *scope, const struct json *event, uint64_t bit) {
    const struct json *filters = json_get(scope, "filters"), *process = json_get(event, "process");
    const char *name = json_text(event, "name");
    bool followed = (uint64_t)number_of(json_get(process, "followed")) & bit; /* rule 13 */
    if (!selects(scope, name))
        return false;
    for (const struct json *filter = filters->first; filter; filter = filter->next) {
        const struct json *filter_event = json_get(filter, "event");
        if (filter_event ? strcmp(filter_event->text, name) != 0 : followed)
            continue; /* rule 6: other event; rule 13: process filters do not apply */
        if (!fulfilled(filter, filters, event))
            return false;
    }
    return true;
}

uint64_t mask_of(const struct json *scopes, const struct json *event) {
    uint64_t mask = 0;
    if (is_true(json_get(json_get(event, "process"), "tracer"))) /* rule 14 */
        return 0;
    for (const struct json *scope = scopes->first; scope; scope = scope->next) {
        uint64_t bit = UINT64_C(1) << (json_get(scope, "number")->number - 1);
        if (matches(scope, event, bit))
            mask |= bit;
    }
    return mask;
}
