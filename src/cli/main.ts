#!/usr/bin/env node
// The composition root of the command line: real streams, real clock, exit codes.
import { runCommandLine } from "./program.js";

// A closed pipe (plumb compile | head) is the reader's choice, not a failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  process.stderr.write(`Cannot write to standard output: ${error.message}\n`, () => process.exit(1));
});

process.exitCode = await runCommandLine(process.argv.slice(2));
