// Columns of a terminal's table that do not all fit side by side.

/** Between columns. */
export const GAP = "   ";

export interface TerminalOptions {
  /** Columns to fit into; tables wrap by whole column groups. */
  readonly width: number;
  readonly color: boolean;
}

/** Items in lines, as many to a line as fit with the gap ahead of each, one at least. */
export function sideBySide<T>(
  items: readonly T[],
  room: number,
  widthOf: (item: T) => number,
): readonly (readonly T[])[] {
  const lines: T[][] = [];
  let used = Number.POSITIVE_INFINITY;
  for (const item of items) {
    const needed = GAP.length + widthOf(item);
    if (used + needed > room) {
      lines.push([]);
      used = 0;
    }
    lines.at(-1)?.push(item);
    used += needed;
  }
  return lines;
}
