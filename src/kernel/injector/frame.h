/* Ethernet frames of 60 bytes with a UDP packet inside: a packet without payload to speak of, so that what is timed is
 * the path and not copying.
 *
 *   0          14         34          42
 *   | ethernet | IPv4     | UDP       | 18 zero bytes | 4 bytes to the next frame */
#ifndef PLUMB_FRAME_H
#define PLUMB_FRAME_H
#include "namespaces.h"
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>

enum { FRAME_BYTES = 60, FRAME_STRIDE = 64, UDP_BYTES = 26, TTL = 64 };

/* Addresses and ports as they stand in the packet, in network order. */
struct endpoint {
  uint32_t address;
  uint16_t port;
};

struct __attribute__((packed)) frame {
  uint8_t to[6], from[6];
  uint16_t type;
  struct iphdr ip;
  struct udphdr udp;
  uint8_t payload[FRAME_STRIDE - 42];
};
_Static_assert(sizeof(struct frame) == FRAME_STRIDE, "a frame fills its stride");

static uint32_t sum_words(const void *bytes, size_t count) {
  uint32_t sum = 0;
  for (size_t at = 0; at < count; at += 2) {
    uint16_t word;
    memcpy(&word, (const char *)bytes + at, 2);
    sum += word;
  }
  return sum;
}

/* RFC 1071. */
static uint16_t fold(uint32_t sum) {
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return (uint16_t)~sum;
}

/* Both ends of a link have one hardware address. */
static void fill_frame(struct frame *frame, const uint8_t mac[6], struct endpoint from, struct endpoint to) {
  memset(frame, 0, sizeof *frame);
  memcpy(frame->to, mac, 6);
  memcpy(frame->from, mac, 6);
  frame->type = htons(ETHERTYPE_IP);
  frame->ip = (struct iphdr){.version = 4, .ihl = 5, .ttl = TTL, .protocol = IPPROTO_UDP};
  frame->ip.tot_len = htons(sizeof(struct iphdr) + UDP_BYTES);
  frame->ip.saddr = from.address;
  frame->ip.daddr = to.address;
  frame->ip.check = fold(sum_words(&frame->ip, sizeof frame->ip));
  frame->udp.source = from.port;
  frame->udp.dest = to.port;
  frame->udp.len = htons(UDP_BYTES);
  const uint32_t pseudo = sum_words(&frame->ip.saddr, 8) + htons(IPPROTO_UDP) + frame->udp.len;
  frame->udp.check = fold(pseudo + sum_words(&frame->udp, UDP_BYTES));
}

/* The answer to a frame: to whom it came from. Sums do not change when the ends change places. */
static void turn_round(struct frame *frame) {
  uint8_t mac[6];
  memcpy(mac, frame->to, 6);
  memcpy(frame->to, frame->from, 6);
  memcpy(frame->from, mac, 6);
  const uint32_t address = frame->ip.saddr;
  frame->ip.saddr = frame->ip.daddr;
  frame->ip.daddr = address;
  const uint16_t port = frame->udp.source;
  frame->udp.source = frame->udp.dest;
  frame->udp.dest = port;
}
#endif
