// SPDX-License-Identifier: Apache-2.0
/* A consumer of scope-oracle (docs/reference/oracle-protocol.md).  It answers decisions only. */
#define _POSIX_C_SOURCE 200809L
#include "json.h"
#include "scopes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char hello[] =
    "{\"type\":\"hello\",\"protocol\":1,\"name\":\"c-example\",\"version\":\"1\",\"features\":["
    "\"decision\",\"comm\",\"uts\",\"uid\",\"pid\",\"mntns\",\"pidns\",\"binary\",\"container\","
    "\"tree\",\"args\",\"retval\",\"context\",\"changed\",\"pid-new\",\"container-new\",\"container-id\","
    "\"binary-mntns\",\"wildcards\",\"follow\",\"tracer\",\"raw-bytes\",\"escaped-bytes\"]}";

static void reply(const struct json *message) {
    if (!strcmp(json_text(message, "type"), "hello")) {
        puts(hello);
        return;
    }
    uint64_t mask = mask_of(json_get(message, "scopes"), json_get(message, "event"));
    printf("{\"type\":\"answer\",\"id\":\"%s\",\"mask\":\"%" PRIu64 "\",\"hex\":\"%016" PRIx64 "\"}\n",
           json_text(message, "id"), mask, mask);
}

int main(void) {
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, stdin) > 0) {
        struct json *message = json_parse(line);
        if (!message) {
            fputs("not JSON\n", stderr);
            return 1;
        }
        reply(message);
        fflush(stdout);
        json_free();
    }
    free(line);
    return 0;
}
