// Records what identical processes differ by on this machine: the noise that the comparison's tests are fed with.
// usage: node dist/bench/noise/record-noise.js [SAMPLES] > src/measure/testdata/process-noise.json
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { realClock } from "../../src/base/clock.js";
import { canonicalJson } from "../../src/measure/canonical-json.js";
import {
  noiseFloor,
  readCpuUse,
  readEnvironment,
  sharesBetween,
  systemReaders,
} from "../../src/measure/environment.js";
import { calibrateTimer } from "../../src/measure/timer.js";

const samples = Number(process.argv[2] ?? 200);
const program = fileURLToPath(new URL("./noise-process.js", import.meta.url));

const before = readCpuUse(systemReaders);
const valuesNs = Array.from({ length: samples }, () => {
  const { stdout } = spawnSync(process.execPath, [program], { encoding: "utf8" });
  const { medianNs } = JSON.parse(stdout) as { medianNs: number };
  return Number(medianNs.toFixed(3));
});
const environment = readEnvironment(systemReaders, {
  timer: calibrateTimer(realClock),
  noise: noiseFloor(realClock),
  ...sharesBetween(before, readCpuUse(systemReaders)),
});
const what = "median ns of a walk over 1,024 records, one value per fresh process, in the order taken";
process.stdout.write(
  canonicalJson({ what, recordedAt: realClock.wall().toISOString(), environment, valuesNs }),
);
