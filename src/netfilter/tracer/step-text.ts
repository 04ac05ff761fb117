// A step of a walk as a line for people: what matched is marked, and what came of it stands behind.
import type { TraceStep } from "./trace.js";

const PLACE_CHARS = 34;

export function stepText({ place, text, matched, effect }: TraceStep): string {
  return `${matched ? "+" : " "} ${place.padEnd(PLACE_CHARS)} ${text}${effect === "" ? "" : `  => ${effect}`}`;
}
