// plumb calibrate: what this machine's kernel costs apiece, as a file that modelled times can be made of.
import { writeFileSync } from "node:fs";
import type { Command } from "commander";
import { PlumbError } from "../../base/errors.js";
import { realTimers } from "../../base/timers.js";
import type { Calibration } from "../../calibration/calibration.js";
import { writeCalibration } from "../../calibration/calibration-file.js";
import { medianCalibration } from "../../calibration/median-calibration.js";
import { findCapabilities } from "../../kernel/host/capabilities.js";
import type { Calibrated } from "../../kernel/timing/calibrate.js";
import { calibrateHere } from "../verify/calibration-host.js";
import type { CommandContext } from "../context.js";
import { interruptSignals } from "../interrupt-signals.js";
import { attempt } from "../output-folder.js";
import { textTable } from "../text-table.js";
import { positiveNumber, seedValue } from "../whole-number.js";

interface CalibrateFlags {
  readonly output: string;
  readonly seed: number;
  readonly runs: number;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  sudo plumb calibrate -o mine.json
  sudo plumb calibrate --runs 3 -o mine.json
  plumb run quick --calibration mine.json
  sudo plumb verify quick --timing --calibration mine.json

Loads some hundred rulesets of one kind of rule each into network namespaces of its own and times packets through them;
takes three to four minutes a run, on a machine that should do nothing else. ip_vs is timed in a user-mode Linux where the
kernel has none and one is installed. What cannot be measured (the userspace proxy) keeps its recorded price.`;

export function registerCalibrate(program: Command, context: CommandContext): void {
  program
    .command("calibrate")
    .description("measure what rules cost apiece in this machine's kernel")
    .option("-o, --output <file>", "where to write the calibration", "calibration.json")
    .option("--seed <n>", "seed of the order in which things are timed", seedValue, 42)
    .option("--runs <n>", "calibrate so many times and take medians", positiveNumber, 1)
    .option("--json", "print the calibration instead of a table")
    .addHelpText("after", EXAMPLES)
    .action((flags: CalibrateFlags) => calibrateCommand(flags, context));
}

async function calibrateCommand(
  { output, seed, runs, json }: CalibrateFlags,
  { terminal }: CommandContext,
): Promise<void> {
  const { privilege, missing } = await findCapabilities(realTimers);
  if (privilege !== "root")
    throw new PlumbError(
      "ToolMissing",
      `Cannot calibrate: ${missing[0]?.detail ?? "times in a user namespace are not comparable"}`,
      {
        hint: "run as root; plumb doctor lists what is missing",
      },
    );
  const interrupt = interruptSignals(terminal);
  try {
    const found = await calibrateTimes(runs, (run) =>
      calibrateHere({
        seed: seed + run,
        signal: interrupt.finish,
        onProgress: (text) =>
          terminal.progress(`calibration ${run + 1} of ${runs}: ${text}`, { milestone: false }),
      }),
    );
    attempt(output, () => writeFileSync(output, writeCalibration(found.calibration)));
    if (json) terminal.print(writeCalibration(found.calibration).trimEnd());
    else for (const line of summary(found)) terminal.print(line);
    terminal.note(`wrote ${output}`);
  } finally {
    interrupt.release();
  }
}

/** Controls and what was refused are the last run's. */
async function calibrateTimes(
  runs: number,
  calibrateOnce: (run: number) => Promise<Calibrated>,
): Promise<Calibrated> {
  let found = await calibrateOnce(0);
  const calibrations = [found.calibration];
  let { roundsRejected } = found;
  for (let run = 1; run < runs; run++) {
    found = await calibrateOnce(run);
    calibrations.push(found.calibration);
    roundsRejected += found.roundsRejected;
  }
  return { ...found, calibration: medianCalibration(calibrations), roundsRejected };
}

function summary({ calibration, controls, refused, ipvsRefused, roundsRejected }: Calibrated): string[] {
  const columns = [
    { title: "ns", align: "right" },
    { title: "what", align: "left" },
    { title: "", align: "left" },
  ] as const;
  return [
    calibration.machine,
    "",
    ...textTable(columns, priceRows(calibration)),
    "",
    ...controls.map(
      ({ control, packet, ns, noise }) =>
        `control ${control}, ${packet}: ${ns.toFixed(0)} ns, noise ${(noise * 100).toFixed(1)}%`,
    ),
    `${roundsRejected} rounds rejected`,
    ...(ipvsRefused === null ? [] : [`ip_vs keeps its recorded prices, scaled: ${ipvsRefused}`]),
    ...refused.map(({ flavour, why }) => `${flavour} keeps its recorded prices: ${why}`),
  ];
}

function priceRows({ path, flavours }: Calibration): string[][] {
  const rows = Object.entries(path).map(([name, { ns, what }]) => [ns.toFixed(0), name, what]);
  for (const [flavour, { work, hooksFirst, hooksEstablished, natApply }] of Object.entries(flavours)) {
    const priced = { hooksFirst, hooksEstablished, natApply, ...work };
    for (const [name, { ns, what }] of Object.entries(priced))
      rows.push([ns.toFixed(1), `${flavour} ${name}`, what]);
  }
  return rows;
}
