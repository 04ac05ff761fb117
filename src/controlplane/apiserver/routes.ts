// From an authorized request to whoever answers it.
import type { ApiRequest, ApiResponse, UserInfo } from "../protocol/api-request.js";
import type { Eventually, OpenIdSource } from "./access.js";
import type { DiscoveryRoutes } from "./discovery/discovery-routes.js";
import { openApiRoute } from "./discovery/openapi-routes.js";
import { OPENID_PATHS, openIdRoute } from "./discovery/openid-routes.js";
import { SERVER_VERSION } from "./discovery/version.js";
import type { ExtraGroup } from "./extra-group.js";
import type { HealthRoutes } from "./health/health-checks.js";
import { unknownPath } from "./registry/api-failures.js";
import type { ResourceRouter } from "./registry/resource-router.js";
import type { RequestInfo } from "./request-info.js";

export interface RoutesOptions {
  readonly router: ResourceRouter;
  readonly extraGroups: readonly ExtraGroup[];
  readonly discovery: DiscoveryRoutes;
  readonly health: HealthRoutes;
  readonly openId: OpenIdSource | null;
  readonly metricsText: () => string;
}

const PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

export class Routes {
  readonly #options: RoutesOptions;

  constructor(options: RoutesOptions) {
    this.#options = options;
  }

  /** @throws {StatusError} */
  handle(request: ApiRequest, info: RequestInfo, user: UserInfo): Eventually<ApiResponse> {
    if (!info.isResourceRequest) return this.#document(request, info);
    const { extraGroups, router } = this.#options;
    const extra = extraGroups.find(({ group, version }) => group === info.group && version === info.version);
    return extra === undefined ? router.handle(request, info, user) : extra.handle(request, info, user);
  }

  #document(request: ApiRequest, { path }: RequestInfo): ApiResponse {
    const { discovery, health, openId, metricsText } = this.#options;
    const parts = path.split("/").filter((part) => part !== "");
    if (request.method !== "GET" && request.method !== "HEAD") throw unknownPath();
    const found =
      discovery.handle(request, parts) ??
      health.handle(request, parts) ??
      openApiRoute(request, parts) ??
      openIdRoute(path, openId);
    if (found !== null) return found;
    switch (path) {
      case "/version":
      case "/version/":
        return { kind: "object", code: 200, object: SERVER_VERSION };
      case "/metrics":
        return { kind: "text", code: 200, text: metricsText(), contentType: PROMETHEUS };
      case "/":
        return { kind: "object", code: 200, object: { paths: PATHS } };
      default:
        throw unknownPath();
    }
  }
}

const PATHS = [
  ...OPENID_PATHS,
  "/api",
  "/apis",
  "/healthz",
  "/livez",
  "/metrics",
  "/openapi/v2",
  "/openapi/v3",
  "/readyz",
  "/version",
];
