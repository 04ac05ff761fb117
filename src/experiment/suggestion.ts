// "did you mean": the known word nearest to a misspelt one.
// Optimal string alignment distance (a swap of neighbours counts once); O(length^2) per known word.

/** ` (did you mean "x"?)`, or "" when no known word is near. */
export function suggestion(got: string, known: readonly string[]): string {
  const reach = Math.max(1, Math.floor(got.length / 3));
  let best: { readonly word: string; readonly distance: number } | null = null;
  for (const word of known) {
    const distance = editDistance(got.toLowerCase(), word.toLowerCase());
    if (distance <= reach && (best === null || distance < best.distance)) best = { word, distance };
  }
  return best === null ? "" : ` (did you mean "${best.word}"?)`;
}

function editDistance(from: string, to: string): number {
  let before: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const next = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      const swapped =
        row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      const cost = Math.min(
        (last[column] as number) + 1,
        (next[column - 1] as number) + 1,
        (last[column - 1] as number) + (same ? 0 : 1),
      );
      next.push(swapped ? Math.min(cost, (before[column - 2] as number) + 1) : cost);
    }
    before = last;
    last = next;
  }
  return last[to.length] as number;
}
