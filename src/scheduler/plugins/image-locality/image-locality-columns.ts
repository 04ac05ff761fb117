// ImageLocality over columns: the bytes a node is credited with, one column per image that some node has.
import type { ColumnScore } from "../../columns/column-plugin.js";
import { imagesOf, MAX_MIB_PER_CONTAINER, MIN_MIB, NAME } from "./image-locality.js";

export function createImageLocalityColumns(): ColumnScore {
  return {
    name: NAME,
    /** There is no PreScore: images that no node has leave every score at 0. */
    prepareScore: () => true,
    score({ columns, pod }, count, score) {
      const present = imagesOf(pod).flatMap((image) => columns.images.column(image) ?? []);
      if (present.length === 0) return;
      const { memory, scratch, feasible } = columns;
      const table = scratch.take(present.length * 4);
      memory.u32.set(present, table >> 2);
      const mostMiB = MAX_MIB_PER_CONTAINER * pod.spec.images.length;
      memory.kernels.scoreImages(feasible, count, score, table, present.length, MIN_MIB, mostMiB);
    },
  };
}
