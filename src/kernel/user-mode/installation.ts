// Where user-mode Linux is installed, or what is missing. Debian's package puts a kernel at /usr/bin/linux.uml and its
// modules under /usr/lib/uml/modules/<version>; they must be of one version, since a kernel takes no other's modules.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { NotVerifiedRecord } from "../../measure/kernel-record.js";

export interface UserModeInstallation {
  /** Absolute path of the kernel, which is an ordinary program. */
  readonly binary: string;
  /** "6.1.176": what it answers to --version. */
  readonly version: string;
  /** Folder of its modules. */
  readonly modules: string;
}

/** What the guest and its start need -> Debian package. The tools that load rules are asked for by who uses them. */
const PROGRAMS: Readonly<Record<string, string>> = {
  modprobe: "kmod",
  taskset: "util-linux",
  nsenter: "util-linux",
  mount: "mount",
  ip: "iproute2",
  stty: "coreutils",
  head: "coreutils",
};
const NAMES = ["linux.uml", "linux"];
const MODULE_FOLDERS = ["/usr/lib/uml/modules", "/usr/lib/modules", "/lib/modules"];
const GET_IT = "install user-mode-linux and kmod (Debian and its descendants)";

/** Whether IPVS can be had in a user-mode Linux here. Boots nothing; cost: about 10 ms. */
export function findUserModeLinux(
  path = process.env["PATH"] ?? "",
): UserModeInstallation | NotVerifiedRecord {
  if (process.platform !== "linux" || process.arch !== "x64")
    return noIpvs(`user-mode Linux runs on Linux on x86-64, not on ${process.platform} on ${process.arch}`);
  const found = NAMES.map((name) => programOnPath(name, path)).find((binary) => binary !== null);
  if (found === undefined || found === null)
    return noIpvs(`there is no ${NAMES.join(" and no ")} on PATH; ${GET_IT}`);
  const { stdout } = spawnSync(found, ["--version"], { encoding: "utf8" });
  const [version] = /^\d+\.\d+\S*/.exec(stdout ?? "") ?? [];
  if (version === undefined) return noIpvs(`${found} is not a user-mode Linux; ${GET_IT}`);
  const modules = MODULE_FOLDERS.map((folder) => join(folder, version)).find(hasIpvs);
  if (modules === undefined)
    return noIpvs(`${found} has no module ip_vs in ${MODULE_FOLDERS.join(", ")} (${version}); ${GET_IT}`);
  const missing = Object.entries(PROGRAMS).filter(([program]) => programOnPath(program, path) === null);
  if (missing.length === 0) return { binary: found, version, modules };
  const detail = missing.map(([program, debian]) => `${program} (Debian: ${debian})`).join(", ");
  return { what: "ipvs", reason: "TOOL_MISSING", detail };
}

function noIpvs(detail: string): NotVerifiedRecord {
  return { what: "ipvs", reason: "ENV_NO_IPVS", detail };
}

function hasIpvs(modules: string): boolean {
  const list = join(modules, "modules.dep");
  return existsSync(list) && readFileSync(list, "utf8").includes("/ip_vs.ko");
}

function programOnPath(name: string, path: string): string | null {
  const folders = path.split(":").filter((folder) => folder.startsWith("/"));
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file)) ?? null;
}
