// API groups that are served by somebody else in this process: metrics.k8s.io.
import type { ApiRequest, ApiResponse, UserInfo } from "../protocol/api-request.js";
import type { Eventually } from "./access.js";
import type { OfferedResource } from "./discovery/offered-resource.js";
import type { RequestInfo } from "./request-info.js";

export interface ExtraGroup {
  readonly group: string;
  readonly version: string;
  readonly resources: readonly OfferedResource[];
  /** Called for requests that were authorized. @throws {StatusError} */
  handle(request: ApiRequest, info: RequestInfo, user: UserInfo): Eventually<ApiResponse>;
}
