// Products and quotients of whole numbers, exact where doubles are not: bytes times 100 pass 2^53 at 90 TB.
// Source: the Go original counts in 64-bit integers, whose division truncates.

/**
 * a * b / divisor, truncated towards zero.
 *
 * @param divisor not 0; all three are whole numbers
 */
export function mulDiv(a: number, b: number, divisor: number): number {
  const product = a * b;
  // The quotient of whole numbers below 2^53 is never rounded up to the next whole number, so truncating it is exact.
  if (Math.abs(product) < Number.MAX_SAFE_INTEGER) return Math.trunc(product / divisor);
  return Number((BigInt(a) * BigInt(b)) / BigInt(divisor));
}
