// The one gate: run every check, then list what failed. `node tools/check.mjs --fast` leaves the tests out.
import { spawnSync } from "node:child_process";

const STEPS = [
  { name: "asm build", command: ["node", "tools/build-asm.mjs"] },
  { name: "types", command: ["node_modules/.bin/tsc", "-p", "tsconfig.json"] },
  {
    name: "lint",
    command: ["node_modules/.bin/biome", "lint", "--error-on-warnings", "src", "bench", "tools", "asm"],
  },
  { name: "format", command: ["node_modules/.bin/biome", "format", "src", "bench", "tools", "asm"] },
  { name: "tidy (layers, cycles, dead code, banned calls)", command: ["node", "tools/tidy.mjs"] },
  { name: "tests", command: ["node", "tools/run-tests.mjs"], slow: true },
];

const fast = process.argv.includes("--fast");
const failed = [];
for (const { name, command, slow } of STEPS) {
  if (fast && slow) continue;
  console.log(`== ${name}`);
  const [program, ...args] = command;
  const run = spawnSync(program, args, { stdio: "inherit" });
  if (run.status !== 0) failed.push(name);
}
console.log(failed.length === 0 ? "check: all passed" : `check: failed: ${failed.join("; ")}`);
process.exit(failed.length === 0 ? 0 : 1);
