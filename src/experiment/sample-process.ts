// The program of a sample process: one request in over IPC, one reply out, exit.
import { once } from "node:events";
import { realClock } from "../base/clock.js";
import type { SampleReply } from "./fork-sample.js";
import { measureCase } from "./measure-case.js";
import type { SampleRequest } from "./sample-types.js";

const [request] = (await once(process, "message")) as [SampleRequest];
const reply = await answer(request);
process.send?.(reply, () => process.disconnect?.());

async function answer(sampleRequest: SampleRequest): Promise<SampleReply> {
  try {
    return { kind: "result", result: await measureCase(sampleRequest, realClock) };
  } catch (error) {
    return { kind: "error", message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
