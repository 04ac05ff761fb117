// When a CronJob is due: five fields, names such as @daily, or "@every 90m"; in UTC or a time zone.
// Cost: a look-up walks fields, not minutes. Missed times are estimated from the first interval, as upstream does.
// Source: robfig/cron v3 (ParseStandard); pkg/controller/cronjob/utils.go.
import { Cron } from "croner";

export interface Schedule {
  /** The first time after; null: never again. */
  nextMs(afterMs: number): number | null;
  /** The last time at or before; null: none. */
  lastMs(atMs: number): number | null;
}

const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000 };

/** @throws {Error} what is wrong with it */
export function parseSchedule(text: string, timeZone: string): Schedule {
  const zoned = /^(?:CRON_)?TZ=(\S+)\s+(.*)$/.exec(text);
  if (zoned !== null) return parseSchedule(zoned[2] ?? "", zoned[1] ?? "");
  const every = /^@every\s+((?:\d+[hms])+)$/.exec(text);
  if (every !== null) return everySchedule(durationMs(every[1] ?? ""));
  const pattern = text.startsWith("@") ? text : text.replaceAll("?", "*");
  const cron = new Cron(pattern, { mode: "5-part", timezone: timeZone === "" ? "UTC" : timeZone });
  return {
    nextMs: (afterMs) => cron.nextRun(new Date(afterMs))?.getTime() ?? null,
    lastMs: (atMs) => cron.previousRuns(1, new Date(atMs + 1))[0]?.getTime() ?? null,
  };
}

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** From whole second to whole second; there are no times of its own to be missed. */
function everySchedule(ms: number): Schedule {
  if (ms < 1000) throw new Error("interval is below a second");
  return {
    nextMs: (afterMs) => Math.floor(afterMs / 1000) * 1000 + ms,
    lastMs: (atMs) => Math.floor(atMs / 1000) * 1000,
  };
}

function durationMs(text: string): number {
  let ms = 0;
  for (const [, count, unit = ""] of text.matchAll(/(\d+)([hms])/g)) ms += Number(count) * (UNITS[unit] ?? 0);
  return ms;
}

export interface DueTime {
  /** The latest that has passed since; null: none. */
  readonly dueMs: number | null;
  /** More than a hundred were missed. */
  readonly isFarBehind: boolean;
}

const MISSED_MAX = 100;

/** What is due at `nowMs`, when the last run was for `sinceMs`. */
export function dueTime(schedule: Schedule, sinceMs: number, nowMs: number): DueTime {
  const firstMs = schedule.nextMs(sinceMs);
  if (firstMs === null || nowMs < firstMs) return { dueMs: null, isFarBehind: false };
  const secondMs = schedule.nextMs(firstMs);
  if (secondMs === null || nowMs < secondMs) return { dueMs: firstMs, isFarBehind: false };
  const missedCount = Math.floor((nowMs - firstMs) / (secondMs - firstMs)) + 1;
  const lastMs = schedule.lastMs(nowMs) ?? firstMs;
  return { dueMs: Math.max(firstMs, lastMs), isFarBehind: missedCount > MISSED_MAX };
}
