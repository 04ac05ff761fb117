// One packet through the tracer and through the core, and whether both say the same: outcome, flags and every counter.
import assert from "node:assert/strict";
import { COUNTER_NAMES } from "../../netfilter/counters.js";
import type { PacketColumns } from "../../netfilter/packet-columns.js";
import type { Trace, Tracer } from "../../netfilter/tracer/trace.js";
import type { Evaluator } from "../evaluator.js";

export interface Compared {
  readonly trace: Trace;
  readonly source: { readonly ip: string; readonly port: number };
  readonly destination: { readonly ip: string; readonly port: number };
}

/** Send packet 0 of `columns` both ways. @throws when anything differs; `what` opens the message */
export function sendBoth(
  tracer: Tracer,
  evaluator: Evaluator,
  columns: PacketColumns,
  what: string,
): Compared {
  const trace = tracer.send(columns.at(0), columns.timeMs[0] as number);
  evaluator.resetCounters();
  evaluator.load(columns);
  evaluator.evaluate();
  const { results } = evaluator;
  const packet = JSON.stringify(columns.at(0));
  const about = () => `${what}, packet ${packet} at ${columns.timeMs[0]} ms\n${walkText(trace)}`;
  const core = { ...results.outcome(0), established: results.isEstablished(0), reply: results.isReply(0) };
  const oracle = { ...trace.outcome, established: trace.established, reply: trace.reply };
  if (!sameJson(core, oracle)) assert.deepEqual(core, oracle, about());
  const counted = evaluator.counters();
  for (const name of COUNTER_NAMES) {
    if (counted[name] !== trace.counts[name]) {
      assert.fail(`${name}: core ${counted[name]}, tracer ${trace.counts[name]}: ${about()}`);
    }
  }
  assert.equal(results.rulesEvaluated(0), trace.counts.rulesEvaluated, about());
  return { trace, source: results.source(0), destination: results.target(0) };
}

function sameJson(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

function walkText(trace: Trace): string {
  return trace.steps
    .map((step) => `${step.matched ? "+" : "-"} ${step.place}: ${step.text} ${step.effect}`)
    .join("\n");
}
