// The kernels that a verification runs in: the machine's own, and a user-mode Linux for IPVS where that has none.
import { rmSync } from "node:fs";
import { realTimers } from "../../base/timers.js";
import type { PathsHost } from "../../experiment/verify-kernel/verify-times.js";
import { findCapabilities } from "../../kernel/host/capabilities.js";
import { makeTemporaryFolder } from "../../kernel/host/leftovers.js";
import { type Privilege, Sandbox } from "../../kernel/host/sandbox.js";
import { findUserModeLinux, type UserModeInstallation } from "../../kernel/user-mode/installation.js";
import { UserModeKernel } from "../../kernel/user-mode/user-mode-kernel.js";
import type { KernelPath, NotVerifiedRecord } from "../../measure/kernel-record.js";

/** What this machine can verify, and why not the rest. */
export interface KernelPlan {
  readonly privilege: Privilege | null;
  readonly nativePaths: readonly KernelPath[];
  /** For path ipvs; null where it is not needed or not to be had. */
  readonly userMode: UserModeInstallation | null;
  readonly missing: readonly NotVerifiedRecord[];
}

/** Enough for rules and sets of some thousand Services. */
const USER_MODE_MEMORY_MIB = 1024;

/** @param asked null: every path that can be had */
export async function planKernels(asked: readonly KernelPath[] | null): Promise<KernelPlan> {
  const isAsked = (path: string) => asked === null || asked.some((one) => one === path);
  const { privilege, paths, missing } = await findCapabilities(realTimers);
  const nativePaths = paths.filter(isAsked);
  const others = missing.filter(({ what }) => what === "kernel" || isAsked(what));
  if (!isAsked("ipvs") || paths.includes("ipvs"))
    return { privilege, nativePaths, userMode: null, missing: others };
  const found = findUserModeLinux();
  const rest = others.filter(({ what }) => what !== "ipvs");
  if (!("reason" in found)) return { privilege, nativePaths, userMode: found, missing: rest };
  return { privilege, nativePaths, userMode: null, missing: [...rest, found] };
}

export interface OpenKernels {
  readonly hosts: readonly PathsHost[];
  close(): Promise<void>;
}

/**
 * Those with a path to verify, and root's own for the prices of a user-mode Linux that is timed.
 * @throws {PlumbError} Internal when a kernel cannot be opened; those opened before are closed
 */
export async function openKernels(
  { privilege, nativePaths, userMode }: KernelPlan,
  { isTimed }: { readonly isTimed: boolean },
): Promise<OpenKernels> {
  const hosts: PathsHost[] = [];
  const folder = userMode === null ? null : makeTemporaryFolder();
  const close = async () => {
    for (const { host } of hosts) await host.close();
    if (folder !== null) rmSync(folder, { recursive: true, force: true });
  };
  try {
    if (privilege !== null && (nativePaths.length > 0 || (isTimed && privilege === "root"))) {
      const host = await Sandbox.open(privilege, realTimers);
      hosts.push({ host, paths: nativePaths, isUnprivileged: privilege === "user-namespace" });
    }
    if (userMode !== null && folder !== null) {
      const host = await UserModeKernel.boot({
        installation: userMode,
        folder,
        timers: realTimers,
        memoryMiB: USER_MODE_MEMORY_MIB,
        kernelArguments: [],
      });
      hosts.push({ host, paths: ["ipvs"], isUnprivileged: false });
    }
    return { hosts, close };
  } catch (error) {
    await close();
    throw error;
  }
}
