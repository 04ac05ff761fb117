// Columns over a cache, and what stands in them for each node.
import assert from "node:assert/strict";
import type { Node } from "../../api/types.js";
import { type PodInfo, placedOn } from "../cache/pod-info.js";
import { SchedulerCache } from "../cache/scheduler-cache.js";
import { ObjectLister } from "../objects.js";

export class Cluster {
  readonly objects = new ObjectLister();
  readonly cache = new SchedulerCache(this.objects);

  constructor(...nodes: readonly Node[]) {
    for (const node of nodes) this.cache.addNode(node);
  }

  get columns() {
    return this.cache.columns;
  }

  place(pod: PodInfo, nodeName: string): void {
    this.cache.addPod(placedOn(pod, nodeName));
  }

  slot(nodeName: string): number {
    return this.cache.get(nodeName)?.slot ?? assert.fail(`there is no node ${nodeName}`);
  }

  /** Elements of a u32 column, read as signed, in the order of the nodes. */
  u32s(address: number): number[] {
    return this.cache.nodes.map(({ slot }) => (this.columns.memory.u32[address / 4 + slot] as number) | 0);
  }

  f64s(address: number): number[] {
    return this.cache.nodes.map(({ slot }) => this.columns.memory.f64[address / 8 + slot] as number);
  }

  /** Names of nodes whose bit is set. */
  masked(mask: number): string[] {
    const { u8 } = this.columns.memory;
    return this.cache.nodes
      .filter(({ slot }) => (((u8[mask + (slot >> 3)] as number) >> (slot & 7)) & 1) === 1)
      .map(({ name }) => name);
  }
}
