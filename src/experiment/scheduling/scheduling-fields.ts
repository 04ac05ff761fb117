// Declarations of spec.scheduling: what is scheduled, under which scheduler configurations, and how Pods arrive.
import {
  checked,
  choice,
  count,
  duration,
  either,
  type Field,
  flag,
  list,
  mapped,
  object,
  optional,
  path,
  quantity,
  record,
  tagged,
  text,
  textOrNumber,
  weight,
  word,
} from "../../base/document/fields.js";
import type { DurationNs } from "../../base/clock.js";
import type { SourceNode } from "../../base/document/source-tree.js";
import type { LoadModel } from "../../workload/arrivals.js";
import { type Through, THROUGHS } from "../../measure/scheduling-record.js";

/** A scheduler configuration's file; "default" for upstream's own defaults. */
export const DEFAULT_CONFIG = "default";

export type ParamValue = number | string | boolean;

export interface WrittenTrace {
  readonly format: "openb" | "csv";
  readonly nodes: string;
  readonly pods: string;
  readonly speedUp: number;
  readonly lifetimeStretch: number;
  readonly tile: number;
  readonly podsMax: number | null;
  readonly from: DurationNs;
  readonly to: DurationNs | null;
}

/** One entry: a workload of a case, a case with sizes of one's own, or a trace. */
export interface WrittenScheduling {
  readonly config: string | null;
  readonly case: string | null;
  readonly workload: string | null;
  readonly params: Readonly<Record<string, ParamValue | readonly ParamValue[]>> | null;
  readonly name: string | null;
  readonly trace: WrittenTrace | null;
  readonly schedulerConfig: readonly string[];
  readonly load: LoadModel | null;
  readonly through: Through | null;
}

const KEY = { pattern: /^[A-Za-z][A-Za-z0-9_]*$/, expected: "the name of a parameter" };
const isScalarOf = (type: string) => (node: SourceNode) =>
  node.kind === "scalar" && typeof node.value === type;

const valueField: Field<ParamValue> = either(
  flag("On or off."),
  isScalarOf("boolean"),
  textOrNumber("One value."),
);

const paramsField = record(
  KEY,
  either(list(valueField, "One case for each value.", 1), (node) => node.kind === "list", valueField),
  "Values for the case's parameters. A list makes a case of each of its values, with the parameter as a label.",
);

function orNull<T>(field: Field<T>): Field<T | null> {
  return optional<T | null>(field, null);
}

const rate = () => quantity("rate", "Pods per second.", { min: 1e-6 });
const rated = (model: "fixed" | "poisson", description: string) =>
  mapped(
    object<{ model: typeof model; rate: number }>(description, { model: word(model), rate: rate() }),
    (load): LoadModel => ({ model, ratePerSecond: load.rate }),
  );

const loadField: Field<LoadModel> = tagged<LoadModel>("model", "load", {
  closed: object("All Pods at once, as the workload has it.", { model: word("closed") }),
  fixed: rated("fixed", "One Pod every 1/rate seconds."),
  poisson: rated("poisson", "Pods of independent users: bursts at a mean rate."),
  waves: mapped(
    object<{ model: "waves"; size: number; every: DurationNs }>("Many Pods at once, again and again.", {
      model: word("waves"),
      size: count("Pods of a wave.", { min: 1 }),
      every: duration("Time from wave to wave."),
    }),
    ({ size, every }): LoadModel => ({ model: "waves", waveSize: size, gapMs: every / 1e6 }),
  ),
});

const factor = (description: string) =>
  checked(weight(description), (value) => (value > 0 ? null : "expected a factor above 0"));

const traceField = object<WrittenTrace>("Machines and Pods that were recorded.", {
  format: choice(["openb", "csv"], "openb: Alibaba's GPU cluster trace of 2023; csv: see datasets/traces."),
  nodes: path("CSV of the machines."),
  pods: path("CSV of the Pods."),
  speedUp: optional(factor("How much faster than recorded Pods arrive."), 1),
  lifetimeStretch: optional(factor("How much longer than recorded Pods live."), 1),
  tile: optional(count("Copies of the cluster and of its Pods, side by side.", { min: 1, max: 1000 }), 1),
  podsMax: orNull(count("No more Pods than this.", { min: 1 })),
  from: optional(duration("Where in the trace the window begins."), 0 as DurationNs),
  to: orNull(duration("Where it ends.")),
});

const configField = either(
  word(DEFAULT_CONFIG),
  (node) => node.kind === "scalar" && node.value === DEFAULT_CONFIG,
  path(`A KubeSchedulerConfiguration, or "${DEFAULT_CONFIG}".`),
);

const configsField: Field<readonly string[]> = optional(
  either(
    list(configField, "Configurations to hold against each other: label config=NAME.", 1),
    (node) => node.kind === "list",
    mapped(configField, (one) => [one]),
  ),
  [],
);

function sourceFault({ trace, case: testCase, ...entry }: WrittenScheduling): string | null {
  if ((trace === null) === (testCase === null)) return "expected either case or trace";
  if (trace !== null) {
    const misplaced = (["config", "workload", "params", "load"] as const).find((key) => entry[key] !== null);
    return misplaced === undefined ? null : `${misplaced} belongs to a case, a trace has none`;
  }
  if (entry.workload === null && entry.params === null)
    return "expected a workload of the case, or params with sizes of one's own";
  return null;
}

export const schedulingField: Field<readonly WrittenScheduling[]> = optional(
  list(
    checked(
      object<WrittenScheduling>("What is scheduled.", {
        config: orNull(path("A performance-config.yaml; without it, those of bench/scheduler_perf.")),
        case: orNull(text("A test case of it.")),
        workload: orNull(text("A workload of the case; with params, it gives the values that they do not.")),
        params: orNull(paramsField),
        name: orNull(text("What the case is called in results, in place of the workload's name.")),
        trace: orNull(traceField),
        schedulerConfig: configsField,
        load: orNull(loadField),
        through: orNull(
          choice(
            THROUGHS,
            "in-process: objects in memory, no server; api: a whole control plane, in real time.",
          ),
        ),
      }),
      sourceFault,
    ),
    "Workloads and traces for the scheduler, each measured as cases of their own.",
  ),
  [],
);
