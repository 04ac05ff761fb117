// No ordinary request is waited for longer than this.
import { StatusError } from "../../../api/status.js";
import type { Timers } from "../../../base/timers.js";
import type { ApiRequest, ApiResponse } from "../../protocol/api-request.js";

const TIMEOUT_MS_MAX = 60_000;

/** As asked ("32s"), but not more than the server's own limit. */
export function timeoutMs({ query }: ApiRequest): number {
  const [, amount, unit] = /^(\d{1,6})(ms|s|m)?$/.exec(query.get("timeout") ?? "") ?? [];
  if (amount === undefined) return TIMEOUT_MS_MAX;
  const ms = Number(amount) * (unit === "ms" ? 1 : unit === "m" ? 60_000 : 1000);
  return ms === 0 ? TIMEOUT_MS_MAX : Math.min(ms, TIMEOUT_MS_MAX);
}

export function withTimeout(
  timers: Timers,
  ms: number,
  answering: Promise<ApiResponse>,
): Promise<ApiResponse> {
  return new Promise((resolve, reject) => {
    const expire = () =>
      reject(
        new StatusError(
          "Timeout",
          `Timeout: request did not complete within the allotted timeout of ${ms} ms`,
        ),
      );
    // Most answers are there before the event loop turns: only what takes longer is worth a timer.
    let cancel = timers.after(0, () => {
      cancel = timers.after(ms, expire);
    });
    answering.then(
      (response) => {
        cancel();
        resolve(response);
      },
      (error) => {
        cancel();
        reject(error);
      },
    );
  });
}
