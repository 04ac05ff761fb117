// The program of a sample process: one request in, one reply out, exit. The request comes over IPC, or, for profilers
// that start programs themselves, from the JSON file named as the argument; the reply is then thrown away.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { realClock } from "../base/clock.js";
import { measureCase } from "./measure-case.js";
import { PlumbError } from "../base/errors.js";
import { realWaits } from "./scheduling/real-waits.js";
import type { SampleReply, SampleRequest } from "./sample-types.js";

const file = process.argv[2];
if (file !== undefined) {
  await measureCase(JSON.parse(readFileSync(file, "utf8")) as SampleRequest, realClock, realWaits);
} else {
  const [request] = (await once(process, "message")) as [SampleRequest];
  // Not by itself: a control plane that could not be started has left parts of it running.
  process.send?.(await answer(request), () => process.exit());
}

async function answer(request: SampleRequest): Promise<SampleReply> {
  try {
    return { kind: "result", result: await measureCase(request, realClock, realWaits) };
  } catch (error) {
    if (error instanceof PlumbError) return { kind: "error", message: error.message };
    // A bug: its first frames say where, the rest only where Node keeps its files.
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { kind: "error", message: stack.split("\n").slice(0, 3).join("\n") };
  }
}
