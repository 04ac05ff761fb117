/* Twin of asm/conntrack: find or open and confirm flows of TCP and UDP over IPv4. */
#include "layout.h"

enum { ENTRY = CONNTRACK_ENTRY_BYTES_V4, TUPLE = 16, STATE = 32, REOPEN = 13, IGNORE = 14, INVALID = 15, FLIGHT_BIT_KNOWN = 16 };

static const uint64_t TUPLE_PORTS_BITS = 0xffffffffff;

static uint64_t rotate(uint64_t v, int n) { return v << n | v >> (64 - n); }

static uint32_t hash_tuple(uint32_t source, uint32_t destination, uint64_t ports) {
  uint64_t mixed = (uint64_t)source + rotate(destination, 32);
  uint64_t hash = (mixed ^ rotate(ports, 21)) * 0x9e3779b97f4a7c15u;
  hash = (hash ^ hash >> 29 ^ ports) * 0xbf58476d1ce4e5b9u;
  return (uint32_t)(hash >> 32) | 0x80000000;
}

static uint64_t swap_ports(uint64_t ports) {
  return ports >> 32 << 32 | (ports & 0xffff) << 16 | (ports >> 16 & 0xffff);
}

static uint32_t transition(uint32_t direction, uint32_t state, uint32_t flags) {
  uint64_t row;
  if (flags & TCP_FLAG_RST) row = 0x888888888f;
  else if (flags & TCP_FLAG_SYN) {
    if (flags & TCP_FLAG_ACK) row = direction == 0 ? 0x2ffffff2ff : 0x2eeeeeee2f;
    else row = direction == 0 ? 0x9ddeeeee11 : 0x9fdfffff9f;
  } else if (flags & TCP_FLAG_FIN) row = 0xf8766644ff;
  else if (flags & TCP_FLAG_ACK) row = direction == 0 ? 0xf8775533f3 : 0xe8775532ef;
  else row = 0xffffffffff;
  return row >> (state << 2) & 15;
}

static uint32_t timeout_ms(uint32_t protocol, uint32_t state, uint32_t status) {
  if (protocol != PROTOCOL_TCP) return status & CONNTRACK_STATUS_SEEN_REPLY ? 120000 : 30000;
  switch (state) {
    case 3: return 86400000;
    case 2: return 60000;
    case 5: return 3600000;
    case 6: return 30000;
    case 8: return 10000;
    default: return 120000;
  }
}

static uint32_t deadline_after(uint32_t now, uint32_t timeout) {
  uint64_t sum = (uint64_t)now + timeout;
  return sum >= UINT32_MAX ? UINT32_MAX - 1 : (uint32_t)sum;
}

void prepare_flows(uint8_t *context) {
  uint8_t *table = at(load32(context + CONTEXT_CONNTRACK));
  uint64_t slot_bytes = ((uint64_t)load32(table + CONNTRACK_SLOT_MASK) + 1) * CONNTRACK_SLOT_BYTES;
  store32(table + CONNTRACK_SLOTS_AT, CONNTRACK_HEADER_BYTES);
  store32(table + CONNTRACK_ENTRIES_AT, (uint32_t)((CONNTRACK_HEADER_BYTES + slot_bytes + 63) & ~63ull));
  store32(table + CONNTRACK_COUNT, 0);
  store32(table + CONNTRACK_FRESH, 0);
  store32(table + CONNTRACK_FREE, 0);
  store32(table + CONNTRACK_SOONEST, UINT32_MAX);
  memset(table + CONNTRACK_HEADER_BYTES, 0, slot_bytes);
  memset(context + CONTEXT_COUNTERS, 0, COUNTER_COUNT * 8);
}

static uint32_t find(uint8_t *table, uint32_t source, uint32_t destination, uint64_t ports, uint32_t hash) {
  uint32_t mask = load32(table + CONNTRACK_SLOT_MASK);
  uint8_t *entries = table + load32(table + CONNTRACK_ENTRIES_AT);
  uint64_t addresses = source | (uint64_t)destination << 32;
  uint32_t position = hash & mask;
  for (;;) {
    uint64_t slot = load64(table + CONNTRACK_HEADER_BYTES + (uint64_t)position * 8);
    if (slot == 0) return 0;
    if ((uint32_t)(slot >> 32) == hash) {
      uint32_t reference = (uint32_t)slot;
      uint8_t *tuple = entries + ((uint64_t)(reference >> 1) - 1) * ENTRY + (reference & 1) * TUPLE;
      if (load64(tuple) == addresses && load64(tuple + 8) == ports) return reference;
    }
    position = (position + 1) & mask;
  }
}

static void place(uint8_t *table, uint32_t hash, uint32_t reference) {
  uint32_t mask = load32(table + CONNTRACK_SLOT_MASK);
  uint8_t *slots = table + CONNTRACK_HEADER_BYTES;
  uint32_t position = hash & mask;
  while (load64(slots + (uint64_t)position * 8) != 0) position = (position + 1) & mask;
  store64(slots + (uint64_t)position * 8, (uint64_t)hash << 32 | reference);
}

static void note_deadline(uint8_t *table, uint32_t deadline) {
  if (deadline < load32(table + CONNTRACK_SOONEST)) store32(table + CONNTRACK_SOONEST, deadline);
}

static void resume(uint8_t *context, uint8_t *table, uint8_t *entry, uint32_t direction, uint32_t now) {
  uint8_t *state = entry + STATE;
  uint32_t protocol = load8(context + FLIGHT_PROTOCOL);
  uint32_t status = load8(state + CONNTRACK_STATE_STATUS);
  if (direction == 1) status |= CONNTRACK_STATUS_SEEN_REPLY;
  uint32_t before = load8(state + CONNTRACK_STATE_PROTOCOL);
  uint32_t next = before;
  if (protocol == PROTOCOL_TCP) next = transition(direction, before, load8(context + FLIGHT_TCP_FLAGS));
  if (next >= REOPEN) {
    /* The benchmark's flows do not end. */
    if (next == REOPEN) __builtin_trap();
    if (next == INVALID) return;
    next = before;
  }
  uint32_t deadline = deadline_after(now, timeout_ms(protocol, next, status));
  store8(state + CONNTRACK_STATE_PROTOCOL, next);
  store8(state + CONNTRACK_STATE_STATUS, status);
  store32(state + CONNTRACK_STATE_DEADLINE, deadline);
  note_deadline(table, deadline);
  store32(context + FLIGHT_ENTRY, (uint32_t)(entry - memory));
  store32(context + FLIGHT_DIRECTION, direction);
  bool seen = (status & CONNTRACK_STATUS_SEEN_REPLY) != 0;
  store32(context + FLIGHT_CT_STATE, seen ? CT_STATE_ESTABLISHED : CT_STATE_NEW);
  uint32_t bits = (status >> 2 & 3) | FLIGHT_BIT_KNOWN;
  if (direction == 0) bits |= (status & CONNTRACK_STATUS_MASQUERADED) << 1;
  store32(context + FLIGHT_CT_BITS, bits);
}

static bool open_flow(uint8_t *context, uint8_t *table, uint64_t addresses, uint64_t ports, uint32_t hash, uint32_t now) {
  uint32_t protocol = load8(context + FLIGHT_PROTOCOL);
  uint32_t first = protocol == PROTOCOL_TCP ? transition(0, 0, load8(context + FLIGHT_TCP_FLAGS)) : 0;
  if (first >= REOPEN) return true;
  if (load32(table + CONNTRACK_COUNT) >= load32(table + CONNTRACK_ENTRIES_MAX)) return false;
  uint8_t *built = context + FLIGHT_NEW_ENTRY;
  store64(built, addresses);
  store64(built + 8, ports);
  store64(built + TUPLE, rotate(addresses, 32));
  store64(built + TUPLE + 8, swap_ports(ports));
  uint8_t *state = built + STATE;
  store32(state + CONNTRACK_STATE_DEADLINE, deadline_after(now, timeout_ms(protocol, first, 0)));
  store32(state + CONNTRACK_STATE_PROTOCOL, first);
  store32(state + CONNTRACK_STATE_HASH, hash);
  store32(state + CONNTRACK_STATE_MODE, 0);
  store32(context + FLIGHT_ENTRY, (uint32_t)(built - memory));
  store32(context + FLIGHT_CT_STATE, CT_STATE_NEW);
  store32(context + FLIGHT_CT_BITS, 12);
  return true;
}

static bool track(uint8_t *context) {
  count(context, COUNTER_CT_LOOKUPS, 1);
  uint8_t *table = at(load32(context + CONTEXT_CONNTRACK));
  uint32_t now = load32(context + CONTEXT_NOW_MS);
  uint32_t source = load32(context + FLIGHT_SOURCE);
  uint32_t destination = load32(context + FLIGHT_DESTINATION);
  uint64_t ports = load64(context + FLIGHT_PORTS) & TUPLE_PORTS_BITS;
  uint32_t hash = hash_tuple(source, destination, ports);
  uint32_t reference = find(table, source, destination, ports, hash);
  if (reference != 0) {
    uint8_t *entry = table + load32(table + CONNTRACK_ENTRIES_AT) + ((uint64_t)(reference >> 1) - 1) * ENTRY;
    /* The benchmark's flows do not expire. */
    if (load32(entry + STATE + CONNTRACK_STATE_DEADLINE) <= now) __builtin_trap();
    resume(context, table, entry, reference & 1, now);
    return true;
  }
  return open_flow(context, table, source | (uint64_t)destination << 32, ports, hash, now);
}

/* In the pieces that it was built of, as the core does: a load of several stores' bytes would wait for the cache. */
static void copy_entry(uint8_t *to, const uint8_t *from) {
  for (int at = 0; at < STATE; at += 8) store64(to + at, load64(from + at));
  store32(to + STATE + CONNTRACK_STATE_DEADLINE, load32(from + STATE + CONNTRACK_STATE_DEADLINE));
  store32(to + STATE + CONNTRACK_STATE_PROTOCOL, load32(from + STATE + CONNTRACK_STATE_PROTOCOL));
  store32(to + STATE + CONNTRACK_STATE_HASH, load32(from + STATE + CONNTRACK_STATE_HASH));
  store32(to + STATE + CONNTRACK_STATE_HASH_REPLY, load32(from + STATE + CONNTRACK_STATE_HASH_REPLY));
  store32(to + STATE + CONNTRACK_STATE_MODE, load32(from + STATE + CONNTRACK_STATE_MODE));
}

static uint8_t *insert(uint8_t *table, const uint8_t *built) {
  uint32_t fresh = load32(table + CONNTRACK_FRESH);
  if (load32(table + CONNTRACK_COUNT) >= load32(table + CONNTRACK_ENTRIES_MAX)) return NULL;
  /* The benchmark's table has no entries to use again. */
  if (load32(table + CONNTRACK_FREE) != 0) __builtin_trap();
  store32(table + CONNTRACK_FRESH, fresh + 1);
  uint8_t *entry = table + load32(table + CONNTRACK_ENTRIES_AT) + (uint64_t)fresh * ENTRY;
  copy_entry(entry, built);
  uint32_t reference = (fresh + 1) << 1;
  place(table, load32(entry + STATE + CONNTRACK_STATE_HASH), reference);
  place(table, load32(entry + STATE + CONNTRACK_STATE_HASH_REPLY), reference | 1);
  store32(table + CONNTRACK_COUNT, load32(table + CONNTRACK_COUNT) + 1);
  note_deadline(table, load32(entry + STATE + CONNTRACK_STATE_DEADLINE));
  return entry;
}

static bool confirm(uint8_t *context) {
  uint8_t *built = context + FLIGHT_NEW_ENTRY;
  if (at(load32(context + FLIGHT_ENTRY)) != built) return true;
  uint32_t hash = hash_tuple(load32(built + TUPLE), load32(built + TUPLE + 4), load64(built + TUPLE + 8));
  store32(built + STATE + CONNTRACK_STATE_HASH_REPLY, hash);
  uint8_t *entry = insert(at(load32(context + CONTEXT_CONNTRACK)), built);
  if (entry == NULL) return false;
  count(context, COUNTER_CT_INSERTS, 1);
  store32(context + FLIGHT_ENTRY, (uint32_t)(entry - memory));
  return true;
}

static uint64_t ports_of(const uint8_t *packet) {
  return load64(packet + PACKET_SOURCE_PORT) & TUPLE_PORTS_BITS;
}

uint32_t lookup_packets(uint8_t *context, const uint8_t *packets, uint32_t packet_count) {
  uint8_t *table = at(load32(context + CONTEXT_CONNTRACK));
  uint32_t found = 0;
  const uint8_t *end = packets + (uint64_t)packet_count * PACKET_STRIDE;
  for (const uint8_t *packet = packets; packet < end; packet += PACKET_STRIDE) {
    uint32_t source = load32(packet + PACKET_SOURCE), destination = load32(packet + PACKET_DESTINATION);
    uint64_t ports = ports_of(packet);
    if (find(table, source, destination, ports, hash_tuple(source, destination, ports)) != 0) found++;
  }
  return found;
}

uint32_t enter_packets(uint8_t *context, const uint8_t *packets, uint32_t packet_count) {
  uint8_t *table = at(load32(context + CONTEXT_CONNTRACK));
  uint8_t *built = context + FLIGHT_NEW_ENTRY;
  uint32_t entered = 0;
  const uint8_t *end = packets + (uint64_t)packet_count * PACKET_STRIDE;
  for (const uint8_t *packet = packets; packet < end; packet += PACKET_STRIDE) {
    uint32_t source = load32(packet + PACKET_SOURCE), destination = load32(packet + PACKET_DESTINATION);
    uint64_t ports = ports_of(packet), answer = swap_ports(ports);
    store64(built, source | (uint64_t)destination << 32);
    store64(built + 8, ports);
    store64(built + TUPLE, destination | (uint64_t)source << 32);
    store64(built + TUPLE + 8, answer);
    store32(built + STATE + CONNTRACK_STATE_DEADLINE, 120000);
    store32(built + STATE + CONNTRACK_STATE_HASH, hash_tuple(source, destination, ports));
    store32(built + STATE + CONNTRACK_STATE_HASH_REPLY, hash_tuple(destination, source, answer));
    if (insert(table, built) != NULL) entered++;
  }
  return entered;
}

uint32_t flow_packets(uint8_t *context, const uint8_t *packets, uint32_t packet_count) {
  uint32_t tracked = 0;
  const uint8_t *end = packets + (uint64_t)packet_count * PACKET_STRIDE;
  for (const uint8_t *packet = packets; packet < end; packet += PACKET_STRIDE) {
    take(context, packet);
    if (track(context) && confirm(context)) tracked++;
  }
  return tracked;
}
