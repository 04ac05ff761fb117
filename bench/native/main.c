/* Runs a twin over a copy of the WASM core's memory, one command per line of stdin:
 *   walk|probe|lookup|enter|flows FIRST COUNT CHAIN   -> "NS RESULT"      init -> "0 0"
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

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  size_t bytes = strtoull(argv[2], NULL, 10);
  /* A page is what both sides' memory begins on. */
  memory = aligned_alloc(65536, (bytes + 65535) & ~(size_t)65535);
  FILE *file = fopen(argv[1], "rb");
  if (memory == NULL || file == NULL || fread(memory, 1, bytes, file) != bytes) return 3;
  fclose(file);
  uint8_t *context = at(strtoul(argv[3], NULL, 10));
  uint8_t *packets = at(strtoul(argv[4], NULL, 10));
  char verb[16];
  unsigned first, packet_count, chain;
  while (scanf("%15s %u %u %u", verb, &first, &packet_count, &chain) == 4) {
    const uint8_t *from = packets + (size_t)first * PACKET_STRIDE;
    uint32_t result = 0;
    uint64_t started = now_ns();
    if (strcmp(verb, "init") == 0) prepare_flows(context);
    else if (strcmp(verb, "walk") == 0) result = walk_packets(context, from, packet_count, chain);
    else if (strcmp(verb, "probe") == 0) result = probe_packets(context, from, packet_count);
    else if (strcmp(verb, "lookup") == 0) result = lookup_packets(context, from, packet_count);
    else if (strcmp(verb, "enter") == 0) result = enter_packets(context, from, packet_count);
    else if (strcmp(verb, "flows") == 0) result = flow_packets(context, from, packet_count);
    else return 4;
    printf("%llu %u\n", (unsigned long long)(now_ns() - started), result);
    fflush(stdout);
  }
  return 0;
}
