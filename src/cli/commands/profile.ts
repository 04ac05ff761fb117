// plumb profile: where one case's time goes, as a V8 CPU profile, folded stacks, a flame graph and a table; or under
// clinic.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Command, Option } from "commander";
import { present } from "../../base/assert.js";
import { forkSample } from "../../experiment/fork-sample.js";
import type { SampleRequest } from "../../experiment/sample-types.js";
import { resolveCases } from "../../experiment/scenario.js";
import { parseCpuProfile, selfTimes } from "../../measure/cpu-profile.js";
import { CLINIC_TOOLS, runClinic } from "../clinic.js";
import type { CommandContext } from "../context.js";
import { makeOutputFolder } from "../output-folder.js";
import { loadScenario } from "../presets.js";
import { noteWritten, writeDerived } from "../profile-files.js";
import type { Terminal } from "../terminal.js";
import { positiveNumber } from "../whole-number.js";
import { registerProfileScheduler } from "./profile-scheduler.js";

interface ProfileOptions {
  readonly only: string;
  readonly output: string;
  readonly seconds: number;
  readonly top: number;
  readonly clinic?: string;
  readonly json?: boolean;
}

/** Sampling interval of --cpu-prof, microseconds. */
const INTERVAL_US = 200;

const EXAMPLES = `
Examples:
  plumb profile quick --only 'mode=iptables services=1000'
  plumb profile quick --only 'mode=ipvs services=10000' -o profiles/ipvs --seconds 5
  plumb profile quick --clinic flame           needs the development dependencies (npm ci)
  plumb profile scheduler                      the scheduler; plumb profile scheduler --help

The .cpuprofile opens in Chrome DevTools, the .flame.html in any browser, the .folded in any flame graph tool.
Frames marked (wasm) are the core's.`;

export function registerProfile(program: Command, context: CommandContext): void {
  const profile = program
    .command("profile [scenario]")
    .description("profile one case of a scenario: CPU profile, flame graph, folded stacks, top functions")
    .helpCommand(false)
    .option(
      "--only <pattern>",
      "the case, as in plumb run; the first that matches",
      "mode=iptables services=1000",
    )
    .option("-o, --output <dir>", "folder to write", "profile")
    .option("--seconds <n>", "measuring time per timed metric", positiveNumber, 2)
    .option("--top <n>", "functions shown", positiveNumber, 20)
    .addOption(new Option("--clinic <tool>", "run under clinic instead").choices(CLINIC_TOOLS))
    .option("--json", "print the top functions as JSON")
    .addHelpText("after", EXAMPLES)
    .action((name: string | undefined, options: ProfileOptions) =>
      profileCommand(name ?? "quick", options, context),
    );
  registerProfileScheduler(profile, context);
}

async function profileCommand(
  name: string,
  options: ProfileOptions,
  { terminal }: CommandContext,
): Promise<void> {
  const scenario = loadScenario(name);
  const scenarioCase = present(resolveCases(scenario, options.only)[0], "a selected case");
  const request: SampleRequest = {
    case: scenarioCase,
    seed: scenario.seed,
    block: 0,
    warmup: scenario.sampling.warmup,
    timedNs: options.seconds * 1e9,
  };
  const folder = makeOutputFolder(options.output);
  terminal.note(`profiling ${scenarioCase.id}`);
  if (options.clinic !== undefined) runClinic(options.clinic, request, folder, terminal);
  else await cpuProfile(request, folder, options, terminal);
}

/** Every thread of the sample writes a profile of its own. */
async function cpuProfile(
  request: SampleRequest,
  folder: string,
  { top, json }: ProfileOptions,
  terminal: Terminal,
): Promise<void> {
  const before = new Set(readdirSync(folder));
  const execArgv = ["--cpu-prof", `--cpu-prof-dir=${folder}`, `--cpu-prof-interval=${INTERVAL_US}`];
  await forkSample(request, new AbortController().signal, { execArgv });
  const made = readdirSync(folder).filter((file) => file.endsWith(".cpuprofile") && !before.has(file));
  for (const file of made) {
    const path = join(folder, file);
    const profile = parseCpuProfile(readFileSync(path, "utf8"), path);
    const notes = ["The whole life of the sample process, making its inputs included."];
    const derived = writeDerived(path.replace(/\.cpuprofile$/, ""), {
      title: request.case.id,
      notes,
      profile,
    });
    const rows = selfTimes(profile)
      .filter(({ frame }) => frame !== "(idle)")
      .slice(0, top);
    if (json === true) terminal.print(JSON.stringify({ file: path, top: rows }));
    else
      for (const { frame, share } of rows)
        terminal.print(`${(share * 100).toFixed(1).padStart(5)}%  ${frame}`);
    noteWritten([path, ...derived], terminal);
  }
}
