/* SPDX-License-Identifier: Apache-2.0 */
/* Tracing scopes in C, from docs/reference/semantics.md: which scopes does an event match? */
#ifndef SCOPES_H
#define SCOPES_H
#include "json.h"
#include <stdint.h>

/* The mask of an event; scopes and event as in docs/reference/vectors.md. */
uint64_t mask_of(const struct json *scopes, const struct json *event);

#endif
