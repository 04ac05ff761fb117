// A hand-made profile: 100 ms of a scheduler, with idle time, garbage collection, a WebAssembly loop and one frame that
// is too narrow to be drawn.
import type { CpuProfile } from "../../measure/cpu-profile.js";

const frame = (functionName: string, url = "") => ({ functionName, url, lineNumber: 9 });
const SOURCE = "file:///home/x/dist/src/scheduler";

export const PROFILE: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame("(root)"), children: [2, 3, 4] },
    { id: 2, callFrame: frame("(idle)") },
    { id: 3, callFrame: frame("(garbage collector)") },
    { id: 4, callFrame: frame("decide", `${SOURCE}/cycle.js`), children: [5, 6] },
    { id: 5, callFrame: frame("asm/scheduler/filter/filterFit", "wasm://wasm/abc") },
    { id: 6, callFrame: frame('<score> & "more"', `${SOURCE}/score.js`), children: [7] },
    { id: 7, callFrame: frame("get", "node:internal/map") },
  ],
  samples: [2, 3, 4, 5, 5, 6, 7],
  timeDeltas: [5000, 10_000, 20_000, 30_000, 10_000, 29_950, 50],
};
