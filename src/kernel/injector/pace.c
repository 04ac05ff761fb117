/* pace: times packets through nodes, one process for all nodes of a sweep.
 *
 * A frame sent on the client's end of a veth pair is received, filtered, routed and handed on by the node, and dropped
 * by the sink, all within the sender's system call. So the time of the loop over the packets is the cost of the path.
 *
 *   client netns            node netns                    sink netns
 *   AF_PACKET sendmmsg ===> PREROUTING > FORWARD > ... ===> counted, dropped
 *
 * The job is text on stdin, a line a fact; `run` may come as often as wanted, the end of stdin ends the program:
 *
 *   clock thread-cpu|tsc                     seed N          cpu N|last (pin to it) batch N (packets a system call)
 *   packet first|established                 chunk NS MIN MAX (aim at NS, between MIN and MAX packets)
 *   sources ADDRESS (clients count up from it; all within the pod network)
 *   settle MS (ahead of each run, so that what the packets before it left behind expires; spent busily, because after a
 *     sleep the CPU is another process's)
 *   node CLIENT INTERFACE SINK INTERFACE NODE    (names of namespaces; numbered from 0)
 *   case NODE ADDRESS:PORT...                    (numbered from 0; several targets are drawn from in strata)
 *   run PASSES                                   (each pass: every case once, in a new random order)
 *
 * Each chunk is a line "case,packets,ns,wallNs,delivered,spinNs"; a run ends with the line "end". delivered: what the
 * sink counted while the chunk was sent; a chunk that lost packets measured something else. spinNs: clocks.h.
 *
 * first: every packet has source address and port that no other packet of this process has, and the node's connections
 * are forgotten before each chunk, untimed. established: FLOWS connections per case are opened and answered once before
 * the first run; then packets of the original direction only. WARM packets go untimed ahead of each chunk, because the
 * rulesets of the other cases have the caches by then.
 * Cost: a chunk of 3 ms takes about 5 ms. */
#include "clocks.h"
#include "frame.h"
#include "namespaces.h"
#include "netlink.h"

enum { NODES_MAX = 1024, CASES_MAX = 4096, CHUNK_MAX = 4096, FLOWS = 250, WARM = 16, PORT_FIRST = 1024, PORTS = 60000 };

struct node {
  int client, sink, flush, count; /* sockets: frames out, answers out, conntrack, counters */
  int sink_index;
  uint8_t mac[6];
  char sink_netns[64], sink_interface[IFNAMSIZ];
};

struct case_ {
  struct node *node;
  struct endpoint *targets;
  uint32_t target_count;
  int packets;          /* of a chunk; 0 until it was tried */
  struct frame *flows;  /* established: FLOWS of them */
};

static struct node nodes[NODES_MAX];
static struct case_ cases[CASES_MAX];
static int node_count, case_count, batch = 64, is_established, chunk_min = 24, chunk_max = 500;
static enum clock_kind clock_kind = THREAD_CPU;
static uint64_t random_state = 1, chunk_ns = 3000000, clients, settle_ns;
static uint32_t first_source;
static struct frame frames[CHUNK_MAX + WARM];
static struct iovec vectors[CHUNK_MAX + WARM];
static struct mmsghdr messages[CHUNK_MAX + WARM];

/* splitmix64 */
static uint64_t next_random(void) {
  uint64_t z = (random_state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static uint32_t below(uint32_t bound) { return (uint32_t)(((next_random() >> 32) * bound) >> 32); }

static void shuffle(int *items, int count) {
  for (int last = count - 1; last > 0; last--) {
    const int other = (int)below((uint32_t)last + 1), item = items[last];
    items[last] = items[other];
    items[other] = item;
  }
}

static void fail(const char *what, const char *name) {
  errno = EINVAL;
  stop(what, name);
}

/* A client that nobody was before. */
static struct endpoint new_client(void) {
  const uint64_t number = clients++;
  return (struct endpoint){htonl(first_source + (uint32_t)(number / PORTS)),
                           htons((uint16_t)(PORT_FIRST + number % PORTS))};
}

/* Which target each packet goes to: one from each of `count` equal strata, in random order, so that a chunk's mean
 * position varies far less than with free draws. */
static void draw_targets(const struct case_ *of, struct endpoint *drawn, int count) {
  static int strata[CHUNK_MAX];
  for (int i = 0; i < count; i++) strata[i] = i;
  if (of->target_count > 1) shuffle(strata, count);
  for (int i = 0; i < count; i++) {
    const uint64_t begin = (uint64_t)strata[i] * of->target_count / (uint64_t)count;
    const uint64_t end = ((uint64_t)strata[i] + 1) * of->target_count / (uint64_t)count;
    drawn[i] = of->targets[begin + (end > begin + 1 ? below((uint32_t)(end - begin)) : 0)];
  }
}

static void point_at(int place, struct frame *frame) {
  vectors[place] = (struct iovec){frame, FRAME_BYTES};
  messages[place].msg_hdr = (struct msghdr){.msg_iov = &vectors[place], .msg_iovlen = 1};
}

/* WARM frames, then those of the chunk, all ready to be sent. */
static void prepare(const struct case_ *of, int packets) {
  static struct endpoint targets[CHUNK_MAX];
  if (is_established) {
    for (int i = 0; i < WARM + packets; i++) point_at(i, &of->flows[i % FLOWS]);
    return;
  }
  draw_targets(of, targets, WARM);
  for (int i = 0; i < WARM; i++) fill_frame(&frames[i], of->node->mac, new_client(), targets[i]);
  draw_targets(of, targets, packets);
  for (int i = 0; i < packets; i++) fill_frame(&frames[WARM + i], of->node->mac, new_client(), targets[i]);
  for (int i = 0; i < WARM + packets; i++) point_at(i, &frames[i]);
}

/* A frame that finds the queue to the softirq full is lost: it was put off to ksoftirqd, and `delivered` will tell. */
static void send_frames(int fd, int from, int count) {
  while (count > 0) {
    int sent = sendmmsg(fd, &messages[from], (unsigned)(count < batch ? count : batch), 0);
    if (sent <= 0 && errno == ENOBUFS) sent = 1;
    if (sent <= 0) stop("send", "frames");
    from += sent;
    count -= sent;
  }
}

struct chunk {
  uint64_t ns, wall_ns, delivered, spin_ns;
};

static struct chunk send_chunk(const struct case_ *of, int packets) {
  struct chunk chunk = {0};
  const struct node *node = of->node;
  if (!is_established) flush_conntrack(node->flush);
  prepare(of, packets);
  const uint64_t before = packets_arrived(node->count, node->sink_index);
  chunk.spin_ns = spin_ns();
  send_frames(node->client, 0, WARM);
  if (clock_kind == TSC) {
    const uint64_t begin = tick_ns();
    send_frames(node->client, WARM, packets);
    chunk.ns = chunk.wall_ns = tick_ns() - begin;
  } else {
    const uint64_t wall = read_clock(CLOCK_MONOTONIC), begin = read_clock(CLOCK_THREAD_CPUTIME_ID);
    send_frames(node->client, WARM, packets);
    chunk.ns = read_clock(CLOCK_THREAD_CPUTIME_ID) - begin;
    chunk.wall_ns = read_clock(CLOCK_MONOTONIC) - wall;
  }
  const uint64_t spin = spin_ns();
  if (spin > chunk.spin_ns) chunk.spin_ns = spin;
  const uint64_t arrived = packets_arrived(node->count, node->sink_index) - before;
  chunk.delivered = arrived < WARM ? 0 : arrived - WARM;
  return chunk;
}

/* The size that makes a chunk last chunk_ns, from the better of two trials with the smallest. */
static void choose_size(struct case_ *of) {
  uint64_t best = UINT64_MAX;
  for (int trial = 0; trial < 2; trial++) {
    const uint64_t ns = send_chunk(of, chunk_min).ns;
    if (ns < best) best = ns;
  }
  const double packets = (double)chunk_ns * chunk_min / (double)(best > 0 ? best : 1);
  of->packets = packets < chunk_min ? chunk_min : packets > chunk_max ? chunk_max : (int)packets;
}

/* Listening costs every packet that arrives, so this socket lives only while flows are opened. */
static int listen_at_sink(const struct node *node) {
  int bytes = 1 << 24;
  enter_netns(node->sink_netns);
  int fd = open_socket(AF_PACKET, SOCK_RAW, htons(ETH_P_IP), node->sink_interface);
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) < 0)
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = node->sink_index};
  if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0) stop("listen on", node->sink_interface);
  return fd;
}

/* A frame that came to the sink; one whose softirq was put off may take a moment. */
static ssize_t next_frame(int listener, struct frame *frame) {
  ssize_t bytes;
  for (int tries = 0; (bytes = recv(listener, frame, sizeof *frame, MSG_DONTWAIT)) < 0 && tries < 100; tries++)
    usleep(1000);
  return bytes;
}

/* Open FLOWS connections and have the sink answer each once, to the addresses it saw. */
static void open_flows(struct case_ *of) {
  static struct endpoint targets[CHUNK_MAX];
  static struct frame seen[FLOWS];
  const int listener = listen_at_sink(of->node);
  of->flows = calloc(FLOWS, sizeof(struct frame));
  draw_targets(of, targets, FLOWS);
  for (int i = 0; i < FLOWS; i++) {
    fill_frame(&of->flows[i], of->node->mac, new_client(), targets[i]);
    point_at(i, &of->flows[i]);
  }
  send_frames(of->node->client, 0, FLOWS);
  for (int i = 0; i < FLOWS; i++) {
    const ssize_t bytes = next_frame(listener, &seen[i]);
    if (bytes < FRAME_BYTES || seen[i].ip.protocol != IPPROTO_UDP) stop("see the packets of a flow at", of->node->sink_netns);
    turn_round(&seen[i]);
    point_at(i, &seen[i]);
  }
  close(listener);
  send_frames(of->node->sink, 0, FLOWS);
}

static int frame_socket(const char *interface, int index) {
  const int on = 1;
  int fd = open_socket(AF_PACKET, SOCK_RAW, 0, interface);
  struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_ifindex = index};
  if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0) stop("send on", interface);
  if (setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on) < 0) stop("bypass queueing on", interface);
  return fd;
}

static void add_node(char *text) {
  char client[64], interface[IFNAMSIZ], in[64];
  if (node_count == NODES_MAX) fail("time another node", text);
  struct node *node = &nodes[node_count++];
  if (sscanf(text, "%63s %15s %63s %15s %63s", client, interface, node->sink_netns, node->sink_interface, in) != 5)
    fail("understand node", text);
  uint8_t unused[6];
  enter_netns(client);
  node->client = frame_socket(interface, interface_of(interface, node->mac));
  enter_netns(node->sink_netns);
  node->sink_index = interface_of(node->sink_interface, unused);
  node->sink = frame_socket(node->sink_interface, node->sink_index);
  node->count = open_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE, "counters");
  enter_netns(in);
  node->flush = open_socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER, "conntrack");
}

static struct endpoint parse_endpoint(char *text) {
  struct in_addr address;
  char *colon = strchr(text, ':');
  if (colon == NULL) fail("understand target", text);
  *colon = 0;
  if (inet_pton(AF_INET, text, &address) != 1) fail("understand address", text);
  return (struct endpoint){address.s_addr, htons((uint16_t)atoi(colon + 1))};
}

static void add_case(char *text) {
  if (case_count == CASES_MAX) fail("time another case", text);
  struct case_ *added = &cases[case_count++];
  const int node = atoi(strtok(text, " "));
  if (node >= node_count) fail("time a node before it is named, in case", text);
  added->node = &nodes[node];
  uint32_t room = 1;
  for (char *word; (word = strtok(NULL, " ")) != NULL;) {
    if (added->targets == NULL || added->target_count == room)
      added->targets = realloc(added->targets, (room *= 2) * sizeof(struct endpoint));
    added->targets[added->target_count++] = parse_endpoint(word);
  }
  if (added->target_count == 0) fail("send without a target in case", text);
}

/* Flows and sizes of the cases that came since the last run. */
static void make_ready(void) {
  if (ns_per_tick == 1) measure_tick();
  for (int i = 0; i < case_count; i++) {
    if (cases[i].packets > 0) continue;
    if (is_established) open_flows(&cases[i]);
    choose_size(&cases[i]);
  }
}

static void settle(void) {
  const uint64_t end = read_clock(CLOCK_MONOTONIC) + settle_ns;
  while (settle_ns > 0 && read_clock(CLOCK_MONOTONIC) < end) continue;
}

static void run(int passes) {
  static int order[CASES_MAX];
  make_ready();
  settle();
  for (int i = 0; i < case_count; i++) order[i] = i;
  for (int pass = 0; pass < passes; pass++) {
    shuffle(order, case_count);
    for (int i = 0; i < case_count; i++) {
      const struct case_ *now = &cases[order[i]];
      const struct chunk chunk = send_chunk(now, now->packets);
      printf("%d,%d,%lu,%lu,%lu,%lu\n", order[i], now->packets, chunk.ns, chunk.wall_ns, chunk.delivered, chunk.spin_ns);
    }
  }
  printf("end\n");
  fflush(stdout);
}

static void pin_to(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (sched_setaffinity(0, sizeof set, &set) < 0) stop("run on", "that CPU");
}

/* Where the kernel puts what it puts on the first CPU, packets are not. */
static void pin_to_last(void) {
  cpu_set_t allowed;
  int last = 0;
  if (sched_getaffinity(0, sizeof allowed, &allowed) < 0) stop("read", "the CPUs to run on");
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
    if (CPU_ISSET(cpu, &allowed)) last = cpu;
  pin_to(last);
}

static void set_sources(const char *text) {
  struct in_addr address;
  if (inet_pton(AF_INET, text, &address) != 1) fail("understand address", text);
  first_source = ntohl(address.s_addr);
}

static void obey(char *line) {
  char *value = strchr(line, ' ');
  if (value == NULL) fail("understand line", line);
  *value++ = 0;
  if (strcmp(line, "clock") == 0) clock_kind = strcmp(value, "tsc") == 0 ? TSC : THREAD_CPU;
  else if (strcmp(line, "seed") == 0) random_state = strtoull(value, NULL, 10);
  else if (strcmp(line, "cpu") == 0) strcmp(value, "last") == 0 ? pin_to_last() : pin_to(atoi(value));
  else if (strcmp(line, "batch") == 0) batch = atoi(value);
  else if (strcmp(line, "packet") == 0) is_established = strcmp(value, "established") == 0;
  else if (strcmp(line, "chunk") == 0) sscanf(value, "%lu %d %d", &chunk_ns, &chunk_min, &chunk_max);
  else if (strcmp(line, "sources") == 0) set_sources(value);
  else if (strcmp(line, "settle") == 0) settle_ns = strtoull(value, NULL, 10) * 1000000u;
  else if (strcmp(line, "node") == 0) add_node(value);
  else if (strcmp(line, "case") == 0) add_case(value);
  else if (strcmp(line, "run") == 0) run(atoi(value));
  else fail("understand line", line);
}

int main(void) {
  char *line = NULL;
  size_t room = 0;
  ssize_t bytes;
  while ((bytes = getline(&line, &room, stdin)) > 0) {
    if (line[bytes - 1] == '\n') line[bytes - 1] = 0;
    obey(line);
  }
  return 0;
}
