/** Halves away from zero, as Go's math.Round; for values that are not negative. */
export function rounded(value: f64): f64 {
  const whole = Math.floor(value);
  return value - whole >= 0.5 ? whole + 1.0 : whole;
}
