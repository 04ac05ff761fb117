// How long rules take into the kernel of a host, for clusters of uniform Services: kernel/programming given documents of
// kube-proxy's and namespaces of the host's.
import type { Clock } from "../../base/clock.js";
import type { KernelHost } from "../../kernel/host/command.js";
import { runCommand } from "../../kernel/host/run-commands.js";
import type { RuleNamespace } from "../../kernel/programming/case-visits.js";
import { DEFAULT_PROGRAMMING, measureProgramming } from "../../kernel/programming/measure-programming.js";
import { PROGRAMMING_PATHS } from "../../kernel/programming/rule-documents.js";
import type { KernelPath, NotVerifiedRecord, ProgrammingRecord } from "../../measure/kernel-record.js";
import { programmingDocuments } from "./programming-documents.js";

export interface ProgrammingVerification {
  readonly host: KernelHost;
  readonly paths: readonly KernelPath[];
  readonly clock: Clock;
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly onProgress: (text: string) => void;
}

/** Cluster sizes; a full sync of iptables-nft over 10,000 Services alone would take 18 s. */
const SIZES = [100, 1000, 5000] as const;
const BUDGET_MS = 75_000;

/** @throws {PlumbError} when a namespace cannot be made; the signal's reason when aborted */
export async function verifyProgramming({ host, paths, ...options }: ProgrammingVerification): Promise<{
  readonly programming: readonly ProgrammingRecord[];
  readonly notVerified: readonly NotVerifiedRecord[];
}> {
  let opened = 0;
  const { records, notVerified } = await measureProgramming({
    ...DEFAULT_PROGRAMMING,
    ...options,
    budgetMs: BUDGET_MS,
    kernel: host.kind,
    cases: PROGRAMMING_PATHS.filter((path) => paths.includes(path)).flatMap((path) =>
      SIZES.map((services) => ({ path, services })),
    ),
    documents: programmingDocuments,
    openNamespace: () => openNamespace(host, `plumb-programming-${opened++}`),
  });
  return { programming: records, notVerified };
}

async function openNamespace(host: KernelHost, netns: string): Promise<RuleNamespace> {
  await runCommand(host, { argv: ["ip", "netns", "add", netns] });
  return {
    run: (argv, stdin) => host.run({ netns, argv, stdin: () => stdin }),
    async close() {
      await runCommand(host, { argv: ["ip", "netns", "del", netns] });
    },
  };
}
