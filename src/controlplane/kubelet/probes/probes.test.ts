import assert from "node:assert/strict";
import test from "node:test";
import { readBehaviour } from "../runtime/behaviour.js";
import { countResult, type ProbeRun, probeTiming, verdictOf } from "./probe-counter.js";
import { behaviourAnswers, networkProbe } from "./run-probe.js";

test("verdictOf needs as many results in a row as its threshold says", () => {
  const timing = probeTiming({ failureThreshold: 3, successThreshold: 2 });
  let run: ProbeRun | null = null;
  const verdicts = [false, false, true, true, false, false, false].map((isSuccess) => {
    run = countResult(run, isSuccess);
    return verdictOf(run, timing);
  });
  assert.deepEqual(verdicts, [null, null, null, true, null, null, false]);
});

test("probeTiming fills in upstream's defaults", () => {
  assert.deepEqual(probeTiming({}), {
    initialDelayMs: 0,
    periodMs: 10_000,
    timeoutSeconds: 1,
    successThreshold: 1,
    failureThreshold: 3,
  });
});

test("behaviourAnswers goes by the container's age", () => {
  const behaviour = readBehaviour("started after 5s; ready after 10s; unready after 20s; dead after 30s");
  const at = (seconds: number) =>
    (["startup", "liveness", "readiness"] as const)
      .map((kind) => Number(behaviourAnswers(kind, behaviour, seconds * 1000)))
      .join("");
  assert.deepEqual([1, 6, 11, 21, 31].map(at), ["000", "110", "111", "110", "100"]);
});

test("networkProbe says why it failed as upstream does", () => {
  const behaviour = readBehaviour("ready after 10s");
  const output = (probe: object) => networkProbe("readiness", probe, behaviour, 0, "10.0.0.5").output;
  assert.equal(output({ httpGet: { port: 80 } }), "HTTP probe failed with statuscode: 503");
  assert.equal(output({ tcpSocket: { port: 80 } }), "dial tcp 10.0.0.5:80: connect: connection refused");
});
