// createNodes and createNamespaces -> objects.
// Source: scheduler_perf node_util.go, util.go makeBaseNode; test/utils/runners.go for the strategies.
import { type CSINode, LABEL_HOSTNAME, type Namespace, type ResourceList } from "../../api/scheduling.js";
import type { Node } from "../../api/types.js";
import { type Making, finished, ownMetadata } from "./made-objects.js";
import type { TemplateObject } from "./object-template.js";
import type { CreateNamespaces, CreateNodes, NodeAllocatableStrategy } from "./ops.js";

export interface MadeNodes {
  readonly nodes: readonly Node[];
  /** One per node where the operation limits volumes, else none. */
  readonly csiNodes: readonly CSINode[];
}

/** @param opIndex the operation's place in its workload: names nodes that have no template */
export function makeNodes(op: CreateNodes, opIndex: number, { templates, names }: Making): MadeNodes {
  const template = op.nodeTemplatePath === null ? null : templates.open(op.nodeTemplatePath);
  const nodes = Array.from({ length: op.count }, (_, index) => {
    const data = { ...op.templateParams, Index: index, Count: op.count };
    const written = template === null ? baseNode(`node-${opIndex}-`) : template.at(data);
    const metadata = ownMetadata(written, "", names);
    const labels = {
      ...metadata.labels,
      [LABEL_HOSTNAME]: metadata.name,
      ...ownLabel(op, index, metadata.name),
    };
    // A template's fields are taken as what their names say.
    const node = finished({ ...written, metadata: { ...metadata, labels } }) as Node;
    return withAllocatable(node, op.nodeAllocatableStrategy);
  });
  const strategy = op.nodeAllocatableStrategy;
  return { nodes, csiNodes: strategy === null ? [] : nodes.map((node) => csiNodeOf(node, strategy)) };
}

export function makeNamespaces(op: CreateNamespaces, { templates }: Making): readonly Namespace[] {
  const path = op.namespaceTemplatePath;
  const { metadata } = path === null ? { metadata: {} } : templates.open(path).at({});
  return Array.from({ length: op.count }, (_, index) => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { ...metadata, name: `${op.prefix}-${index}` },
  }));
}

function baseNode(generateName: string): TemplateObject {
  const capacity: ResourceList = { pods: "110", cpu: "4", memory: "32Gi" };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { generateName },
    status: { capacity, conditions: [{ type: "Ready", status: "True" }] },
  };
}

function ownLabel(op: CreateNodes, index: number, name: string): Record<string, string> {
  const inTurn = op.labelNodePrepareStrategy;
  if (inTurn !== null)
    return { [inTurn.labelKey]: inTurn.labelValues[index % inTurn.labelValues.length] as string };
  // A node's name is as unique as the random text that upstream writes here.
  return op.uniqueNodeLabelStrategy === null ? {} : { [op.uniqueNodeLabelStrategy.labelKey]: name };
}

function withAllocatable(node: Node, strategy: NodeAllocatableStrategy | null): Node {
  if (strategy === null) return node;
  const allocatable = { ...node.status?.allocatable, ...strategy.nodeAllocatable };
  return { ...node, status: { ...node.status, allocatable } };
}

function csiNodeOf({ metadata: { name } }: Node, strategy: NodeAllocatableStrategy): CSINode {
  const drivers = Object.entries(strategy.csiNodeAllocatable).map(([driver, { count }]) => ({
    name: driver,
    nodeID: name,
    ...(count === null ? {} : { allocatable: { count } }),
  }));
  const annotations = { "storage.alpha.kubernetes.io/migrated-plugins": strategy.migratedPlugins.join(",") };
  return {
    apiVersion: "storage.k8s.io/v1",
    kind: "CSINode",
    metadata: { name, annotations },
    spec: { drivers },
  };
}
