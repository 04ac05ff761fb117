// What this machine can verify, and for everything it cannot: the reason, and what would mend it.
// Found by trying: a sandbox is opened, and each path's probe text is loaded into a namespace of it.
// Cost: about 0.3 s.
import { spawnSync } from "node:child_process";
import type { Clock } from "../../base/clock.js";
import { PlumbError } from "../../base/errors.js";
import { KERNEL_PATHS, type KernelPath, type NotVerifiedRecord } from "../../measure/kernel-record.js";
import type { KernelHost } from "./command.js";
import { PATH_NEEDS } from "./path-probe.js";
import { loadRules } from "./rule-loading.js";
import { type Privilege, Sandbox } from "./sandbox.js";

/** Programs of every verification -> Debian package. */
const PROGRAMS = {
  unshare: "util-linux",
  nsenter: "util-linux",
  mount: "mount",
  ip: "iproute2",
  sysctl: "procps",
  cc: "gcc libc6-dev",
} as const;

/** Older ones do not know what kube-proxy's nftables mode writes. */
const NFT_OLDEST = [1, 0, 1] as const;

export interface Capabilities {
  /** How sandboxes are opened; null when they cannot be. */
  readonly privilege: Privilege | null;
  /** Paths that can be loaded into the machine's own kernel. */
  readonly paths: readonly KernelPath[];
  readonly missing: readonly NotVerifiedRecord[];
}

export async function findCapabilities(clock: Clock): Promise<Capabilities> {
  const tools = missingPrograms(PROGRAMS);
  if (tools !== null) return nothing({ what: "kernel", reason: "TOOL_MISSING", detail: tools });
  const opened = await openSandbox(clock);
  if ("reason" in opened) return nothing(opened);
  const { sandbox, privilege } = opened;
  try {
    const paths: KernelPath[] = [];
    const missing: NotVerifiedRecord[] = [];
    for (const path of KERNEL_PATHS) {
      const why = await refusalOf(path, sandbox);
      if (why === null) paths.push(path);
      else missing.push(why);
    }
    return { privilege, paths, missing };
  } finally {
    await sandbox.close();
  }
}

function nothing(why: NotVerifiedRecord): Capabilities {
  return { privilege: null, paths: [], missing: [why] };
}

type Opened = { readonly sandbox: Sandbox; readonly privilege: Privilege };

async function openSandbox(clock: Clock): Promise<Opened | NotVerifiedRecord> {
  const isRoot = process.getuid?.() === 0;
  let detail = "";
  for (const privilege of isRoot ? (["root", "user-namespace"] as const) : (["user-namespace"] as const)) {
    try {
      return { sandbox: await Sandbox.open(privilege, clock), privilege };
    } catch (error) {
      if (!(error instanceof PlumbError)) throw error;
      detail = `${error.message}; ${error.hint ?? ""}`;
    }
  }
  return { what: "kernel", reason: isRoot ? "ENV_NO_NETNS" : "ENV_NO_ROOT", detail };
}

/** Why a path cannot be loaded here; null when it can. */
async function refusalOf(path: KernelPath, host: KernelHost): Promise<NotVerifiedRecord | null> {
  const { programs, texts } = PATH_NEEDS[path];
  const tools = missingPrograms(programs);
  if (tools !== null) return { what: path, reason: "TOOL_MISSING", detail: tools };
  const netns = `plumb-probe-${path}`;
  await host.run({ argv: ["ip", "netns", "add", netns] });
  for (const command of loadRules(path, "IPv4", texts, netns)) {
    const { status, stderr } = await host.run(command);
    if (status !== 0)
      return { what: path, ...(await reasonFor(path, host, stderr.trim().replaceAll(/\s*\n\s*/g, "; "))) };
  }
  return null;
}

async function reasonFor(
  path: KernelPath,
  host: KernelHost,
  stderr: string,
): Promise<Pick<NotVerifiedRecord, "reason" | "detail">> {
  if (path === "ipvs")
    return { reason: "ENV_NO_IPVS", detail: "this kernel has no ip_vs, and modprobe finds none" };
  if (path === "nftables") {
    const { stdout } = await host.run({ argv: ["nft", "--version"] });
    if (isOlder(stdout))
      return { reason: "NFT_TOO_OLD", detail: `${stdout.trim()}; ${NFT_OLDEST.join(".")} is needed` };
  }
  return { reason: "KERNEL_REFUSED", detail: stderr };
}

/** Whether "nftables v1.0.6 (...)" is older than the oldest that will do. */
function isOlder(version: string): boolean {
  const [, ...found] = /v(\d+)\.(\d+)(?:\.(\d+))?/.exec(version) ?? [];
  for (const [index, least] of NFT_OLDEST.entries()) {
    const part = Number(found[index] ?? 0);
    if (part !== least) return part < least;
  }
  return false;
}

/** "ipset (Debian: ipset)" of those not on PATH; null when all are. */
function missingPrograms(programs: Readonly<Record<string, string>>): string | null {
  const missing = Object.entries(programs).filter(
    ([program]) => spawnSync("sh", ["-c", `command -v ${program}`]).status !== 0,
  );
  if (missing.length === 0) return null;
  return missing.map(([program, debian]) => `${program} (Debian: ${debian})`).join(", ");
}
