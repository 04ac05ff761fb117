// Times as objects carry them: RFC 3339 in UTC, whole seconds (metav1.Time).
import type { Clock } from "../../../base/clock.js";

export function timeNow(clock: Clock): string {
  return timeText(clock.wall().getTime());
}

export function timeText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

/** Milliseconds since 1970; 0 for no time. */
export function timeMs(text: string | undefined): number {
  return text === undefined || text === "" ? 0 : Date.parse(text);
}
