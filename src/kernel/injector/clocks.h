/* What a chunk of packets is timed with.
 *
 * thread-cpu: CLOCK_THREAD_CPUTIME_ID. Softirq work of a veth pair runs inside the sender's system call and is charged
 *   to it; being preempted is not. Needs a kernel without CONFIG_IRQ_TIME_ACCOUNTING.
 * tsc: the cycle counter, for user-mode Linux, whose CPU clocks tick 100 times a second. It is wall time.
 *
 * A fixed spin is timed before and after each chunk, by the cycle counter: where the CPU was taken away, or its other
 * hyperthread was busy, the spin took longer than its best, half as long again and more. */
#ifndef PLUMB_CLOCKS_H
#define PLUMB_CLOCKS_H
#include "namespaces.h"
#include <time.h>

enum clock_kind { THREAD_CPU, TSC };

/* 16 us at 2.6 GHz. */
enum { SPIN_STEPS = 60000, TSC_TRIAL_NS = 50000000 };

static double ns_per_tick = 1;

static inline uint64_t ticks(void) {
#if defined(__x86_64__)
  uint32_t low, high;
  __asm__ volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high)::"memory");
  return ((uint64_t)high << 32) | low;
#elif defined(__aarch64__)
  uint64_t count;
  __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(count)::"memory");
  return count;
#else
  errno = ENOSYS;
  stop("read", "the cycle counter");
  return 0;
#endif
}

static uint64_t read_clock(clockid_t id) {
  struct timespec now;
  clock_gettime(id, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* How long a tick is. Takes 50 ms. */
static void measure_tick(void) {
  const uint64_t begin = read_clock(CLOCK_MONOTONIC), first = ticks();
  uint64_t end;
  do end = read_clock(CLOCK_MONOTONIC);
  while (end - begin < TSC_TRIAL_NS);
  ns_per_tick = (double)(end - begin) / (double)(ticks() - first);
}

static uint64_t tick_ns(void) { return (uint64_t)((double)ticks() * ns_per_tick); }

static uint64_t spin_ns(void) {
  const uint64_t begin = ticks();
  for (int step = 0; step < SPIN_STEPS; step++) __asm__ volatile("" ::: "memory");
  return (uint64_t)((double)(ticks() - begin) * ns_per_tick);
}
#endif
