// VolumeBinding scores only where a profile gives it a shape, which is off by default: without one it costs nothing.
import type { ColumnScore } from "../../columns/column-plugin.js";
import type { VolumeBindingArgs } from "../../config/configuration.js";
import { NAME } from "./volume-binding.js";

export function createVolumeBindingColumns({ shape }: VolumeBindingArgs): ColumnScore {
  return { name: NAME, prepareScore: () => (shape === null ? false : null), score: () => {} };
}
