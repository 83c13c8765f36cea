/* The protocol of every bench program: `program COUNT [WARM]` repeats a piece of work COUNT times
 * after WARM unmeasured times, and prints the wall and the CPU time of the COUNT in nanoseconds. */
#ifndef BENCH_TIMED_H
#define BENCH_TIMED_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline double nanoseconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* work(count) repeats itself. */
static inline int timed_many(int argc, char **argv, void (*work)(void *, long), void *of) {
  long count = argc > 1 ? strtol(argv[1], NULL, 10) : 1;
  long warm = argc > 2 ? strtol(argv[2], NULL, 10) : 10;
  work(of, warm);
  double wall = nanoseconds(CLOCK_MONOTONIC), cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
  work(of, count);
  cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
  wall = nanoseconds(CLOCK_MONOTONIC) - wall;
  printf("%.0f %.0f\n", wall, cpu);
  return 0;
}

#endif
