#!/usr/bin/env node
// The composition root of the command line: real streams, real clock, exit codes.
import { runCommandLine } from "./program.js";

// A closed pipe (plumb compile | head) is the reader's choice, not a failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 0 : 1);
});

process.exitCode = await runCommandLine(process.argv.slice(2));
