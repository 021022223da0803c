/* What values say of scopes, where several values can hold at once. */
#pragma once

/* A value's part in rule 4, for kinds where several values can hold at once: the scopes of
 * which it is an `=` value, and those that exclude it. */
struct verdict {
	u64 equal;
	u64 excluded;
};

static __always_inline void join_verdict(struct verdict *all, const struct verdict *met)
{
	all->equal |= met->equal;
	all->excluded |= met->excluded;
}

/* `equal` holds the scopes without an `=` value too, by now. */
static __always_inline u64 accept_verdict(const struct verdict *all)
{
	return all->equal & ~all->excluded;
}
