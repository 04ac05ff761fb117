/* Twin of hasKey in asm/ipset/probe.ts. */
#include "layout.h"

static uint32_t hash_key(uint32_t first, uint32_t second, uint32_t key) {
  uint32_t turned = second << 16 | second >> 16;
  uint32_t hash = first * (uint32_t)SET_HASH_MULTIPLIER_A ^ turned * (uint32_t)SET_HASH_MULTIPLIER_B;
  hash = (hash ^ hash >> 15 ^ key) * (uint32_t)SET_HASH_MULTIPLIER_C;
  hash = (hash ^ hash >> 13) * (uint32_t)SET_HASH_MULTIPLIER_A;
  return hash ^ hash >> 16;
}

static bool has_key(uint8_t *context, const uint8_t *header, uint32_t first, uint32_t second, uint32_t key) {
  const uint8_t *slots = at(load32(context + CONTEXT_IMAGE)) + load32(header + SET_SLOTS_AT);
  uint32_t mask = load32(header + SET_SLOT_MASK);
  uint64_t addresses = first | (uint64_t)second << 32;
  uint32_t position = hash_key(first, second, key) & mask;
  for (;;) {
    const uint8_t *slot = slots + (uint64_t)position * SET_SLOT_BYTES_V4;
    uint32_t used = load32(slot + 8 + SET_SLOT_USED);
    if (load64(slot) == addresses && load32(slot + 8) == key) return used == SET_SLOT_MEMBER;
    if (used == 0) return false;
    position = (position + 1) & mask;
  }
}

uint32_t probe_packets(uint8_t *context, const uint8_t *packets, uint32_t packet_count) {
  const uint8_t *header = region(at(load32(context + CONTEXT_IMAGE)), IPTABLES_REGION_SETS) + SETS_HEAD_BYTES;
  uint32_t members = 0;
  const uint8_t *end = packets + (uint64_t)packet_count * PACKET_STRIDE;
  for (const uint8_t *packet = packets; packet < end; packet += PACKET_STRIDE) {
    uint32_t key = load16(packet + PACKET_DESTINATION_PORT) | (uint32_t)load8(packet + PACKET_PROTOCOL) << 16;
    if (has_key(context, header, load32(packet + PACKET_DESTINATION), 0, key)) members++;
  }
  return members;
}
