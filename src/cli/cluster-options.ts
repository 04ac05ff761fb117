// The options and the reading that `compile` and `trace` share: FILEs -> the state of one node's proxy.
import { type Command, InvalidArgumentError, Option } from "commander";
import { LIMITS } from "../base/limits.js";
import { type Family, parseCidr } from "../base/ip.js";
import type { ParseWarning } from "../netfilter/iptables/line-reader.js";
import { MODES, type Mode } from "../netfilter/rule-model.js";
import type { ProxyConfig, ProxyNode, ServiceOrder } from "../proxy/config.js";
import { defaultProxyConfig } from "../proxy/default-config.js";
import { parseKubeProxyConfiguration } from "../proxy/kube-proxy-configuration.js";
import { nodeOf } from "../proxy/node.js";
import type { ProxyState } from "../proxy/service-port.js";
import { buildProxyState } from "../proxy/state/build-state.js";
import type { AddressedObjects } from "../workload/cluster-parts.js";
import { buildClusterObjects, defaultClusterOptions } from "../workload/cluster.js";
import { readDocuments } from "../workload/documents.js";
import { replicate } from "../workload/replicate.js";
import { readInput, readInputs } from "./read-inputs.js";
import type { Terminal } from "./terminal.js";
import { positiveNumber, seedValue, wholeNumber } from "./whole-number.js";

export interface ClusterOptions {
  readonly node?: string;
  readonly clusterCidr?: readonly string[];
  readonly order: ServiceOrder;
  readonly config?: string;
  readonly seed: number;
  readonly family?: Family;
  readonly replicate: number;
  readonly nodes: number;
}

/** Declare the options that say which cluster and which node. */
export function addClusterOptions(command: Command): Command {
  return command
    .option("--node <name>", "the node whose rules these are (default: the first)")
    .option(
      "--cluster-cidr <cidrs>",
      "Pod CIDRs, comma separated: traffic from elsewhere is masqueraded",
      cidrList,
    )
    .addOption(
      new Option("--order <order>", "order of Services in the rules")
        .choices(["sorted", "seeded", "input"])
        .default("sorted"),
    )
    .option("--config <file>", "a KubeProxyConfiguration (YAML)")
    .option("--seed <n>", "seed of everything that is drawn", seedValue, 42)
    .addOption(
      new Option("--family <family>", "address family (default: the cluster's primary)").choices([
        "IPv4",
        "IPv6",
      ]),
    )
    .option("--replicate <k>", "tile the input over k namespaces", positiveNumber, 1)
    .option("--nodes <n>", "nodes to make up when the input has none", wholeNumber(1, LIMITS.NODES_MAX), 3);
}

export interface LoadedCluster {
  readonly objects: AddressedObjects;
  readonly warnings: readonly string[];
}

/** Read FILEs ("-" is stdin), a folder or several. @throws {PlumbError} with every mistake and its place */
export function loadCluster(files: readonly string[], options: ClusterOptions): LoadedCluster {
  const { objects, warnings } = buildClusterObjects(readDocuments(readInputs(files)), {
    ...defaultClusterOptions,
    nodes: options.nodes,
  });
  if (options.replicate === 1) return { objects, warnings };
  const tiled = replicate(objects, options.replicate);
  return { objects: tiled.objects, warnings: [...warnings, ...tiled.warnings] };
}

/** The proxy's configuration: command line over file over defaults. */
export function proxyConfigFor(
  mode: Mode | null,
  objects: AddressedObjects,
  options: ClusterOptions,
): ProxyConfig {
  const family = options.family ?? (objects.serviceCIDRs[0]?.includes(":") ? "IPv6" : "IPv4");
  const node = nodeOf(objects, options.node ?? null);
  const fromFile = options.config === undefined ? {} : readConfig(options.config, mode, node);
  const chosen = mode ?? fromFile.mode ?? "iptables";
  const defaults = defaultProxyConfig(chosen, family, node, {
    clusterCIDRs: options.clusterCidr ?? objects.podCIDRs,
  });
  const detector = options.clusterCidr === undefined ? fromFile.localDetector : undefined;
  return {
    ...defaults,
    ...fromFile,
    mode: chosen,
    localDetector: detector ?? defaults.localDetector,
    order: options.order,
    seed: options.seed,
  };
}

export function proxyState(objects: AddressedObjects, config: ProxyConfig): ProxyState {
  return buildProxyState(objects, config);
}

function readConfig(file: string, mode: Mode | null, node: ProxyNode): Partial<ProxyConfig> {
  return parseKubeProxyConfiguration(readInput(file), { node, ...(mode === null ? {} : { mode }) });
}

/** Say what the reader noticed, a few lines at most. */
export function printWarnings(terminal: Terminal, warnings: readonly string[]): void {
  const shown = 5;
  for (const warning of warnings.slice(0, shown)) terminal.warn(warning);
  if (warnings.length > shown) terminal.warn(`and ${warnings.length - shown} more`);
}

/** Warnings of a ruleset's reader, each with its place. */
export function rulesetWarnings(file: string, warnings: readonly ParseWarning[]): string[] {
  return warnings.map(
    ({ message, line, column, count }) =>
      `${file}:${line}:${column}: ${message}${count > 1 ? ` (${count} times)` : ""}`,
  );
}

export function modeOption(allowed: readonly string[] = MODES): Option {
  return new Option("-m, --mode <mode>", "proxy mode").choices(allowed);
}

function cidrList(text: string): readonly string[] {
  return text.split(",").map((part) => {
    const cidr = parseCidr(part);
    if (cidr === null)
      throw new InvalidArgumentError(`'${part}' is no CIDR; expected for example 10.244.0.0/16`);
    return cidr.text;
  });
}
