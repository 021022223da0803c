/* Bounds that the verifier understands. */
#pragma once

/* Keep the low bits of a value, in a way that the compiler cannot do without: the verifier does
 * not know all that the compiler knows. `bits` is a power of two less one. */
static __always_inline u64 within(u64 value, const u64 bits)
{
	asm volatile("%0 &= %1" : "+r"(value) : "i"(bits));
	return value;
}
