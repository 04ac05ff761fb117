// The version that package.json states.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../base/source-path.js";

export function toolVersion(): string {
  const manifest = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as { version: string };
  return manifest.version;
}
