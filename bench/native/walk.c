/* Twin of asm/iptables/walk.ts: a chain's rules in order, header by header. Matches: comment and destination port;
 * targets: verdicts and jumps. That is what the benchmark's rules hold. */
#include "layout.h"

static bool matches_hold(uint8_t *context, const uint8_t *match) {
  for (;;) {
    switch (load8(match)) {
      case MATCH_END:
        return true;
      case MATCH_COMMENT:
        count(context, COUNTER_COMMENT_MATCHES, 1);
        break;
      case MATCH_DESTINATION_PORT: {
        count(context, COUNTER_PORT_MATCHES, 1);
        uint16_t port = load16(context + FLIGHT_DESTINATION_PORT);
        if (port < load16(match + 4) || port > load16(match + 6)) return false;
        break;
      }
      default:
        __builtin_trap();
    }
    match += load16(match + MATCH_BYTES);
  }
}

static const uint8_t *next_address(const uint8_t *rule, const uint8_t *end, uint64_t addresses) {
  const uint8_t *whole = end - 7 * RULE_BYTES_V4;
  while (rule < whole) {
    for (int turn = 0; turn < 8; turn++) {
      const uint8_t *at = rule + turn * RULE_BYTES_V4;
      if ((addresses & load64(at + RULE_V4_MASKS)) == load64(at)) return at;
    }
    rule += 8 * RULE_BYTES_V4;
  }
  while (rule < end) {
    if ((addresses & load64(rule + RULE_V4_MASKS)) == load64(rule)) return rule;
    rule += RULE_BYTES_V4;
  }
  return end;
}

static const uint8_t *next_fitting(uint8_t *context, const uint8_t *rule, const uint8_t *end, uint8_t protocol) {
  const uint8_t *from = rule;
  uint64_t source = load32(context + FLIGHT_SOURCE);
  uint64_t addresses = source | (uint64_t)load32(context + FLIGHT_DESTINATION) << 32;
  for (;;) {
    rule = next_address(rule, end, addresses);
    if (rule >= end) break;
    uint8_t wanted = load8(rule + RULE_CONTROL_V4 + RULE_PROTOCOL);
    if (wanted == 0 || wanted == protocol) break;
    rule += RULE_BYTES_V4;
  }
  uint64_t misses = (uint64_t)(rule - from) / RULE_BYTES_V4;
  count(context, COUNTER_HEADER_MISSES, misses);
  count(context, COUNTER_RULES_EVALUATED, misses + (rule < end ? 1 : 0));
  return rule;
}

static uint32_t walk_chain(uint8_t *context, uint32_t chain) {
  uint8_t *image = at(load32(context + CONTEXT_IMAGE));
  uint8_t *chains = region(image, IPTABLES_REGION_CHAINS);
  const uint8_t *stack[64][2];
  int depth = 0;
  uint8_t *record = chains + chain * CHAIN_BYTES;
  const uint8_t *rule = image + load32(record + CHAIN_RULES_AT);
  const uint8_t *end = rule + (uint64_t)load32(record + CHAIN_COUNT) * RULE_BYTES_V4;
  uint8_t protocol = load8(context + FLIGHT_PROTOCOL);
  for (;;) {
    rule = next_fitting(context, rule, end, protocol);
    if (rule >= end) {
      if (depth == 0) return 0;
      depth--;
      rule = stack[depth][0];
      end = stack[depth][1];
      continue;
    }
    const uint8_t *control = rule + RULE_CONTROL_V4;
    rule += RULE_BYTES_V4;
    uint32_t matches = load32(control + RULE_MATCHES_AT);
    if (matches != 0 && !matches_hold(context, image + matches)) continue;
    switch (load8(control + RULE_TARGET)) {
      case TARGET_NONE:
        break;
      case TARGET_ACCEPT:
        return 0;
      case TARGET_DROP:
        store32(context + FLIGHT_REASON, DROP_REASON_RULE);
        return 1;
      case TARGET_JUMP:
        count(context, COUNTER_CHAIN_JUMPS, 1);
        if (depth == 64) return 1;
        stack[depth][0] = rule;
        stack[depth][1] = end;
        depth++;
        record = chains + load32(control + RULE_OPERAND) * CHAIN_BYTES;
        rule = image + load32(record + CHAIN_RULES_AT);
        end = rule + (uint64_t)load32(record + CHAIN_COUNT) * RULE_BYTES_V4;
        break;
      default:
        __builtin_trap();
    }
  }
}

uint32_t walk_packets(uint8_t *context, const uint8_t *packets, uint32_t packet_count, uint32_t chain) {
  uint32_t stopped = 0;
  const uint8_t *end = packets + (uint64_t)packet_count * PACKET_STRIDE;
  for (const uint8_t *packet = packets; packet < end; packet += PACKET_STRIDE) {
    take(context, packet);
    if (walk_chain(context, chain) != 0) stopped++;
  }
  return stopped;
}
