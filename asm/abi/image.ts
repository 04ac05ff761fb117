// The head of every table image. An image is position-independent: offsets count from its first byte.
//
//   0     4       8    12     16          20          24            28           32             64
//   +-----+-------+----+------+-----------+-----------+-------------+------------+--------------+---------------
//   |magic|version|mode|family|image bytes|state bytes|affinity byte|ipvs conn b.| reserved     | region table:
//   |u32  |u32    |u32 |u32   |u32        |u32        |u32          |u32         |              | n x {offset,
//   +-----+-------+----+------+-----------+-----------+-------------+------------+--------------+  bytes} u32
//
// state/affinity/ipvs bytes say how large a private region each worker must be given; 0 means none.
// Region numbers are the mode's own, declared in abi/<mode>.ts, below IMAGE_REGIONS_MAX.

export const IMAGE_MAGIC = 0x4d554c50;
export const IMAGE_VERSION = 1;
export const IMAGE_HEAD_MAGIC = 0;
export const IMAGE_HEAD_VERSION = 4;
/** Position in netfilter/rule-model MODES. */
export const IMAGE_HEAD_MODE = 8;
/** 4 or 6. */
export const IMAGE_HEAD_FAMILY = 12;
export const IMAGE_HEAD_BYTES = 16;
export const IMAGE_HEAD_STATE_BYTES = 20;
export const IMAGE_HEAD_AFFINITY_BYTES = 24;
export const IMAGE_HEAD_IPVS_CONNECTION_BYTES = 28;
export const IMAGE_REGION_TABLE = 64;
export const IMAGE_REGION_STRIDE = 8;
export const IMAGE_REGIONS_MAX = 56;
/** First byte after the head; regions start here, 64-byte aligned. */
export const IMAGE_BODY = 512;

/** Where the image lies in the shared memory: the first 64 KiB stay unused, so a null pointer traps nothing of value. */
export const IMAGE_BASE = 65536;
