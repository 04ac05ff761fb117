/* The layouts of asm/abi that the twins read, by the same numbers: abi.h is written from the files of asm/abi when
 * the twins are built (abi-header.ts), so that no number stands here twice. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "abi.h"

/* All of the shared memory, as the WASM core addresses it: offsets count from `memory`. */
extern uint8_t *memory;

static inline uint8_t load8(const uint8_t *at) { return *at; }
static inline uint16_t load16(const uint8_t *at) { uint16_t v; memcpy(&v, at, 2); return v; }
static inline uint32_t load32(const uint8_t *at) { uint32_t v; memcpy(&v, at, 4); return v; }
static inline uint64_t load64(const uint8_t *at) { uint64_t v; memcpy(&v, at, 8); return v; }
static inline void store8(uint8_t *at, uint8_t v) { *at = v; }
static inline void store32(uint8_t *at, uint32_t v) { memcpy(at, &v, 4); }
static inline void store64(uint8_t *at, uint64_t v) { memcpy(at, &v, 8); }

static inline uint8_t *at(uint32_t offset) { return memory + offset; }
static inline uint8_t *region(uint8_t *image, int number) {
  return image + load32(image + IMAGE_REGION_TABLE + number * IMAGE_REGION_STRIDE);
}
static inline void count(uint8_t *context, int counter, uint64_t amount) {
  uint8_t *slot = context + CONTEXT_COUNTERS + counter * 8;
  store64(slot, load64(slot) + amount);
}

/* The flight's fields stand where asm/packet/flight.ts puts them. */
enum {
  FLIGHT_SOURCE = CONTEXT_FLIGHT + PACKET_SOURCE,
  FLIGHT_DESTINATION = CONTEXT_FLIGHT + PACKET_DESTINATION,
  FLIGHT_PORTS = CONTEXT_FLIGHT + PACKET_SOURCE_PORT,
  FLIGHT_DESTINATION_PORT = CONTEXT_FLIGHT + PACKET_DESTINATION_PORT,
  FLIGHT_PROTOCOL = CONTEXT_FLIGHT + PACKET_PROTOCOL,
  FLIGHT_TCP_FLAGS = CONTEXT_FLIGHT + PACKET_TCP_FLAGS,
  FLIGHT_MARK = CONTEXT_FLIGHT + 64,
  FLIGHT_CT_STATE = CONTEXT_FLIGHT + 68,
  FLIGHT_CT_BITS = CONTEXT_FLIGHT + 72,
  FLIGHT_REASON = CONTEXT_FLIGHT + 76,
  FLIGHT_ENTRY = CONTEXT_FLIGHT + 80,
  FLIGHT_DIRECTION = CONTEXT_FLIGHT + 84,
  FLIGHT_RULES_AT_START = CONTEXT_FLIGHT + 96,
  FLIGHT_PACKET = CONTEXT_FLIGHT + 104,
  FLIGHT_NEW_ENTRY = CONTEXT_FLIGHT + 128,
};

static inline void take(uint8_t *context, const uint8_t *packet) {
  uint8_t *flight = context + CONTEXT_FLIGHT;
  memcpy(flight, packet, 64);
  memset(flight + 64, 0, 32);
  store32(context + FLIGHT_PACKET, (uint32_t)(packet - memory));
  store32(context + CONTEXT_NOW_MS, load32(packet + PACKET_TIME_MS));
  store64(context + FLIGHT_RULES_AT_START, load64(context + CONTEXT_COUNTERS + COUNTER_RULES_EVALUATED * 8));
}

uint32_t walk_packets(uint8_t *context, const uint8_t *packets, uint32_t packet_count, uint32_t chain);
uint32_t probe_packets(uint8_t *context, const uint8_t *packets, uint32_t packet_count);
void prepare_flows(uint8_t *context);
uint32_t lookup_packets(uint8_t *context, const uint8_t *packets, uint32_t packet_count);
uint32_t enter_packets(uint8_t *context, const uint8_t *packets, uint32_t packet_count);
uint32_t flow_packets(uint8_t *context, const uint8_t *packets, uint32_t packet_count);
