// "25%" of a count, or a count.
// Source: apimachinery util/intstr (GetScaledValueFromIntOrPercent).

/** A text that is no percentage counts as 0: the server refuses it. */
export function scaled(value: number | string | undefined, total: number, round: "up" | "down"): number {
  if (typeof value === "number") return value;
  const match = /^(\d+)%$/.exec(value ?? "");
  if (match === null) return 0;
  const exact = (Number(match[1]) * total) / 100;
  return round === "up" ? Math.ceil(exact) : Math.floor(exact);
}
