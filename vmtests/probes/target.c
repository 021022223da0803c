/* SPDX-License-Identifier: Apache-2.0 */
/* Calls functions that the tests trace, and passes static probes. */
#include "static_probe.h"

__attribute__((section(".probes"))) volatile unsigned short target_semaphore;

__attribute__((noipa)) long sum(int a, long b, unsigned short c, long d, long e, long f)
{
	return a + b + c + d + e + f;
}

__attribute__((noipa)) long greet(const char *name, const char *other)
{
	return name[0] - other[0];
}

__attribute__((noipa)) static void pass(long number, const char *name)
{
	volatile int local = -5;
	STATIC_PROBE("target", "passed", "0", "-8@%[number] 8@%[name] -4@%[local] 1@$200 -2@$-3 8f@%%xmm0",
		     [number] "r"(number), [name] "r"(name), [local] "m"(local));
	if (target_semaphore)
		STATIC_PROBE("target", "watched", "target_semaphore", "4@%[x]", [x] "r"(42));
}

int main(void)
{
	for (long i = 0; i < 3; i++)
		sum(-i, i << 40, 65535, 4, 5, 6);
	/* On the stack: memory that no one has touched yet is unreadable. */
	volatile char victim[] = "victim", other[] = "other", name[] = "static";
	greet((const char *)victim, (const char *)other);
	pass(-77, (const char *)name);
	return sum(1, 2, 3, 4, 5, 6) != 21;
}
