// plumb doctor: what this machine is, what it can measure, and what is missing for the optional parts.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import type { Command } from "commander";
import { realClock } from "../../base/clock.js";
import { noiseFloor, readEnvironment, systemReaders } from "../../measure/environment.js";
import { calibrateTimer } from "../../measure/timer.js";
import type { CommandContext } from "../context.js";

interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly found: string;
  /** What it is for, and how to get it. */
  readonly why: string;
}

/** Programs that tests and later checks use; none is needed for a run. */
const PROGRAMS = [
  {
    name: "iptables-restore",
    args: ["--version"],
    why: "loads compiled rules into a network namespace (Debian: iptables)",
  },
  { name: "nft", args: ["--version"], why: "loads nftables rules (Debian: nftables)" },
  { name: "ipset", args: ["--version"], why: "loads the sets of mode ipvs (Debian: ipset)" },
  { name: "ipvsadm", args: ["--version"], why: "loads virtual servers (Debian: ipvsadm)" },
  { name: "unshare", args: ["--version"], why: "makes a network namespace (util-linux)" },
  { name: "cc", args: ["--version"], why: "builds the C twins that the core is measured against" },
  {
    name: "go",
    args: ["version"],
    why: "builds upstream's scheduler for plumb verify scheduler (https://go.dev/dl)",
  },
  { name: "kubectl", args: ["version", "--client"], why: "drives the cluster of plumb up" },
  { name: "etcd", args: ["--version"], why: "the store's real counterpart in tests (Debian: etcd-server)" },
  {
    name: "etcdctl",
    args: ["version"],
    why: "looks into the store, plumb up --serve-etcd (Debian: etcd-client)",
  },
  { name: "chromium", args: ["--version"], why: "opens the report in tests (Debian: chromium)" },
] as const;

/** A noise floor above this makes small differences invisible. */
const NOISE_MAX = 0.03;

export function registerDoctor(program: Command, { terminal }: CommandContext): void {
  program
    .command("doctor")
    .description("describe this machine: timer, noise floor, tools found and missing")
    .option("--json", "as one JSON object")
    .addHelpText("after", "\nExamples:\n  plumb doctor\n  plumb doctor --json")
    .action(({ json }: { json?: boolean }) => {
      const noise = noiseFloor(realClock);
      const timer = calibrateTimer(realClock);
      const environment = readEnvironment(systemReaders, { timer, noise, busyShare: null, stealShare: null });
      const checks = [...machineChecks(noise.relativeMad), ...PROGRAMS.map(programCheck)];
      if (json) {
        terminal.print(JSON.stringify({ environment, checks }, null, 2));
        return;
      }
      const { cpu, os, kernel, memoryBytes, node } = environment;
      terminal.print(
        `${cpu.model}, ${cpu.cores} cores, ${(memoryBytes / 2 ** 30).toFixed(1)} GiB, ${os}, Linux ${kernel}, Node ${node}`,
      );
      terminal.print(
        `timer: ${timer.resolutionNs} ns resolution, ${timer.overheadNs} ns a reading; noise floor ${(noise.relativeMad * 100).toFixed(2)}%`,
      );
      for (const check of checks)
        terminal.print(
          `${check.ok ? "ok     " : "missing"} ${check.name.padEnd(18)} ${check.ok ? check.found : check.why}`,
        );
    });
}

function machineChecks(relativeMad: number): Check[] {
  const isRoot = process.getuid?.() === 0;
  const hasIpvs = existsSync("/proc/net/ip_vs");
  return [
    {
      name: "quiet machine",
      ok: relativeMad <= NOISE_MAX,
      found: "noise floor below 3%",
      why: "noise floor above 3%: timings will be inconclusive, counts are not touched",
    },
    { name: "root", ok: isRoot, found: "yes", why: "not root: rules cannot be loaded into a namespace here" },
    {
      name: "ip_vs",
      ok: hasIpvs,
      found: "in the kernel",
      why: "the kernel has no ip_vs, or it is not loaded: ipvs rules cannot be loaded natively",
    },
  ];
}

function programCheck({ name, args, why }: (typeof PROGRAMS)[number]): Check {
  const run = spawnSync(name, [...args], { encoding: "utf8" });
  const ok = run.error === undefined;
  return { name, ok, found: ok ? (`${run.stdout}${run.stderr}`.split("\n")[0] ?? "").trim() : "", why };
}
