// plumb doctor: what this machine is, what it can measure, and what is missing for the optional parts.
import { spawnSync } from "node:child_process";
import type { Command } from "commander";
import { realClock } from "../../base/clock.js";
import { noiseFloor, readEnvironment, systemReaders } from "../../measure/environment.js";
import { calibrateTimer } from "../../measure/timer.js";
import { type Capabilities, findCapabilities } from "../../kernel/host/capabilities.js";
import { findLeftovers, removeLeftovers } from "../../kernel/host/leftovers.js";
import { KERNEL_PATHS } from "../../measure/kernel-record.js";
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
  { name: "cc", args: ["--version"], why: "builds what sends packets, and the C twins of the core" },
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
    .option("--clean", "remove what verifications that were killed left on disk")
    .addHelpText("after", "\nExamples:\n  plumb doctor\n  plumb doctor --json\n  plumb doctor --clean")
    .action(async ({ json, clean }: { json?: boolean; clean?: boolean }) => {
      if (clean) {
        const removed = removeLeftovers();
        if (json) terminal.print(JSON.stringify({ removed }));
        else terminal.print(removed.length === 0 ? "nothing was left" : `removed ${removed.join(", ")}`);
        return;
      }
      const noise = noiseFloor(realClock);
      const timer = calibrateTimer(realClock);
      const environment = readEnvironment(systemReaders, { timer, noise, busyShare: null, stealShare: null });
      const checks = [
        ...machineChecks(noise.relativeMad),
        ...kernelChecks(await findCapabilities(realClock)),
        ...PROGRAMS.map(programCheck),
      ];
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
  const left = findLeftovers();
  return [
    {
      name: "quiet machine",
      ok: relativeMad <= NOISE_MAX,
      found: "noise floor below 3%",
      why: "noise floor above 3%: timings will be inconclusive, counts are not touched",
    },
    {
      name: "no leftovers",
      ok: left.length === 0,
      found: "no killed verification left anything",
      why: `plumb doctor --clean removes ${left.join(", ")}`,
    },
  ];
}

/** What `plumb verify` can load into a kernel here. */
function kernelChecks({ privilege, paths, missing }: Capabilities): Check[] {
  const why = new Map(missing.map(({ what, reason, detail }) => [what, `${reason}: ${detail}`]));
  const sandbox: Check = {
    name: "sandbox",
    ok: privilege !== null,
    found: privilege === "root" ? "network namespaces, as root" : "network namespaces, in a user namespace",
    why: why.get("kernel") ?? "",
  };
  const loadable = KERNEL_PATHS.map(
    (path): Check => ({
      name: path,
      ok: paths.includes(path),
      found: "its rules load into this kernel",
      why: why.get(path) ?? why.get("kernel") ?? "",
    }),
  );
  return [sandbox, ...loadable];
}

function programCheck({ name, args, why }: (typeof PROGRAMS)[number]): Check {
  const run = spawnSync(name, [...args], { encoding: "utf8" });
  const ok = run.error === undefined;
  return { name, ok, found: ok ? (`${run.stdout}${run.stderr}`.split("\n")[0] ?? "").trim() : "", why };
}
