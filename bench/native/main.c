/* Runs a twin over a copy of the WASM core's memory, one command per line of stdin:
 *   walk|probe|lookup|enter|flows COUNT CHAIN nothing|empty|entered TIMES   -> "NS RESULT"
 * NS is the time of TIMES runs of the kernel; the table is made anew before each, and that is not timed.
 * usage: twin MEMORY-FILE BYTES CONTEXT PACKETS */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "layout.h"

uint8_t *memory;

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint32_t run(const char *kernel, uint8_t *context, const uint8_t *packets, uint32_t packet_count, uint32_t chain) {
  if (strcmp(kernel, "walk") == 0) return walk_packets(context, packets, packet_count, chain);
  if (strcmp(kernel, "probe") == 0) return probe_packets(context, packets, packet_count);
  if (strcmp(kernel, "lookup") == 0) return lookup_packets(context, packets, packet_count);
  if (strcmp(kernel, "enter") == 0) return enter_packets(context, packets, packet_count);
  if (strcmp(kernel, "flows") == 0) return flow_packets(context, packets, packet_count);
  exit(4);
}

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  size_t bytes = strtoull(argv[2], NULL, 10);
  /* A page is what both sides' memory begins on. Neither side has huge pages unless the machine gives them to all. */
  memory = aligned_alloc(65536, (bytes + 65535) & ~(size_t)65535);
  FILE *file = fopen(argv[1], "rb");
  if (memory == NULL || file == NULL || fread(memory, 1, bytes, file) != bytes) return 3;
  fclose(file);
  uint8_t *context = at(strtoul(argv[3], NULL, 10));
  const uint8_t *packets = at(strtoul(argv[4], NULL, 10));
  char kernel[16], before[16];
  unsigned packet_count, chain, times;
  while (scanf("%15s %u %u %15s %u", kernel, &packet_count, &chain, before, &times) == 5) {
    uint64_t ns = 0;
    uint32_t result = 0;
    for (unsigned time = 0; time < times; time++) {
      if (strcmp(before, "nothing") != 0) prepare_flows(context);
      if (strcmp(before, "entered") == 0) enter_packets(context, packets, packet_count);
      uint64_t started = now_ns();
      result = run(kernel, context, packets, packet_count, chain);
      ns += now_ns() - started;
    }
    printf("%llu %u\n", (unsigned long long)ns, result);
    fflush(stdout);
  }
  return 0;
}
