// How packets through ip_vs are paced, and connections that expire. A flush of conntrack leaves them in its table, whose chains grow with them, so first
// packets are timed while they time out after a second, and a busy wait between rounds lets them.
import type { PacketKind } from "../../measure/kernel-record.js";
import type { KernelHost } from "../host/command.js";
import { runCommand } from "../host/run-commands.js";
import type { Pacing } from "./time-cases.js";

/**
 * Rulesets are timed one after the other, most often in a user-mode Linux, which has one processor. A round takes 0.2 s:
 * enough of them that some fall into quiet ones.
 */
export const IPVS_PACING = { rounds: 16, passes: 8, cpu: 0 } as const;

/** Of UDP connections, whole seconds; the wait is a little longer. */
const EXPIRY_S = 1;
const SETTLE_MS = 1200;
const LONG_EXPIRY_S = 300;
/** Passes of a round after which connections are to expire: not many more than ip_vs has buckets, 4,096. */
const EXPIRING_PASSES = 3;
/** Rounds of these: each waits for more than a second. */
const EXPIRING_ROUNDS = 8;

/**
 * Sets how long the connections of a kernel's ip_vs last, for packets of a kind.
 * @returns how these are then to be paced
 * @throws {PlumbError} Internal when ipvsadm is refused
 */
export async function withExpiry(
  host: KernelHost,
  netns: string,
  { packet, pacing }: { readonly packet: PacketKind; readonly pacing: Pacing },
): Promise<Pacing> {
  const seconds = packet === "first" ? EXPIRY_S : LONG_EXPIRY_S;
  await runCommand(host, { netns, argv: ["ipvsadm", "--set", "0", "0", `${seconds}`] });
  if (packet === "established") return pacing;
  const rounds = Math.min(pacing.rounds, EXPIRING_ROUNDS);
  return { ...pacing, rounds, passes: Math.min(pacing.passes, EXPIRING_PASSES), settleMs: SETTLE_MS };
}
