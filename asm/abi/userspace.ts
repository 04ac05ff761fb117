// The userspace proxy behind its node-local ports, as bytes: region LISTENERS of the image and the mode state.
//
//   head      0          4         8         12            16          20           24          32
//             +----------+---------+---------+-------------+-----------+------------+-----------+
//             |listeners |slot mask|slots at |listeners at |backends at|cursors at  |buffers at |
//             +----------+---------+---------+-------------+-----------+------------+-----------+
//   slot      port | protocol << 16 u32, listener index + 1 u32 (0: empty); open addressing, load <= 1/2
//   listener  0 first backend u32, 4 backends u32, 8 affinity seconds u32, 12 affinity list + 1 u32 (0: none)
//   backend   IPv4 0 address u32, 4 port u32          IPv6 0 address (16), 16 port u32, 20 pad 12
//   state     cursors at: u32 per listener, the next backend; buffers at: three buffers of PROXY_BUFFER_BYTES, what
//             came from the wire, the proxy's own, and what goes to the wire (offsets within the mode state)
//
// What the proxy costs, per packet (netfilter/tracer/userspace-stage has the same numbers):
//                                 syscalls                        wake-ups               bytes copied
//   first packet of a TCP flow    3: accept4, socket, connect     2: acceptor, dialler   0
//   first packet of a UDP flow    2: socket, connect              0 (the datagram's)     0
//   TCP packet with payload       2: read, write                  1                      2 x payload
//   any UDP packet                2: recvfrom, write              1                      2 x payload
//   TCP packet without payload    0                               0                      0
// The bytes are copied in earnest, so a measured time contains them; system calls and wake-ups are counted only.

export const PROXY_LISTENERS = 0;
export const PROXY_SLOT_MASK = 4;
export const PROXY_SLOTS_AT = 8;
export const PROXY_LISTENERS_AT = 12;
export const PROXY_BACKENDS_AT = 16;
export const PROXY_CURSORS_AT = 20;
export const PROXY_BUFFERS_AT = 24;
export const PROXY_HEAD_BYTES = 32;
export const PROXY_SLOT_BYTES = 8;
export const PROXY_SLOT_MULTIPLIER = 0x2c1b3c6d;

export const LISTENER_BYTES = 16;
export const LISTENER_FIRST = 0;
export const LISTENER_BACKENDS = 4;
export const LISTENER_AFFINITY_SECONDS = 8;
export const LISTENER_AFFINITY_LIST = 12;

export const BACKEND_BYTES_V4 = 8;
export const BACKEND_PORT_V4 = 4;
export const BACKEND_BYTES_V6 = 32;
export const BACKEND_PORT_V6 = 16;

/** The most an IP packet can carry. */
export const PROXY_BUFFER_BYTES = 65536;
export const PROXY_BUFFERS = 3;

export const PROXY_TCP_OPEN_SYSCALLS = 3;
export const PROXY_TCP_OPEN_SWITCHES = 2;
export const PROXY_UDP_OPEN_SYSCALLS = 2;
export const PROXY_COPY_SYSCALLS = 2;
export const PROXY_COPY_SWITCHES = 1;
