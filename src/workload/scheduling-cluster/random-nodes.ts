// Random nodes: sizes, zones with some nodes outside of any, taints of every effect, images, extended resources.
import { LABEL_HOSTNAME, LABEL_REGION, type ResourceList, type Taint } from "../../api/scheduling.js";
import { LABEL_ZONE, type Node } from "../../api/types.js";
import type { Prng } from "../../base/prng.js";
import {
  between,
  DISK,
  DISKS,
  GENERATION,
  GPU,
  HUGE_PAGES,
  oneIn,
  RACK,
  RACKS,
  some,
  ZONES,
} from "./draws.js";

/** Name -> MiB; the same on every node. */
const IMAGE_MIB: Readonly<Record<string, number>> = {
  "registry.example/web:v1": 180,
  "registry.example/web:v2": 185,
  "registry.example/api:latest": 640,
  "registry.example:5000/db:v9": 1400,
  "registry.example/cache@sha256:0f": 22,
  "registry.example/batch:latest": 3100,
  "pause:latest": 1,
};

export function nodeName(index: number): string {
  return `node-${String(index).padStart(4, "0")}`;
}

export function randomNode(prng: Prng, name: string): Node {
  const taints = randomTaints(prng);
  const unschedulable = oneIn(prng, 25);
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, labels: randomLabels(prng, name) },
    spec: { ...(unschedulable ? { unschedulable } : {}), ...(taints.length > 0 ? { taints } : {}) },
    status: { allocatable: randomAllocatable(prng), images: randomImages(prng) },
  };
}

function randomLabels(prng: Prng, name: string): Readonly<Record<string, string>> {
  const zone = prng.pick(ZONES);
  return {
    ...(oneIn(prng, 40) ? {} : { [LABEL_HOSTNAME]: name }),
    ...(oneIn(prng, 12) ? {} : { [LABEL_ZONE]: zone, [LABEL_REGION]: zone === "z3" ? "west" : "east" }),
    ...(oneIn(prng, 3) ? {} : { [RACK]: prng.pick(RACKS) }),
    ...(oneIn(prng, 2) ? {} : { [DISK]: prng.pick(DISKS) }),
    ...(oneIn(prng, 3) ? {} : { [GENERATION]: oneIn(prng, 15) ? "new" : String(between(prng, 1, 9)) }),
  };
}

const TAINTS: readonly Taint[] = [
  { key: "dedicated", value: "db", effect: "NoSchedule" },
  { key: "dedicated", value: "batch", effect: "NoSchedule" },
  { key: "broken", effect: "NoExecute" },
  { key: "spot", value: "yes", effect: "PreferNoSchedule" },
  { key: "slow", effect: "PreferNoSchedule" },
];

function randomTaints(prng: Prng): Taint[] {
  return oneIn(prng, 3) ? some(prng, TAINTS, between(prng, 1, 3)) : [];
}

function randomAllocatable(prng: Prng): ResourceList {
  return {
    cpu: prng.pick(["2", "4", "8", "3500m", "16"]),
    memory: prng.pick(["4Gi", "8Gi", "7900Mi", "16Gi", "33554432Ki"]),
    pods: oneIn(prng, 8) ? String(between(prng, 1, 4)) : "110",
    ...(oneIn(prng, 10) ? {} : { "ephemeral-storage": prng.pick(["10Gi", "50Gi"]) }),
    ...(oneIn(prng, 3) ? { [GPU]: String(between(prng, 0, 4)) } : {}),
    ...(oneIn(prng, 5) ? { [HUGE_PAGES]: "512Mi" } : {}),
  };
}

/** As Pods write it: mostly without the tag that is meant anyway. */
export function randomImage(prng: Prng): string {
  const image = prng.pick(Object.keys(IMAGE_MIB));
  return oneIn(prng, 2) ? image.replace(":latest", "") : image;
}

function randomImages(prng: Prng): { readonly names: readonly string[]; readonly sizeBytes: number }[] {
  const names = some(prng, Object.keys(IMAGE_MIB), between(prng, 0, 5));
  return names.map((name) => ({ names: [name], sizeBytes: (IMAGE_MIB[name] as number) * 1024 * 1024 + 17 }));
}
