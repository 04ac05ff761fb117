// The way of a request, filter by filter: what it asks for, who asks, whether there is room, whether it is allowed, the
// answer in time; and whatever happens, a Status, a line in the audit log and a count.
// Source: apiserver pkg/server/config.go (DefaultBuildHandlerChain).
import type { Gauge } from "../../base/metrics/gauge.js";
import type { Timers } from "../../base/timers.js";
import type { ApiHandler, ApiRequest, ApiResponse, UserInfo } from "../protocol/api-request.js";
import type { AccessDecision, Authenticator, Authorizer } from "./access.js";
import { answerOfFailure } from "./filters/answer-of-failure.js";
import { auditLine } from "./filters/audit-log.js";
import { accessAttributes, forbidden } from "./filters/authorize.js";
import { identify } from "./filters/identify.js";
import { isReadOnly, isStream, isWatch } from "./filters/request-kind.js";
import { timeoutMs, withTimeout } from "./filters/with-timeout.js";
import type { Flow, FlowControl } from "./flowcontrol/flow-control.js";
import type { ApiMetrics } from "./metrics/api-metrics.js";
import { type RequestInfo, requestInfo } from "./request-info.js";
import type { Routes } from "./routes.js";

export interface PipelineOptions {
  readonly routes: Routes;
  readonly timers: Timers;
  /** Of audit events. */
  readonly newId: () => string;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  readonly metrics: ApiMetrics;
  readonly flowControl: FlowControl;
  readonly auditLog: ((line: string) => void) | null;
}

/** What became known of a request on its way. */
interface Passage {
  user: UserInfo | null;
  decision: AccessDecision | null;
}

export class RequestPipeline implements ApiHandler {
  readonly #options: PipelineOptions;
  /** Requests being served. */
  readonly #inFlight: Readonly<Record<"readOnly" | "mutating", Gauge>>;

  constructor(options: PipelineOptions) {
    this.#options = options;
    const inFlight = options.metrics.gauge("apiserver_current_inflight_requests");
    this.#inFlight = { readOnly: inFlight.with("readOnly"), mutating: inFlight.with("mutating") };
  }

  async handle(request: ApiRequest): Promise<ApiResponse> {
    const { timers, auditLog } = this.#options;
    const startMs = timers.milliseconds();
    const receivedAt = auditLog === null ? null : timers.wall();
    const passage: Passage = { user: null, decision: null };
    const info = requestInfo(request);
    let response: ApiResponse;
    try {
      response = await this.#answer(request, info, passage);
    } catch (error) {
      response = answerOfFailure(error);
    }
    this.#count(request, info, response, startMs);
    if (receivedAt !== null) this.#audit(request, info, passage, response, receivedAt);
    return response;
  }

  async #answer(request: ApiRequest, info: RequestInfo, passage: Passage): Promise<ApiResponse> {
    const { authenticator, authorizer, flowControl } = this.#options;
    const identifying = identify(request, authenticator, authorizer);
    const user = identifying instanceof Promise ? await identifying : identifying;
    passage.user = user;
    if (isStream(info)) {
      await this.#authorize(request, info, passage, user);
      return this.#options.routes.handle(request, info, user);
    }
    const flow = flowControl.classify(info, user);
    request.addHeaders?.(flow.headers);
    const entering = flowControl.enter(flow, info, request, user, timeoutMs(request));
    if (entering !== undefined) await entering;
    return this.#serve(flow, request, info, passage, user);
  }

  async #serve(
    flow: Flow,
    request: ApiRequest,
    info: RequestInfo,
    passage: Passage,
    user: UserInfo,
  ): Promise<ApiResponse> {
    const { timers, flowControl, routes } = this.#options;
    const inFlight = isReadOnly(info) ? this.#inFlight.readOnly : this.#inFlight.mutating;
    const startMs = timers.milliseconds();
    inFlight.add(1);
    try {
      const authorizing = this.#authorize(request, info, passage, user);
      if (authorizing !== undefined) await authorizing;
      const answering = routes.handle(request, info, user);
      if (!(answering instanceof Promise)) return answering;
      return await (isWatch(info) ? answering : withTimeout(timers, timeoutMs(request), answering));
    } finally {
      inFlight.add(-1);
      flowControl.leave(flow, (timers.milliseconds() - startMs) / 1000, isWatch(info));
    }
  }

  /** @throws {StatusError} Forbidden */
  #authorize(
    request: ApiRequest,
    info: RequestInfo,
    passage: Passage,
    user: UserInfo,
  ): Promise<void> | undefined {
    const attributes = accessAttributes(request, info, user);
    const decided = (decision: AccessDecision) => {
      passage.decision = decision;
      if (!decision.allowed) throw forbidden(attributes, decision.reason);
    };
    const deciding = this.#options.authorizer.authorize(attributes);
    if (deciding instanceof Promise) return deciding.then(decided);
    decided(deciding);
    return undefined;
  }

  #count(request: ApiRequest, info: RequestInfo, response: ApiResponse, startMs: number): void {
    const { metrics, timers } = this.#options;
    const code = codeOf(response);
    const isDryRun = request.query.has("dryRun");
    metrics.answered(info, isDryRun, code, (timers.milliseconds() - startMs) / 1000);
    if (code === 429 || code === 504)
      metrics.counter("apiserver_request_terminations_total").with(String(code), "apiserver").add();
  }

  #audit(
    request: ApiRequest,
    info: RequestInfo,
    passage: Passage,
    response: ApiResponse,
    receivedAt: Date,
  ): void {
    const { auditLog, timers, newId } = this.#options;
    const query = request.query.toString();
    auditLog?.(
      auditLine({
        id: newId(),
        requestUri: query === "" ? request.path : `${request.path}?${query}`,
        info,
        ...passage,
        sourceIP: request.sourceIP,
        userAgent: request.headers["user-agent"] ?? "",
        code: codeOf(response),
        receivedAt,
        answeredAt: timers.wall(),
      }),
    );
  }
}

function codeOf(response: ApiResponse): number {
  return response.kind === "object" || response.kind === "text" ? response.code : 200;
}
