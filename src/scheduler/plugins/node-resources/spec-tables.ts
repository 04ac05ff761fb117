// Something made once per distinct spec and set of columns: tables for the kernels.
import type { PodInfo } from "../../cache/pod-info.js";
import type { NodeColumns } from "../../columns/node-columns.js";

export class SpecTables<T> {
  #columns: NodeColumns | null = null;
  #bySpec: (T | undefined)[] = [];

  of(columns: NodeColumns, { spec }: PodInfo, make: () => T): T {
    if (columns !== this.#columns) {
      this.#columns = columns;
      this.#bySpec = [];
    }
    const known = this.#bySpec[spec.id];
    if (known !== undefined) return known;
    const made = make();
    this.#bySpec[spec.id] = made;
    return made;
  }
}
