// Answers of scenarios that ask about something else than a new connection's cost: affinity, a full table, a sync.
import type { MetricName } from "../measure/metrics.js";
import { type Grid, largestSizeWith, metricNamesIn, metricValue } from "./grid.js";
import { countText, percentText } from "./quantity.js";

/** A sentence about what these grids were made to find out, or null when they hold nothing of the kind. */
export function stateSentence(grids: readonly Grid[]): string | null {
  return affinitySentence(grids) ?? conntrackSentence(grids);
}

/** A sentence about what syncing costs, for runs without packets. */
export function syncSentence(grids: readonly Grid[]): string | null {
  const written = placesWith(grids, "sync.full.rules").map(({ place, rows }) => {
    const parts = rows.map((row) => `${countText(Math.round(row.value))} under ${row.mode}`);
    return `${listOf(parts)}${place}`;
  });
  return written.length === 0
    ? null
    : `A full sync writes these rules and elements: ${written.join("; ")} (counted).`;
}

function affinitySentence(grids: readonly Grid[]): string | null {
  const parts = placesWith(grids, "affinity.broken_share").map(({ place, rows }) => {
    const values = rows.map(
      (row) => `${row.value === 0 ? "none" : percentText(row.value)} under ${row.mode}`,
    );
    const alike = new Set(rows.map((row) => row.value)).size === 1 && rows.length > 1;
    const same = rows[0]?.value === 0 ? "none" : percentText(rows[0]?.value ?? 0);
    return `${alike ? `${same} under every mode` : listOf(values)}${place}`;
  });
  if (parts.length === 0) return null;
  return `Of the clients that return within the timeout, sent to another endpoint: ${parts.join("; ")} (counted).`;
}

function conntrackSentence(grids: readonly Grid[]): string | null {
  const entries = placesWith(grids, "conntrack.entries");
  if (entries.length === 0) return null;
  const dropped = placesWith(grids, "conntrack.dropped");
  const largest = (rows: readonly ModeValue[]) => Math.max(...rows.map((row) => row.value));
  const parts = entries.map(({ place, rows }, index) => {
    const lost = largest(dropped[index]?.rows ?? [{ mode: "", value: 0 }]);
    const words = lost > 0 ? `${countText(lost)} packets dropped` : "no packet dropped";
    return `${countText(largest(rows))}${place} (${words})`;
  });
  return `Most connections held at once: ${parts.join("; ")}; counted.`;
}

interface ModeValue {
  readonly mode: string;
  readonly value: number;
}

/** Per grid that has the metric: its values by mode at the largest size, and words for where that is. */
function placesWith(
  grids: readonly Grid[],
  name: MetricName,
): readonly { place: string; rows: readonly ModeValue[] }[] {
  return grids.flatMap((grid) => {
    const size = metricNamesIn(grid.cases).includes(name) ? largestSizeWith(grid, name) : null;
    if (size === null) return [];
    const rows = grid.modes.flatMap((mode): ModeValue[] => {
      const value = metricValue(grid.at(mode, size), name);
      return value === null ? [] : [{ mode, value }];
    });
    const words = [grid.title, grid.sizeNoun === "" ? "" : `${countText(size)} ${grid.sizeNoun}`].filter(
      Boolean,
    );
    return [{ place: words.length === 0 ? "" : ` at ${words.join(", ")}`, rows }];
  });
}

/** "a, b and c". */
export function listOf(items: readonly string[]): string {
  if (items.length < 2) return items.join("");
  return `${items.slice(0, -1).join(", ")} and ${items[items.length - 1]}`;
}
