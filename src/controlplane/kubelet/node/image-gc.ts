// Which images to remove when a disk is full: what no container uses, longest unused first, until usage is down to the
// low threshold. Pure.
// Source: kubernetes pkg/kubelet/images/image_gc_manager.go.

export interface ImageUse {
  /** As it was pulled. */
  readonly image: string;
  readonly sizeBytes: number;
  readonly isUsed: boolean;
  /** Monotonic ms. */
  readonly lastUsedAtMs: number;
  readonly pulledAtMs: number;
}

export interface ImageGcPolicy {
  /** Percent of the file system above which images are removed. */
  readonly highPercent: number;
  /** ... and down to which. */
  readonly lowPercent: number;
  /** Younger images stay. */
  readonly minAgeMs: number;
}

export const IMAGE_GC: ImageGcPolicy = { highPercent: 85, lowPercent: 80, minAgeMs: 120_000 };

/** @returns images to remove, in order; none when usage is below the high threshold */
export function imagesToRemove(
  images: readonly ImageUse[],
  usage: { readonly usedBytes: number; readonly capacityBytes: number; readonly nowMs: number },
  policy: ImageGcPolicy,
): readonly ImageUse[] {
  const { usedBytes, capacityBytes, nowMs } = usage;
  if (usedBytes * 100 < policy.highPercent * capacityBytes) return [];
  let toFree = usedBytes - (policy.lowPercent / 100) * capacityBytes;
  const removed: ImageUse[] = [];
  for (const image of unusedImages(images)) {
    if (toFree <= 0) break;
    if (nowMs - image.pulledAtMs < policy.minAgeMs) continue;
    removed.push(image);
    toFree -= image.sizeBytes;
  }
  return removed;
}

/** Longest unused first. */
export function unusedImages(images: readonly ImageUse[]): readonly ImageUse[] {
  return images
    .filter((image) => !image.isUsed)
    .sort((a, b) => a.lastUsedAtMs - b.lastUsedAtMs || a.pulledAtMs - b.pulledAtMs);
}
