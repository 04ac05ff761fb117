// Images as all nodes know them: name -> id, digest, size. One object per image, shared by every node that pulled it.
// Digests are made up from the name, so that the same image has the same one everywhere and in every run.
import { createHash } from "node:crypto";
import type { ImageStatus } from "./runtime-service.js";
import { imageName } from "./profile.js";

const MIB = 1024 * 1024;
/** Sizes of what is pulled most, of the last part of the name. */
const SIZES: ReadonlyMap<string, number> = new Map([
  ["pause", 0.3 * MIB],
  ["busybox", 2.2 * MIB],
  ["alpine", 3.6 * MIB],
  ["nginx", 72 * MIB],
  ["redis", 45 * MIB],
  ["postgres", 160 * MIB],
  ["hello-world", 0.01 * MIB],
]);
const IMAGES_KEPT_MAX = 10_000;

const catalog = new Map<string, ImageStatus>();

/** @returns null when this is no name of an image */
export function imageOf(image: string): ImageStatus | null {
  const kept = catalog.get(image);
  if (kept !== undefined) return kept;
  if (!/^[a-z0-9]+[\w.:/@-]*$/i.test(image) || /[A-Z]/.test(imageName(image).split("/").slice(1).join("/")))
    return null;
  const full = canonicalImage(image);
  const name = imageName(full);
  const digest = /@(sha256:[0-9a-f]{64})$/.exec(image)?.[1] ?? `sha256:${sha256(`digest ${full}`)}`;
  const status: ImageStatus = {
    image: full,
    id: `sha256:${sha256(`config ${full}`)}`,
    ref: `${name}@${digest}`,
    sizeBytes: Math.round(SIZES.get(name.slice(name.lastIndexOf("/") + 1)) ?? sizeFrom(digest)),
  };
  if (catalog.size < IMAGES_KEPT_MAX) catalog.set(image, status);
  return status;
}

/** "nginx" -> "docker.io/library/nginx:latest" */
export function canonicalImage(image: string): string {
  const hasTag = image.includes("@") || imageName(image) !== image;
  const tagged = hasTag ? image : `${image}:latest`;
  const [first = "", ...rest] = tagged.split("/");
  if (rest.length === 0) return `docker.io/library/${tagged}`;
  return /[.:]|^localhost$/.test(first) ? tagged : `docker.io/${tagged}`;
}

/** 10 to 265 MiB. */
function sizeFrom(digest: string): number {
  return (10 + Number.parseInt(digest.slice(-2), 16)) * MIB;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
