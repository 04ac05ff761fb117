// One path of rules into a kernel, verified with packets: compiled, loaded, asked, compared.
import { type ClusterObjects, LABEL_SERVICE_NAME } from "../../api/types.js";
import { type NodePlan, openNode } from "../../kernel/behaviour/tested-node.js";
import type { Subject } from "../../kernel/behaviour/session.js";
import { verifyBehaviour } from "../../kernel/behaviour/verify-behaviour.js";
import type { Command, KernelHost } from "../../kernel/host/command.js";
import { ipvsNodeCommands } from "../../kernel/host/ipvs-node.js";
import { loadRules, type RuleText } from "../../kernel/host/rule-loading.js";
import { makeNode, namespacesOf, type NodeSpec } from "../../kernel/host/topology.js";
import type { BehaviourRecord, KernelPath } from "../../measure/kernel-record.js";
import type { ProxyConfig } from "../../proxy/config.js";
import { nodeAddresses } from "../../proxy/node-port-addresses.js";
import { OUTSIDE_INTERFACE, podInterface } from "./flow-clients.js";
import { flowPlan } from "./flow-plan.js";
import { type PathRules, pathRules } from "./path-rules.js";

export interface PathVerification {
  readonly host: KernelHost;
  readonly path: KernelPath;
  readonly objects: ClusterObjects;
  /** What the objects are, for a reader. */
  readonly cluster?: string;
  /** Of the path's mode (MODE_OF_PATH), with the family to verify. */
  readonly config: ProxyConfig;
  readonly seed: number;
  readonly flows: number;
  /** Rows of FLOW_KINDS to use; all by default. */
  readonly kinds?: readonly string[];
  /** Differences to explain; 5 by default. */
  readonly mismatchesMax?: number;
  /** For a sandbox in a user namespace: LoadOptions. */
  readonly smallTransactions?: boolean;
  /** What is loaded instead of a text; tests break rules with it. Not on path ipvs. */
  readonly alter?: (text: RuleText) => RuleText;
  readonly onProgress?: (flows: number) => void;
  readonly signal?: AbortSignal;
}

const MISMATCHES_MAX = 5;

/** @throws {PlumbError} when the kernel or a tool refuses the rules */
export async function verifyPath(asked: PathVerification): Promise<BehaviourRecord> {
  const { path, objects, config, seed, flows, kinds } = asked;
  const { state, subject } = subjectOf(asked, objects);
  return await verifyBehaviour({
    path,
    kernel: asked.host.kind,
    family: config.family,
    cluster: asked.cluster ?? "",
    subject,
    plan: flowPlan(objects, state, config, { seed, ...(kinds === undefined ? {} : { kinds }) }),
    flows,
    mismatchesMax: asked.mismatchesMax ?? MISMATCHES_MAX,
    reduce: (services) => subjectOf(asked, withServices(objects, services)).subject,
    onProgress: asked.onProgress ?? (() => undefined),
    signal: asked.signal ?? new AbortController().signal,
  });
}

/** Nodes made on a host so far: names of namespaces are free only some time after they were deleted. */
const NODES_MADE = new WeakMap<KernelHost, number>();

function nextNodeId(host: KernelHost): string {
  const made = (NODES_MADE.get(host) ?? 0) + 1;
  NODES_MADE.set(host, made);
  return String(made);
}

function subjectOf(asked: PathVerification, objects: ClusterObjects) {
  const { host, path, config } = asked;
  const { state, model, texts } = pathRules(path, objects, config);
  const own = nodeAddresses(config);
  const planFor = (id: string): NodePlan => {
    const node = nodeSpec(id, config);
    return {
      family: config.family,
      node,
      load: loadCommands(asked, { model, texts }, namespacesOf(node).node),
    };
  };
  const subject: Subject = {
    model,
    nodeAddresses: own,
    plan: planFor("1"),
    open: () => openNode(host, planFor(nextNodeId(host))),
  };
  return { state, subject };
}

/** Commands of a verification of one part, but for the packets: the node made, the rules loaded. */
export function nodeCommands(asked: Omit<PathVerification, "host" | "seed" | "flows">): readonly Command[] {
  const { path, objects, config } = asked;
  const rules = pathRules(path, objects, config);
  const node = nodeSpec("1", config);
  return [...makeNode(node), ...loadCommands(asked, rules, namespacesOf(node).node)];
}

function nodeSpec(id: string, config: ProxyConfig): NodeSpec {
  const interfaces = [OUTSIDE_INTERFACE, podInterface(config)];
  return { id, interfaces, addresses: nodeAddresses(config) };
}

function loadCommands(
  {
    path,
    config,
    alter = (text) => text,
    smallTransactions = false,
  }: Pick<PathVerification, "path" | "config" | "alter" | "smallTransactions">,
  { model, texts }: Pick<PathRules, "model" | "texts">,
  netns: string,
): Command[] {
  if (model.mode === "ipvs") return ipvsNodeCommands(model, { netns, strictArp: config.ipvs.strictARP });
  return loadRules(path, config.family, texts.map(alter), netns, {
    transactions: smallTransactions ? "small" : "whole",
  });
}

/** The cluster with those Services only, by their names in Conversation.service: "namespace/name:port/PROTOCOL". */
function withServices(objects: ClusterObjects, services: ReadonlySet<string>): ClusterObjects {
  const names = new Set([...services].map((service) => service.replace(/(:[^/]*)?\/[A-Z]+$/, "")));
  const isKept = (namespace = "default", name = "") => names.has(`${namespace}/${name}`);
  return {
    ...objects,
    services: objects.services.filter(({ metadata }) => isKept(metadata.namespace, metadata.name)),
    endpointSlices: objects.endpointSlices.filter(({ metadata }) =>
      isKept(metadata.namespace, metadata.labels?.[LABEL_SERVICE_NAME]),
    ),
  };
}
