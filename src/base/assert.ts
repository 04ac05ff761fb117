// A broken invariant is a bug: it stops the program, in production too. Mistakes of a caller are PlumbErrors.

/** Throw when `condition` is false. One fact per call, with the numbers in the message. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionFailure(message);
}

/** Unwrap a value that the surrounding logic guarantees to be present. */
export function present<T>(value: T | undefined | null, what: string): T {
  if (value === undefined || value === null) throw new AssertionFailure(`${what} is missing`);
  return value;
}

/** The default branch of an exhaustive switch: does not compile while a case is unhandled. */
export function unreachable(value: never, what: string): never {
  throw new AssertionFailure(`${what}: unexpected ${JSON.stringify(value)}`);
}

class AssertionFailure extends Error {
  override readonly name = "AssertionFailure";
}
