// plumb profile: where one case's time goes, as a V8 CPU profile, folded stacks and a table; or under clinic.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Command, Option } from "commander";
import { present } from "../../base/assert.js";
import { PlumbError } from "../../base/errors.js";
import { packageRoot } from "../../base/source-path.js";
import { forkSample, SAMPLE_PROGRAM } from "../../experiment/fork-sample.js";
import type { SampleRequest } from "../../experiment/sample-types.js";
import { resolveCases } from "../../experiment/scenario.js";
import { foldedStacks, parseCpuProfile, selfTimes } from "../../measure/cpu-profile.js";
import { positiveNumber } from "../cluster-options.js";
import type { CommandContext } from "../context.js";
import { makeOutputFolder } from "../output-folder.js";
import { loadScenario } from "../presets.js";
import type { Terminal } from "../terminal.js";

interface ProfileOptions {
  readonly only: string;
  readonly output: string;
  readonly seconds: number;
  readonly clinic?: string;
  readonly json?: boolean;
}

/** Sampling interval of --cpu-prof, microseconds. */
const INTERVAL_US = 200;
const ROWS_SHOWN = 20;
const CLINIC_TOOLS = ["flame", "doctor", "heapprofiler"];

const EXAMPLES = `
Examples:
  plumb profile quick --only 'mode=iptables services=1000'
  plumb profile quick --only 'mode=ipvs services=10000' -o profiles/ipvs --seconds 5
  plumb profile quick --clinic flame           needs the development dependencies (npm ci)

The .cpuprofile opens in Chrome DevTools; folded stacks in any flame graph tool. Frames marked (wasm) are the core's.`;

export function registerProfile(program: Command, context: CommandContext): void {
  program
    .command("profile [scenario]")
    .description("profile one case of a scenario: CPU profile, folded stacks, top functions")
    .option(
      "--only <pattern>",
      "the case, as in plumb run; the first that matches",
      "mode=iptables services=1000",
    )
    .option("-o, --output <dir>", "folder to write", "profile")
    .option("--seconds <n>", "measuring time per timed metric", positiveNumber, 2)
    .addOption(new Option("--clinic <tool>", "run under clinic instead").choices(CLINIC_TOOLS))
    .option("--json", "print the top functions as JSON")
    .addHelpText("after", EXAMPLES)
    .action((name: string | undefined, options: ProfileOptions) =>
      profileCommand(name ?? "quick", options, context),
    );
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
  else await cpuProfile(request, folder, options.json === true, terminal);
}

async function cpuProfile(
  request: SampleRequest,
  folder: string,
  json: boolean,
  terminal: Terminal,
): Promise<void> {
  const before = new Set(readdirSync(folder));
  const execArgv = ["--cpu-prof", `--cpu-prof-dir=${folder}`, `--cpu-prof-interval=${INTERVAL_US}`];
  await forkSample(request, new AbortController().signal, { execArgv });
  const made = readdirSync(folder).filter((file) => file.endsWith(".cpuprofile") && !before.has(file));
  for (const file of made) {
    const path = join(folder, file);
    const profile = parseCpuProfile(readFileSync(path, "utf8"), path);
    writeFileSync(path.replace(/\.cpuprofile$/, ".folded.txt"), `${foldedStacks(profile).join("\n")}\n`);
    const rows = selfTimes(profile)
      .filter(({ frame }) => frame !== "(idle)")
      .slice(0, ROWS_SHOWN);
    if (json) terminal.print(JSON.stringify({ file: path, top: rows }));
    else
      for (const { frame, share } of rows)
        terminal.print(`${(share * 100).toFixed(1).padStart(5)}%  ${frame}`);
    terminal.note(`wrote ${path}`);
  }
}

/** clinic asks a question on first use unless told not to, and then measures nothing. */
function runClinic(tool: string, request: SampleRequest, folder: string, terminal: Terminal): void {
  const clinic = join(packageRoot, "node_modules", ".bin", "clinic");
  if (!existsSync(clinic)) {
    throw new PlumbError("Unsupported", "Cannot profile with clinic: it is not installed", {
      hint: "npm ci installs it; or leave --clinic out",
    });
  }
  const scratch = mkdtempSync(join(tmpdir(), "plumb-profile-"));
  const file = join(scratch, "request.json");
  writeFileSync(file, JSON.stringify(request));
  const run = spawnSync(
    clinic,
    [tool, "--open=false", `--dest=${folder}`, "--", process.execPath, SAMPLE_PROGRAM, file],
    {
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, NO_INSIGHT: "1", NO_UPDATE_NOTIFIER: "1" },
    },
  );
  rmSync(scratch, { recursive: true, force: true });
  if (run.status !== 0)
    throw new PlumbError(
      "Internal",
      `Cannot profile with clinic ${tool}: it ended with ${run.status ?? run.signal}`,
    );
  terminal.note(`wrote ${folder}`);
}
