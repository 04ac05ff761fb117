/* exchange PORT...: packets in on stdin are sent, packets seen are written to stdout. It knows nothing of what is in
 * them: src/kernel/behaviour makes and reads them.
 *
 * A PORT is a place to send and to listen, numbered from 0 in the order given:
 *   link:NETNS:INTERFACE[:MAC]   an end of a veth pair, without ARP; the hardware address of the other end, where it is
 *                                another than that of this one
 *   node:NETNS:4|6               the node itself: sends as a process would (through OUTPUT), hears what INPUT lets through
 *
 * Both streams hold records, little-endian, payload an IP packet:
 *
 *   0      2      4             8
 *   | port | zero | length      | length bytes ...
 *
 * Port 0xffff with length 0 asks to wait until nothing has been seen for QUIET_MS; the answer is the same record, after
 * everything seen until then. A veth pair delivers within send(), so what is seen right after a packet comes of it.
 * Cost: about 10 us a packet. */
#include "namespaces.h"
#include <netinet/in.h>
#include <netinet/ip6.h>
#include <poll.h>

enum { PORTS_MAX = 16, SOCKETS_MAX = 5, PACKET_MAX = 65536, QUIET_MS = 60, BUFFER_BYTES = 1 << 24 };
enum { MARK = 0xffff };

struct record {
  uint16_t port, zero;
  uint32_t length;
};

struct port {
  int out, family, index; /* index: of the interface; family: 0 for a link */
  uint8_t mac[6];
  int in[SOCKETS_MAX], ins;
};

static struct port ports[PORTS_MAX];
static int port_count;
static uint8_t packet[PACKET_MAX];

static void listen_on(struct port *port, int fd) {
  int bytes = BUFFER_BYTES;
  /* Only root of the machine may force the size; the ordinary limit will do. */
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) < 0)
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  port->in[port->ins++] = fd;
}

static void open_link(struct port *port, const char *interface, const char *mac) {
  port->index = interface_of(interface, port->mac);
  uint8_t *m = port->mac;
  errno = EINVAL;
  if (mac != NULL && sscanf(mac, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", m, m + 1, m + 2, m + 3, m + 4, m + 5) != 6)
    stop("understand hardware address", mac);
  port->out = open_socket(AF_PACKET, SOCK_DGRAM, 0, interface);
  struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = port->index};
  int fd = open_socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ALL), interface);
  if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0) stop("listen on", interface);
  listen_on(port, fd);
}

static void open_node(struct port *port, int family) {
  static const int transports[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP};
  const int on = 1;
  port->family = family;
  port->out = open_socket(family, SOCK_RAW, IPPROTO_RAW, "the node");
  for (int i = 0; i < 4; i++) {
    const int icmp = family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;
    int fd = open_socket(family, SOCK_RAW, i == 3 ? icmp : transports[i], "the node");
    /* An IPv6 raw socket gives no IP header: what is needed of it comes as ancillary data. */
    if (family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
    listen_on(port, fd);
  }
}

static void open_port(char *text) {
  if (port_count == PORTS_MAX) stop("open another port", text);
  struct port *port = &ports[port_count++];
  char *kind = strtok(text, ":"), *netns = strtok(NULL, ":"), *name = strtok(NULL, ":"), *mac = strtok(NULL, "");
  if (name == NULL) stop("understand port", text);
  enter_netns(netns);
  if (strcmp(kind, "link") == 0) open_link(port, name, mac);
  else open_node(port, strcmp(name, "4") == 0 ? AF_INET : AF_INET6);
}

static void write_record(int port, const void *bytes, uint32_t length) {
  struct record record = {.port = port, .length = length};
  fwrite(&record, sizeof record, 1, stdout);
  fwrite(bytes, 1, length, stdout);
}

/* An IPv6 header made of what the kernel tells beside the payload. */
static void ip6_header(const struct msghdr *message, ssize_t length, int protocol) {
  struct ip6_hdr header = {.ip6_plen = htons((uint16_t)length), .ip6_nxt = (uint8_t)protocol};
  header.ip6_vfc = 0x60;
  header.ip6_src = ((struct sockaddr_in6 *)message->msg_name)->sin6_addr;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR((struct msghdr *)message, c))
    if (c->cmsg_level == IPPROTO_IPV6)
      if (c->cmsg_type == IPV6_PKTINFO) header.ip6_dst = ((struct in6_pktinfo *)CMSG_DATA(c))->ipi6_addr;
  memcpy(packet, &header, sizeof header);
}

/* Everything one socket holds. Returns how many packets. */
static int drain(int number, int fd, int protocol) {
  const struct port *port = &ports[number];
  const size_t head = port->family == AF_INET6 ? sizeof(struct ip6_hdr) : 0;
  int seen = 0;
  for (;;) {
    struct sockaddr_storage from;
    char control[256];
    struct iovec into = {packet + head, PACKET_MAX - head};
    struct msghdr message = {&from, sizeof from, &into, 1, control, sizeof control, 0};
    ssize_t length = recvmsg(fd, &message, MSG_DONTWAIT);
    if (length < 0) return seen;
    if (port->family == 0)
      if (((struct sockaddr_ll *)&from)->sll_pkttype == PACKET_OUTGOING) continue;
    if (head > 0) ip6_header(&message, length, protocol);
    write_record(number, packet, (uint32_t)length + head);
    seen++;
  }
}

static int drain_all(void) {
  static const int protocols[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_ICMPV6};
  int seen = 0;
  for (int number = 0; number < port_count; number++)
    for (int i = 0; i < ports[number].ins; i++) seen += drain(number, ports[number].in[i], protocols[i % 4]);
  return seen;
}

static void wait_until_quiet(void) {
  struct pollfd polled[PORTS_MAX * SOCKETS_MAX];
  int count = 0;
  for (int number = 0; number < port_count; number++)
    for (int i = 0; i < ports[number].ins; i++)
      polled[count++] = (struct pollfd){.fd = ports[number].in[i], .events = POLLIN};
  while (poll(polled, count, QUIET_MS) > 0) drain_all();
}

/* What the rules refuse at OUTPUT comes back as an error of send: that is an outcome, not a failure. */
static void send_packet(const struct port *port, uint32_t length) {
  const int is6 = (packet[0] >> 4) == 6;
  if (port->family == 0) {
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = port->index, .sll_halen = 6};
    to.sll_protocol = htons(is6 ? ETH_P_IPV6 : ETH_P_IP);
    memcpy(to.sll_addr, port->mac, 6);
    if (sendto(port->out, packet, length, 0, (struct sockaddr *)&to, sizeof to) < 0) stop("send on", "a link");
  } else if (is6) {
    struct sockaddr_in6 to = {.sin6_family = AF_INET6};
    memcpy(&to.sin6_addr, packet + 24, 16);
    sendto(port->out, packet, length, 0, (struct sockaddr *)&to, sizeof to);
  } else {
    struct sockaddr_in to = {.sin_family = AF_INET};
    memcpy(&to.sin_addr, packet + 16, 4);
    sendto(port->out, packet, length, 0, (struct sockaddr *)&to, sizeof to);
  }
}

int main(int count, char **texts) {
  for (int i = 1; i < count; i++) open_port(texts[i]);
  struct record record;
  while (fread(&record, sizeof record, 1, stdin) == 1) {
    if (record.port == MARK) {
      wait_until_quiet();
      write_record(MARK, packet, 0);
      fflush(stdout);
      continue;
    }
    errno = EINVAL;
    if (record.port >= port_count || record.length > PACKET_MAX) stop("send", "a record");
    if (fread(packet, 1, record.length, stdin) != record.length) stop("read", "a record");
    send_packet(&ports[record.port], record.length);
    drain_all();
  }
  return 0;
}
