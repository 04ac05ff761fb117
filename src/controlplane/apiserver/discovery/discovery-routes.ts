// /api, /apis and below: which form of discovery a client gets.
import type { ApiRequest, ApiResponse } from "../../protocol/api-request.js";
import { unknownPath } from "../registry/api-failures.js";
import { acceptedTypes } from "./accepted-types.js";
import type { OfferedGroup } from "./api-groups.js";
import {
  aggregatedDiscovery,
  groupDocument,
  groupList,
  legacyVersions,
  resourceList,
} from "./discovery-documents.js";

const AGGREGATED_VERSIONS: ReadonlySet<string> = new Set(["v2", "v2beta1"]);

/** Documents are made once: they depend on the table of kinds alone. */
export class DiscoveryRoutes {
  readonly #groups: readonly OfferedGroup[];
  readonly #documents = new Map<string, object>();

  constructor(groups: readonly OfferedGroup[]) {
    this.#groups = groups;
  }

  /** @param parts of the path: ["apis", "apps", "v1"]; null: it is none of these */
  handle(request: ApiRequest, parts: readonly string[]): ApiResponse | null {
    const [root, first, second] = parts;
    if (root === "api") {
      if (parts.length === 1) return this.#root(request, "api");
      return parts.length === 2 ? this.#resources("", first as string) : null;
    }
    if (root !== "apis") return null;
    if (parts.length === 1) return this.#root(request, "apis");
    if (parts.length === 2) return this.#group(first as string);
    return parts.length === 3 ? this.#resources(first as string, second as string) : null;
  }

  #root(request: ApiRequest, root: "api" | "apis"): ApiResponse {
    const groups = this.#groups.filter(({ group }) => (group === "") === (root === "api"));
    const accepted = acceptedTypes(request.headers["accept"]).find(
      ({ as, version }) => as === "" || (as === "APIGroupDiscoveryList" && AGGREGATED_VERSIONS.has(version)),
    );
    if (accepted?.as === "APIGroupDiscoveryList") {
      const { version } = accepted;
      return {
        kind: "object",
        code: 200,
        contentType: `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
        object: this.#kept(`${root} ${version}`, () => aggregatedDiscovery(version, groups)),
        headers: { vary: "Accept" },
      };
    }
    const object = this.#kept(root, () =>
      root === "api" ? legacyVersions(request.headers["host"] ?? "127.0.0.1") : groupList(groups),
    );
    return { kind: "object", code: 200, object, headers: { vary: "Accept" } };
  }

  #group(name: string): ApiResponse {
    const group = this.#groups.find((each) => each.group === name && name !== "");
    if (group === undefined) throw unknownPath();
    return { kind: "object", code: 200, object: this.#kept(`apis/${name}`, () => groupDocument(group)) };
  }

  #resources(group: string, version: string): ApiResponse {
    const offered = this.#groups.find((each) => each.group === group);
    const found = offered?.versions.find((each) => each.version === version);
    if (found === undefined) throw unknownPath();
    return {
      kind: "object",
      code: 200,
      object: this.#kept(`${group}/${version}`, () => resourceList(group, found)),
    };
  }

  #kept(name: string, make: () => object): object {
    let document = this.#documents.get(name);
    if (document === undefined) {
      document = make();
      this.#documents.set(name, document);
    }
    return document;
  }
}
