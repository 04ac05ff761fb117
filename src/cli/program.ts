// The command tree: every command is one file below commands/, registered here; errors become exit codes here.
import { Command, CommanderError } from "commander";
import { ERRORS, PlumbError } from "../base/errors.js";
import type { CommandContext } from "./context.js";
import { createTerminal } from "./terminal.js";
import { toolVersion } from "./version.js";

const EXIT_CODES = `Exit codes:
  0    pass (warnings allowed)
  1    could not run, or internal error
  2    usage, input or scenario error; nothing ran, nothing was written
  10   a threshold was breached or could not be evaluated
  11   regression against a baseline
  12   a model that differs from the real thing
  13   inconclusive, and --fail-on inconclusive was given
  14   runs that cannot be compared
  15   a program that was required is not installed
  124  the time budget ran out before enough samples
  130  interrupted (143 by SIGTERM); the partial result is saved`;

/** Run one command line and give its exit code. Prints; never throws for a mistake of the caller. */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  const quiet = argv.includes("--quiet") || argv.includes("-q");
  const terminal = createTerminal({
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    quiet,
  });
  const context: CommandContext = { terminal, argv, exitCode: 0 };
  try {
    const program = await buildProgram(context);
    await program.parseAsync([...argv], { from: "user" });
    return context.exitCode;
  } catch (error) {
    return reportError(error, context);
  }
}

type Register = (program: Command, context: CommandContext) => void;

/** Name -> its file, loaded when needed: a report's chart library is no business of `plumb trace`. */
const COMMANDS: Readonly<Record<string, () => Promise<Register>>> = {
  run: async () => (await import("./commands/run.js")).registerRun,
  compare: async () => (await import("./commands/compare.js")).registerCompare,
  report: async () => (await import("./commands/report.js")).registerReport,
  compile: async () => (await import("./commands/compile.js")).registerCompile,
  trace: async () => (await import("./commands/trace.js")).registerTrace,
  lint: async () => (await import("./commands/lint.js")).registerLint,
  preset: async () => (await import("./commands/preset.js")).registerPreset,
  schema: async () => (await import("./commands/schema.js")).registerSchema,
  doctor: async () => (await import("./commands/doctor.js")).registerDoctor,
  profile: async () => (await import("./commands/profile.js")).registerProfile,
  explain: async () => (await import("./commands/explain.js")).registerExplain,
  up: async () => (await import("./commands/up.js")).registerUp,
  calibrate: async () => (await import("./commands/calibrate.js")).registerCalibrate,
  verify: async () => (await import("./commands/verify.js")).registerVerify,
};

async function buildProgram(context: CommandContext): Promise<Command> {
  const program = new Command("plumb")
    .description(
      "Measures what a Kubernetes Service costs per packet under each kube-proxy mode, on one machine.",
    )
    .version(toolVersion(), "--version", "print the version")
    .option("-q, --quiet", "no progress, no notes; results and errors only")
    .helpOption("-h, --help", "help, with examples")
    .addHelpText("after", `\nStart here:\n  plumb run quick\n  plumb help run\n\n${EXIT_CODES}`)
    .exitOverride()
    .helpCommand(false)
    .showSuggestionAfterError()
    .showHelpAfterError("(plumb help lists the commands)");
  for (const load of neededCommands(context.argv)) (await load())(program, context);
  registerHelp(program);
  // Settings are not inherited by commands made with .command(); each must answer mistakes with exit code 2 as well.
  for (const command of program.commands) answerMistakes(command, command.name());
  return program;
}

/** The one command that is called, or all of them when help or a mistake needs to name them. */
function neededCommands(argv: readonly string[]): readonly (() => Promise<Register>)[] {
  const called = argv.find((word) => !word.startsWith("-"));
  const load = called !== undefined && Object.hasOwn(COMMANDS, called) ? COMMANDS[called] : undefined;
  return load === undefined ? Object.values(COMMANDS) : [load];
}

function answerMistakes(command: Command, topic: string): void {
  command.exitOverride().showHelpAfterError(`(plumb help ${topic} shows usage and examples)`);
  for (const child of command.commands) answerMistakes(child, topic);
}

function registerHelp(program: Command): void {
  program
    .command("help [topic]")
    .description("help on a command, or `errors` for the table of error codes")
    .action((topic: string | undefined) => {
      if (topic === undefined) return program.outputHelp();
      if (topic === "errors") return printErrors();
      const command = program.commands.find((candidate) => candidate.name() === topic);
      if (command === undefined) {
        throw new PlumbError("Usage", `Cannot show help for '${topic}': no such command`, {
          hint: `commands: ${program.commands.map((candidate) => candidate.name()).join(", ")}; topics: errors`,
        });
      }
      command.outputHelp();
    });
}

function printErrors(): void {
  for (const [code, { exit, meaning }] of Object.entries(ERRORS)) {
    process.stdout.write(`${code.padEnd(16)} exit ${String(exit).padEnd(4)} ${meaning}\n`);
  }
  process.stdout.write(`\n${EXIT_CODES}\n`);
}

function reportError(error: unknown, { terminal, argv }: CommandContext): number {
  // Commander has printed its own message; its help and version "errors" end with 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof PlumbError) {
    process.stderr.write(`${error.message}\n`);
    if (error.hint !== null) process.stderr.write(`hint: ${error.hint}\n`);
    return error.exitCode;
  }
  terminal.note("");
  process.stderr.write(
    `internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.stderr.write(`this is a bug in plumb; repeat with: plumb ${argv.join(" ")}\n`);
  return 1;
}
