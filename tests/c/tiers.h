/* tiers.h - how much a program tries, and where it says so. The environment decides: FULL=1 is the
 * second tier of tests, TORTURE=1 the third, which may be ended at any time and goes on where it
 * was. */
#ifndef TIERS_H
#define TIERS_H

#include "check.h"

/* The number of the tier. */
long of_tier(long usual, long full, long torture);
int is_torture(void);

/* SEED in the environment, or always the same one. */
uint64_t test_seed(void);

/* The numbers that follow from a seed. */
uint64_t draw(uint64_t *state);
/* One of 0 to `count` - 1. */
size_t draw_below(uint64_t *state, size_t count);

/* Where the third tier goes on: the first case of `program` that was not yet run. 0 in the others.
 */
long first_case(const char *program);
/* The cases before `next` are done; -1: all are. */
void cases_done(const char *program, long next);

/* A line for whoever runs all tests: to the standard output, and to the file that HC_TEST_COUNTS
 * names. */
#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
void tell_count(const char *format, ...);

#endif
