// /healthz, /livez and /readyz, whole or check by check.
// Source: apiserver pkg/server/healthz/healthz.go (texts and paths).
import type { ApiRequest, ApiResponse } from "../../protocol/api-request.js";
import { unknownPath } from "../registry/api-failures.js";

export interface HealthCheck {
  /** "etcd", "informer-sync". */
  readonly name: string;
  /** Which endpoints ask it, beside /healthz. */
  readonly of: readonly ("livez" | "readyz")[];
  /** Null: it is well; else why not. */
  readonly failure: () => string | null;
}

const PING: HealthCheck = { name: "ping", of: ["livez", "readyz"], failure: () => null };
const ENDPOINTS: ReadonlySet<string> = new Set(["healthz", "livez", "readyz"]);

export class HealthRoutes {
  readonly #checks: readonly HealthCheck[];

  constructor(checks: readonly HealthCheck[]) {
    this.#checks = [PING, ...checks];
  }

  /** Null: the path is none of these. */
  handle(request: ApiRequest, parts: readonly string[]): ApiResponse | null {
    const [endpoint = "", name] = parts;
    if (!ENDPOINTS.has(endpoint) || parts.length > 2) return null;
    const excluded = new Set(request.query.getAll("exclude"));
    const checks = this.#checks.filter(
      (check) =>
        (endpoint === "healthz" || check.of.includes(endpoint as "livez")) && !excluded.has(check.name),
    );
    if (name === undefined) return outcome(endpoint, checks, request.query.has("verbose"));
    const check = checks.find((each) => each.name === name);
    if (check === undefined) throw unknownPath();
    return outcome(`${endpoint}/${name}`, [check], request.query.has("verbose"));
  }
}

function outcome(endpoint: string, checks: readonly HealthCheck[], isVerbose: boolean): ApiResponse {
  const lines = checks.map(({ name, failure }) => {
    const why = failure();
    return { text: why === null ? `[+]${name} ok\n` : `[-]${name} failed: ${why}\n`, isWell: why === null };
  });
  const isWell = lines.every((line) => line.isWell);
  const details = lines.map(({ text }) => text).join("");
  const text = isWell
    ? isVerbose
      ? `${details}${endpoint} check passed\n`
      : "ok"
    : `${details}${endpoint} check failed\n`;
  return { kind: "text", code: isWell ? 200 : 500, text, contentType: "text/plain; charset=utf-8" };
}
