// Discovery in its three forms: aggregated v2 and v2beta1 (all in one answer), and the legacy lists group by group.
// Source: k8s.io/api apidiscovery/v2 types.go; apimachinery meta/v1 (APIGroupList, APIResourceList).
import { apiVersionOf } from "../../../api/kinds/kinds.js";
import type { OfferedGroup, OfferedVersion } from "./api-groups.js";
import type { OfferedResource } from "./offered-resource.js";

/** "v2" and "v2beta1" differ in name only. */
export function aggregatedDiscovery(version: string, groups: readonly OfferedGroup[]): object {
  return {
    kind: "APIGroupDiscoveryList",
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map(({ group, versions }) => ({
      metadata: { ...(group === "" ? {} : { name: group }), creationTimestamp: null },
      versions: versions.map((each) => ({
        version: each.version,
        resources: each.resources.map((resource) => aggregatedResource(group, each, resource)),
        freshness: "Current",
      })),
    })),
  };
}

function aggregatedResource(group: string, { version }: OfferedVersion, resource: OfferedResource): object {
  const own = { group, version, kind: resource.kind };
  const { shortNames, categories, subresources } = resource;
  return {
    resource: resource.plural,
    responseKind: own,
    scope: resource.isNamespaced ? "Namespaced" : "Cluster",
    singularResource: resource.singular,
    verbs: sorted(resource.verbs),
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
    ...(subresources.length === 0
      ? {}
      : {
          subresources: subresources.map((each) => ({
            subresource: each.name,
            responseKind: each.kind ?? own,
            verbs: sorted(each.verbs),
          })),
        }),
  };
}

export function legacyVersions(serverAddress: string): object {
  return {
    kind: "APIVersions",
    versions: ["v1"],
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress }],
  };
}

export function groupList(groups: readonly OfferedGroup[]): object {
  return { kind: "APIGroupList", apiVersion: "v1", groups: groups.map(groupSummary) };
}

export function groupDocument(group: OfferedGroup): object {
  return { kind: "APIGroup", apiVersion: "v1", ...groupSummary(group) };
}

function groupSummary({ group, versions }: OfferedGroup) {
  const named = versions.map(({ version }) => ({ groupVersion: apiVersionOf(group, version), version }));
  return { name: group, versions: named, preferredVersion: named[0] };
}

export function resourceList(group: string, { version, resources }: OfferedVersion): object {
  return {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: apiVersionOf(group, version),
    resources: resources.flatMap((resource) => [
      legacyResource(resource),
      ...resource.subresources.map((each) => ({
        name: `${resource.plural}/${each.name}`,
        singularName: "",
        namespaced: resource.isNamespaced,
        ...(each.kind === undefined ? {} : { group: each.kind.group, version: each.kind.version }),
        kind: each.kind?.kind ?? resource.kind,
        verbs: sorted(each.verbs),
      })),
    ]),
  };
}

function legacyResource(resource: OfferedResource): object {
  const { shortNames, categories } = resource;
  return {
    name: resource.plural,
    singularName: resource.singular,
    namespaced: resource.isNamespaced,
    kind: resource.kind,
    verbs: sorted(resource.verbs),
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
  };
}

function sorted(verbs: readonly string[]): readonly string[] {
  return [...verbs].sort();
}
