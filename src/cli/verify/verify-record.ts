// The findings of a verification as a run record: the subject's own, if it is a run, or one of its own.
import { realClock } from "../../base/clock.js";
import { recordedScenario } from "../../experiment/recorded-scenario.js";
import { scenarioDigest } from "../../experiment/scenario.js";
import type { KernelRecord } from "../../measure/kernel-record.js";
import { kernelSentence, verificationOf } from "../../measure/kernel-verdict.js";
import { RUN_SCHEMA_VERSION, type RunRecord, type Verdict } from "../../measure/run-record.js";
import { environmentHere } from "./calibration-host.js";
import { checkoutCommit, repeatCommand, withoutOutput } from "../run-identity.js";
import type { Subject } from "./verify-subject.js";
import { toolVersion } from "../version.js";

export function runRecord(
  { name, scenario, run }: Subject,
  kernel: KernelRecord,
  argv: readonly string[],
): RunRecord {
  const verification = verificationOf(kernel);
  if (run !== null)
    return { ...run.record, schemaVersion: RUN_SCHEMA_VERSION, verification, kernelVerification: kernel };
  return {
    schemaVersion: RUN_SCHEMA_VERSION,
    tool: { name: "plumbline", version: toolVersion(), commit: checkoutCommit(), wasm: {} },
    run: {
      id: `verify-${name}-${kernel.startedAt}`,
      startedAt: kernel.startedAt,
      finishedAt: kernel.finishedAt,
      argv: withoutOutput(argv),
      seed: kernel.seed,
      status: "complete",
    },
    scenario: {
      name: `verify ${name}`,
      purpose: "Do rules and costs as modelled agree with a real Linux kernel?",
      digest: scenarioDigest(scenario, new Map()),
      resolved: recordedScenario(scenario),
    },
    environment: environmentHere(realClock),
    cases: [],
    thresholds: [],
    verification,
    kernelVerification: kernel,
    verdict: verdictOf(kernel, argv),
    warnings: [],
  };
}

function verdictOf(kernel: KernelRecord, argv: readonly string[]): Verdict {
  const { state } = verificationOf(kernel);
  const status = ({ verified: "pass", mismatch: "fail", "not-verified": "inconclusive" } as const)[state];
  return { status, answer: kernelSentence(kernel), reasons: [], reproduce: repeatCommand(argv) };
}
