// Layouts that the scheduler's kernels and their host share. Everything else is a bare column: one element per node
// slot, its address an argument.
//
// Resource term, 32 bytes: one resource of a Pod against one pair of node columns.
//
//   0           4           8                16               24        32
//   +-----------+-----------+----------------+----------------+---------+
//   | allocatable| used     | request        | weight         | reserved|
//   | u32 address| u32 addr.| f64            | f64            |         |
//   +-----------+-----------+----------------+----------------+---------+
//
// Allocatable and used are columns of f64, whole numbers below 2^53: milli-cores, bytes, or units of an extended resource.
// Bare numbers below 2^31 only: tsc and asc both read this file.

export const TERM_STRIDE = 32;
export const TERM_ALLOCATABLE = 0;
export const TERM_USED = 4;
export const TERM_REQUEST = 8;
export const TERM_WEIGHT = 16;

// Point of a requested-to-capacity shape, 16 bytes: utilization 0..100 and score 0..100, both f64.
export const POINT_STRIDE = 16;
export const POINT_UTILIZATION = 0;
export const POINT_SCORE = 8;

/** Verdict of a node that is still in the running; any other number is the code of what turned it down. */
export const VERDICT_FEASIBLE = 0;
/** Highest code a filter may have; codes are positions in the profile's list of filters, from 1. */
export const VERDICT_CODE_MAX = 250;

/** Bits of filterFit's reasons: too many Pods; lacks of term t from FIT_REASON_TERM << t; more than the node ever has. */
export const FIT_REASON_PODS = 1;
export const FIT_REASON_NEVER = 2;
export const FIT_REASON_TERM = 4;
/** Terms that have a bit. */
export const FIT_TERMS_MAX = 29;

/** Reasons of filterSpread. */
export const SPREAD_REASON_LABEL = 1;
export const SPREAD_REASON_SKEW = 2;

export const MAX_NODE_SCORE = 100;
