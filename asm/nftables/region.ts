// Where a region of the image begins.
import { IMAGE_REGION_STRIDE, IMAGE_REGION_TABLE } from "../abi/image";

/** Address of a region, by its number; the number is a constant at every call, and is folded into the load. */
export function regionOf(image: usize, region: usize): usize {
  return image + load<u32>(image + region * IMAGE_REGION_STRIDE, IMAGE_REGION_TABLE);
}
