// Many like calls at a time, but few at first: what fails for all of them fails once, not a thousand times.
// Source: pkg/controller/replicaset/replica_set.go (slowStartBatch).

export interface SlowStartResult {
  /** How many calls succeeded. */
  readonly successCount: number;
  /** Of the first batch that had one. */
  readonly error: Error | null;
}

/** Calls 1, 2, 4... at a time until `count`; the batch after one with a failure is not begun. */
export async function slowStart(
  count: number,
  call: (index: number) => Promise<void>,
): Promise<SlowStartResult> {
  let started = 0;
  let successCount = 0;
  for (let batch = 1; started < count; batch *= 2) {
    const size = Math.min(batch, count - started);
    const first = started;
    const results = await Promise.allSettled(Array.from({ length: size }, (_, index) => call(first + index)));
    started += size;
    const failures = results.filter((result) => result.status === "rejected");
    successCount += size - failures.length;
    const [failure] = failures;
    if (failure !== undefined) return { successCount, error: asError(failure.reason) };
  }
  return { successCount, error: null };
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
