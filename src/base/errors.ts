// The one table of errors that a caller can cause, and the exit code each ends with.
// A bug is an assert (base/assert); an API outcome is a Status; a packet outcome is a verdict.

/** Code -> what it means and the process exit code. Documented in `plumb help errors`. */
export const ERRORS = {
  Usage: { exit: 2, meaning: "a command line that cannot be understood" },
  InvalidInput: {
    exit: 2,
    meaning: "a manifest, dump, ruleset, scenario or configuration that is malformed",
  },
  NotFound: { exit: 2, meaning: "a file, preset, node or run that does not exist" },
  LimitExceeded: { exit: 2, meaning: "more objects, rules or bytes than a named limit allows" },
  Unsupported: { exit: 2, meaning: "a valid request that this mode or format cannot serve" },
  NotComparable: { exit: 14, meaning: "two runs whose definitions differ" },
  ToolMissing: { exit: 15, meaning: "a program that was required is not installed" },
  Internal: { exit: 1, meaning: "the program could not do its work" },
} as const satisfies Record<string, { exit: number; meaning: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** Where in an input something is wrong. Lines and columns count from 1. */
export interface SourcePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * A mistake of the caller or a limit: printed as one message, without a stack.
 * Messages read "Cannot verb thing 'id': why", with got and limit; `hint` says how to mend it.
 */
export class PlumbError extends Error {
  override readonly name = "PlumbError";
  readonly code: ErrorCode;
  readonly hint: string | null;
  readonly position: SourcePosition | null;

  constructor(code: ErrorCode, message: string, options: { hint?: string; position?: SourcePosition } = {}) {
    const at = options.position;
    super(at ? `${at.file}:${at.line}:${at.column}: ${message}` : message);
    this.code = code;
    this.hint = options.hint ?? null;
    this.position = at ?? null;
  }

  get exitCode(): number {
    return ERRORS[this.code].exit;
  }
}
