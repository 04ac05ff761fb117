// Host ports in use: one u32 column per distinct address, protocol and port, counting the node's Pods that hold it.
import { type HostPort, type PodInfo, portsConflict } from "../cache/pod-info.js";
import type { ColumnMemory } from "./column-memory.js";

interface PortColumn {
  readonly port: HostPort;
  readonly at: number;
}

export class PortColumns {
  readonly #memory: ColumnMemory;
  readonly #capacity: number;
  /** By "protocol/port": the columns of its addresses. */
  readonly #columns = new Map<string, PortColumn[]>();

  constructor(memory: ColumnMemory, capacity: number) {
    this.#memory = memory;
    this.#capacity = capacity;
  }

  count(slot: number, { spec }: PodInfo, times: 1 | -1): void {
    for (const port of spec.hostPorts) {
      const at = (this.#column(port).at >> 2) + slot;
      this.#memory.u32[at] = (this.#memory.u32[at] as number) + times;
    }
  }

  /** Columns that must be 0 on a node for it to have this port free. */
  conflicts(wanted: HostPort): number[] {
    const columns = this.#columns.get(`${wanted.protocol}/${wanted.port}`) ?? [];
    return columns.filter(({ port }) => portsConflict(port, wanted)).map(({ at }) => at);
  }

  clearNode(slot: number): void {
    for (const columns of this.#columns.values())
      for (const { at } of columns) this.#memory.u32[(at >> 2) + slot] = 0;
  }

  #column(port: HostPort): PortColumn {
    const key = `${port.protocol}/${port.port}`;
    const columns = this.#columns.get(key) ?? [];
    let column = columns.find(({ port: { ip } }) => ip === port.ip);
    if (column === undefined) {
      column = { port, at: this.#memory.allocate(this.#capacity * 4) };
      columns.push(column);
      this.#columns.set(key, columns);
    }
    return column;
  }
}
