// The functions behind the tests: normal distribution, and the incomplete gamma function for chi-square.
// Accuracy: about 1e-12 relative for gamma and the normal tail, 1e-9 for the normal quantile.
import { assert } from "../../base/assert.js";

const TERMS_MAX = 10_000;
const PRECISION = 1e-15;
/** Lanczos, g = 7, n = 9. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const;

/** ln of the gamma function, for x above 0. Source: Lanczos 1964. */
export function logGamma(x: number): number {
  assert(x > 0, `logGamma(${x})`);
  const shifted = x - 1;
  const sum = LANCZOS.reduce(
    (total, term, index) => (index === 0 ? term : total + term / (shifted + index)),
    0,
  );
  const base = shifted + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(base) - base + Math.log(sum);
}

/**
 * Upper regularized incomplete gamma Q(a, x): series below a + 1, continued fraction above.
 * Source: Abramowitz and Stegun 6.5.29 and 6.5.31; Lentz's method for the fraction.
 */
export function upperGamma(a: number, x: number): number {
  assert(a > 0 && x >= 0, `upperGamma(${a}, ${x})`);
  if (x === 0) return 1;
  const scale = Math.exp(a * Math.log(x) - x - logGamma(a));
  return x < a + 1 ? 1 - scale * gammaSeries(a, x) : scale * gammaFraction(a, x);
}

function gammaSeries(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; n < TERMS_MAX && Math.abs(term) > Math.abs(sum) * PRECISION; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return sum;
}

function gammaFraction(a: number, x: number): number {
  const tiny = 1e-300;
  let b = x + 1 - a;
  let c = 1 / tiny;
  let d = 1 / b;
  let value = d;
  for (let n = 1; n < TERMS_MAX; n++) {
    const term = n * (a - n);
    b += 2;
    d = 1 / (nonZero(term * d + b, tiny) as number);
    c = nonZero(b + term / c, tiny);
    value *= d * c;
    if (Math.abs(d * c - 1) < PRECISION) break;
  }
  return value;
}

function nonZero(value: number, tiny: number): number {
  return Math.abs(value) < tiny ? tiny : value;
}

/** Share of a standard normal above z. */
export function normalTail(z: number): number {
  const half = 0.5 * upperGamma(0.5, (z * z) / 2);
  return z >= 0 ? half : 1 - half;
}

/** The z that a standard normal stays below with probability p, by bisection. */
export function normalQuantile(p: number): number {
  assert(p > 0 && p < 1, `normalQuantile(${p})`);
  let low = -40;
  let high = 40;
  while (high - low > 1e-10) {
    const middle = (low + high) / 2;
    if (1 - normalTail(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Probability of a chi-square at least this large with so many degrees of freedom. */
export function chiSquareTail(statistic: number, degrees: number): number {
  assert(degrees >= 1, `${degrees} degrees of freedom`);
  return upperGamma(degrees / 2, statistic / 2);
}
