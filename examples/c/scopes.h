/* SPDX-License-Identifier: Apache-2.0 */
/* Tracing scopes in C, after docs/reference/semantics.md: from an event to its mask. */
#ifndef SCOPES_H
#define SCOPES_H
#include "json.h"
#include <stdint.h>

/* Return the mask of an event; the format is that of docs/reference/vectors.md. */
uint64_t mask_of(const struct json *scopes, const struct json *event);

#endif
