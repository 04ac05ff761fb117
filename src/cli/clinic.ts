// A sample under clinic, a profiler of the development dependencies that starts the program itself.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PlumbError } from "../base/errors.js";
import { packageRoot } from "../base/source-path.js";
import { SAMPLE_PROGRAM } from "../experiment/fork-sample.js";
import type { SampleRequest } from "../experiment/sample-types.js";
import type { Terminal } from "./terminal.js";

export const CLINIC_TOOLS = ["flame", "doctor", "heapprofiler"];

/** clinic asks a question on first use unless told not to, and then measures nothing. */
export function runClinic(tool: string, request: SampleRequest, folder: string, terminal: Terminal): void {
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
