// A scenario's case -> the cluster, the proxy's configuration and the places traffic can go.
import type { Family } from "../base/ip.js";
import { defaultProxyConfig } from "../proxy/default-config.js";
import { nodeOf } from "../proxy/node.js";
import type { ProxyConfig } from "../proxy/config.js";
import type { AddressedObjects } from "../workload/cluster-parts.js";
import { buildClusterObjects, defaultClusterOptions } from "../workload/cluster.js";
import { readDocuments } from "../workload/documents.js";
import { loadInputs } from "../workload/inputs.js";
import { generateCluster } from "../workload/generate.js";
import { replicate } from "../workload/replicate.js";
import type { ClusterSpec, PacketsCase } from "./scenario-types.js";

export interface PreparedCase {
  readonly objects: AddressedObjects;
  /** The family packets are sent in: IPv4 unless the cluster has IPv6 only. */
  readonly family: Family;
  /** Of the cluster's Services, the first being the one packets are sent in. */
  readonly families: readonly Family[];
  readonly config: ProxyConfig;
  readonly warnings: readonly string[];
}

/**
 * @param asked the family of the proxy; absent: the cluster's first
 * @throws {PlumbError} for inputs that cannot be read or addresses that run out
 */
export function prepareCase(scenarioCase: PacketsCase, seed: number, asked?: Family): PreparedCase {
  const { objects, warnings } = loadCluster(scenarioCase.cluster, seed);
  const families = familiesOf(objects);
  const family = asked ?? families[0] ?? "IPv4";
  const { proxy, mode } = scenarioCase;
  const node = nodeOf(objects, null);
  const defaults = defaultProxyConfig(mode, family, node, { clusterCIDRs: objects.podCIDRs });
  const config: ProxyConfig = {
    ...defaults,
    seed,
    order: proxy.order,
    masqueradeAll: proxy.masqueradeAll,
    localDetector: proxy.localDetector.kind === "none" ? defaults.localDetector : proxy.localDetector,
    largeClusterEndpoints: proxy.largeClusterEndpoints,
    nodePortAddresses: proxy.nodePortAddresses,
    ipvs: { ...defaults.ipvs, scheduler: proxy.ipvs.scheduler },
    nftables: { ...defaults.nftables, layout: proxy.nftables.layout },
  };
  const dual =
    families.length > 1
      ? [`the cluster has two address families; packets and rules are those of ${family}`]
      : [];
  return { objects, family, families, config, warnings: [...warnings, ...dual] };
}

interface LoadedCluster {
  readonly objects: AddressedObjects;
  readonly warnings: readonly string[];
}

function loadCluster(cluster: ClusterSpec, seed: number): LoadedCluster {
  const { source, nodes } = cluster;
  switch (source.kind) {
    case "services": {
      const generated = generateCluster({ ...source.services, nodes, seed });
      return tiled(generated, generated.warnings, cluster);
    }
    case "manifests": {
      const built = buildClusterObjects(readDocuments(loadInputs([source.path], { stdin: null })), {
        ...defaultClusterOptions,
        nodes,
      });
      return tiled(built.objects, built.warnings, cluster);
    }
    case "iptablesSave":
      throw new TypeError("a ruleset has no objects");
  }
}

function tiled(
  objects: AddressedObjects,
  warnings: readonly string[],
  { replicate: copies }: ClusterSpec,
): LoadedCluster {
  if (copies === 1) return { objects, warnings };
  const copied = replicate(objects, copies);
  return { objects: copied.objects, warnings: [...warnings, ...copied.warnings] };
}

function familiesOf({ serviceCIDRs }: AddressedObjects): readonly Family[] {
  return [...new Set(serviceCIDRs.map((cidr): Family => (cidr.includes(":") ? "IPv6" : "IPv4")))];
}
