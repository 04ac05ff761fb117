// The command tree: every command is one file below commands/, registered here; errors become exit codes here.
import { Command, CommanderError } from "commander";
import { ERRORS, PlumbError } from "../base/errors.js";
import { registerCompare } from "./commands/compare.js";
import { registerCompile } from "./commands/compile.js";
import { registerDoctor } from "./commands/doctor.js";
import { registerLint } from "./commands/lint.js";
import { registerPreset } from "./commands/preset.js";
import { registerProfile } from "./commands/profile.js";
import { registerReport } from "./commands/report.js";
import { registerRun } from "./commands/run.js";
import { registerSchema } from "./commands/schema.js";
import { registerTrace } from "./commands/trace.js";
import type { CommandContext } from "./context.js";
import { createTerminal } from "./terminal.js";
import { toolVersion } from "./version.js";

const EXIT_CODES = `Exit codes:
  0    pass (warnings allowed)
  1    could not run, or internal error
  2    usage, input or scenario error; nothing ran, nothing was written
  10   a threshold was breached or could not be evaluated
  11   regression against a baseline
  12   the model disagrees with the kernel
  13   inconclusive, and --fail-on inconclusive was given
  14   runs that cannot be compared
  15   kernel verification required but unavailable
  124  the time budget ran out before enough samples
  130  interrupted; the partial result is saved`;

/** Run one command line and give its exit code. Prints; never throws for a mistake of the caller. */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  const quiet = argv.includes("--quiet") || argv.includes("-q");
  const terminal = createTerminal({ stdout: process.stdout, stderr: process.stderr, environment: process.env, quiet });
  const context: CommandContext = { terminal, argv, exitCode: 0 };
  try {
    await buildProgram(context).parseAsync([...argv], { from: "user" });
    return context.exitCode;
  } catch (error) {
    return reportError(error, context);
  }
}

function buildProgram(context: CommandContext): Command {
  const program = new Command("plumb")
    .description("Measures what a Kubernetes Service costs per packet under each kube-proxy mode, on one machine.")
    .version(toolVersion(), "--version", "print the version")
    .option("-q, --quiet", "no progress, no notes; results and errors only")
    .helpOption("-h, --help", "help, with examples")
    .addHelpText("after", `\nStart here:\n  plumb run quick\n  plumb help run\n\n${EXIT_CODES}`)
    .exitOverride()
    .configureOutput({ writeErr: (text) => process.stderr.write(text) })
    .showSuggestionAfterError();
  program.addHelpCommand(false);
  for (const register of COMMANDS) register(program, context);
  registerHelp(program);
  // Settings are not inherited by commands made with .command(); each must answer mistakes with exit code 2 as well.
  for (const command of program.commands) command.exitOverride().showHelpAfterError("(plumb help " + command.name() + " shows usage and examples)");
  return program;
}

const COMMANDS = [
  registerRun,
  registerCompare,
  registerReport,
  registerCompile,
  registerTrace,
  registerLint,
  registerPreset,
  registerSchema,
  registerDoctor,
  registerProfile,
];

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
  process.stderr.write(`internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.stderr.write(`this is a bug in plumb; repeat with: plumb ${argv.join(" ")}\n`);
  return 1;
}
