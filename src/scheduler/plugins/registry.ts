// Every plugin by name: how it is made, and where it has one, its hot form. A plugin that is neither here nor handed to
// the scheduler cannot be enabled.
// Source of the merge: kube-scheduler framework/runtime/registry.go (Registry.Merge).
import { PlumbError } from "../../base/errors.js";
import type { ColumnFilter, ColumnScore } from "../columns/column-plugin.js";
import type { PluginArgs } from "../config/configuration.js";
import type { PluginName } from "../config/plugin-table.js";
import type { FrameworkHandle } from "../framework/handle.js";
import type { Plugin } from "../framework/plugin.js";
import { createDefaultBinder } from "./default-binder/default-binder.js";
import type { PreemptInMemory } from "./default-preemption/actuation.js";
import { createDefaultPreemption } from "./default-preemption/default-preemption.js";
import type { TrimVictims } from "./default-preemption/preemption.js";
import { createImageLocality } from "./image-locality/image-locality.js";
import { createImageLocalityColumns } from "./image-locality/image-locality-columns.js";
import { createInterPodAffinity } from "./inter-pod-affinity/inter-pod-affinity.js";
import { createInterPodAffinityColumns } from "./inter-pod-affinity/inter-pod-affinity-columns.js";
import { createNodeAffinity } from "./node-affinity/node-affinity.js";
import { createNodeAffinityColumns } from "./node-affinity/node-affinity-columns.js";
import { createNodeName } from "./node-name/node-name.js";
import { createNodeNameColumns } from "./node-name/node-name-columns.js";
import { createNodePorts } from "./node-ports/node-ports.js";
import { createNodePortsColumns } from "./node-ports/node-ports-columns.js";
import { type BalanceFormula, createBalancedAllocation } from "./node-resources/balanced-allocation.js";
import { createBalancedAllocationColumns } from "./node-resources/balanced-allocation-columns.js";
import { createFit } from "./node-resources/fit.js";
import { createFitColumns } from "./node-resources/fit-columns.js";
import { createNodeUnschedulable } from "./node-unschedulable/node-unschedulable.js";
import { createNodeUnschedulableColumns } from "./node-unschedulable/node-unschedulable-columns.js";
import { createNodeVolumeLimits } from "./node-volume-limits/node-volume-limits.js";
import { createPodTopologySpread } from "./pod-topology-spread/pod-topology-spread.js";
import { createPodTopologySpreadColumns } from "./pod-topology-spread/pod-topology-spread-columns.js";
import { createPrioritySort } from "./priority-sort/priority-sort.js";
import { createSchedulingGates } from "./scheduling-gates/scheduling-gates.js";
import { createTaintToleration } from "./taint-toleration/taint-toleration.js";
import { createTaintTolerationColumns } from "./taint-toleration/taint-toleration-columns.js";
import { createVolumeBinding } from "./volume-binding/volume-binding.js";
import { createVolumeBindingColumns } from "./volume-binding/volume-binding-columns.js";
import { createVolumeRestrictions } from "./volume-restrictions/volume-restrictions.js";
import { createVolumeZone } from "./volume-zone/volume-zone.js";

/** What plugins are made with. */
export interface PluginContext {
  readonly args: PluginArgs;
  readonly handle: FrameworkHandle;
  readonly balanceFormula: BalanceFormula;
  readonly asyncPreemption: boolean;
  readonly trimVictims: TrimVictims | null;
  readonly preemptInMemory: PreemptInMemory;
}

export interface PluginMaker {
  create(context: PluginContext): Plugin;
  /** The form over columns; it filters, scores or does both, as the object form does. */
  createColumns?(context: PluginContext): ColumnFilter | ColumnScore | (ColumnFilter & ColumnScore);
}

export type PluginRegistry = ReadonlyMap<string, PluginMaker>;

/**
 * The plugins that come with the scheduler, and those that its user brings.
 *
 * @throws {PlumbError} InvalidInput when a name is taken
 */
export function registryWith(others: Readonly<Record<string, PluginMaker>>): PluginRegistry {
  const registry = new Map<string, PluginMaker>(Object.entries(IN_TREE));
  for (const [name, maker] of Object.entries(others)) {
    if (registry.has(name))
      throw new PlumbError("InvalidInput", `Cannot register plugin '${name}': a plugin of that name exists`);
    registry.set(name, maker);
  }
  return registry;
}

const IN_TREE: Readonly<Record<PluginName, PluginMaker>> = {
  SchedulingGates: { create: createSchedulingGates },
  PrioritySort: { create: createPrioritySort },
  NodeUnschedulable: { create: createNodeUnschedulable, createColumns: createNodeUnschedulableColumns },
  NodeName: { create: createNodeName, createColumns: createNodeNameColumns },
  TaintToleration: { create: createTaintToleration, createColumns: createTaintTolerationColumns },
  NodeAffinity: {
    create: ({ args }) => createNodeAffinity(args.NodeAffinity),
    createColumns: ({ args }) => createNodeAffinityColumns(args.NodeAffinity),
  },
  NodePorts: { create: createNodePorts, createColumns: createNodePortsColumns },
  NodeResourcesFit: {
    create: ({ args }) => createFit(args.NodeResourcesFit),
    createColumns: ({ args }) => createFitColumns(args.NodeResourcesFit),
  },
  VolumeRestrictions: { create: ({ handle }) => createVolumeRestrictions(null, handle) },
  NodeVolumeLimits: { create: ({ handle }) => createNodeVolumeLimits(null, handle) },
  VolumeBinding: {
    create: ({ args, handle }) => createVolumeBinding(args.VolumeBinding, handle),
    createColumns: ({ args }) => createVolumeBindingColumns(args.VolumeBinding),
  },
  VolumeZone: { create: ({ handle }) => createVolumeZone(null, handle) },
  PodTopologySpread: {
    create: ({ args, handle }) => createPodTopologySpread(args.PodTopologySpread, handle),
    createColumns: ({ args, handle }) => createPodTopologySpreadColumns(args.PodTopologySpread, handle),
  },
  InterPodAffinity: {
    create: ({ args, handle }) => createInterPodAffinity(args.InterPodAffinity, handle),
    createColumns: ({ args, handle }) => createInterPodAffinityColumns(args.InterPodAffinity, handle),
  },
  DefaultPreemption: {
    create: ({ args, handle, asyncPreemption, trimVictims, preemptInMemory }) =>
      createDefaultPreemption(args.DefaultPreemption, handle, {
        asyncPreemption,
        trimVictims,
        preemptInMemory,
      }),
  },
  NodeResourcesBalancedAllocation: {
    create: ({ args, balanceFormula }) =>
      createBalancedAllocation(args.NodeResourcesBalancedAllocation, balanceFormula),
    createColumns: ({ args, balanceFormula }) =>
      createBalancedAllocationColumns(args.NodeResourcesBalancedAllocation, balanceFormula),
  },
  ImageLocality: {
    create: ({ handle }) => createImageLocality(handle),
    createColumns: createImageLocalityColumns,
  },
  DefaultBinder: { create: createDefaultBinder },
};
