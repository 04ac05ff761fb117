/** Why a container cannot start now, and when to try again. */
export class StartProblem extends Error {
  override readonly name = "StartProblem";
  readonly reason: string;
  readonly retryMs: number;

  constructor(reason: string, message: string, retryMs: number) {
    super(message);
    this.reason = reason;
    this.retryMs = retryMs;
  }
}
