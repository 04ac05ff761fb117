// Indices as a Job's status writes them: "0,2-4,7".
// Source: pkg/controller/job/indexed_job_utils.go.

/** @param limit indices from here on are left out */
export function parseIndexes(text: string | undefined, limit: number): Set<number> {
  const indexes = new Set<number>();
  for (const part of (text ?? "").split(",")) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (match === null) continue;
    const last = Math.min(Number(match[2] ?? match[1]), limit - 1);
    for (let index = Number(match[1]); index <= last; index++) indexes.add(index);
  }
  return indexes;
}

export function formatIndexes(indexes: ReadonlySet<number>): string {
  const sorted = [...indexes].sort((left, right) => left - right);
  const parts: string[] = [];
  for (let at = 0; at < sorted.length; ) {
    let end = at;
    while (sorted[end + 1] === (sorted[end] as number) + 1) end++;
    const [first, last] = [sorted[at], sorted[end]];
    // Two in a row are written one by one, as upstream does.
    if (end === at) parts.push(`${first}`);
    else if (end === at + 1) parts.push(`${first}`, `${last}`);
    else parts.push(`${first}-${last}`);
    at = end + 1;
  }
  return parts.join(",");
}
