// What a scenario file may hold: one declaration per field, from which both the checker and the published JSON Schema
// come. The compiler holds the declarations to scenario-types.ts: a field too few, too many or misspelt is an error.
import { LIMITS } from "../base/limits.js";
import { METRICS, type MetricName } from "../measure/metrics.js";
import { clusterField } from "./scenario-cluster.js";
import {
  choice,
  count,
  duration,
  either,
  type Field,
  type Fields,
  type JsonSchema,
  list,
  mapped,
  object,
  optional,
  quantity,
  record,
  text,
  textOrNumber,
  word,
} from "../base/document/fields.js";
import { phaseField } from "./scenario-phases.js";
import { proxyField } from "./scenario-proxy.js";
import { controlplaneField } from "./controlplane/controlplane-fields.js";
import { schedulingField } from "./scheduling/scheduling-fields.js";
import {
  type Labels,
  type LabelValue,
  type Regression,
  type Sampling,
  SCENARIO_API_VERSION,
} from "./scenario-types.js";

const NAME = { pattern: /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, expected: "lower-case words joined by hyphens" };
const KEY = { pattern: /^[A-Za-z][A-Za-z0-9_]*$/, expected: "a name of letters, digits and _" };
const LABEL = { pattern: /^[A-Za-z][A-Za-z0-9_.-]*$/, expected: "a label name" };
const MARGIN = { pattern: /^(default|[a-z_.]+(\.\*)?)$/, expected: '"default", a metric or "prefix.*"' };

export interface Metadata {
  readonly name: string;
  readonly purpose: string;
  readonly labels: Labels;
}

/** A parameter as declared; values of the command line and of axes are held to it. */
export interface Parameter {
  readonly type: (typeof PARAMETER_TYPES)[number];
  readonly default: LabelValue;
  readonly min: number | null;
  readonly max: number | null;
  readonly meaning: string | null;
}
const PARAMETER_TYPES = ["int", "number", "text", "path"] as const;

export interface Matrix {
  readonly axes: Readonly<Record<string, readonly LabelValue[]>>;
  readonly exclude: readonly Readonly<Record<string, LabelValue | readonly LabelValue[]>>[];
}

/** A threshold as written; `must` is parsed against its metric's unit. */
export interface WrittenThreshold {
  readonly metric: MetricName;
  readonly where: Labels;
  readonly must: string;
  readonly because: string;
}

const labelValues = list(textOrNumber("One value."), "The axis's values, in the order they are shown.", 1);

/** Reads "null" as no value. */
function orNull<T>(field: Field<T>): Field<T | null> {
  return optional<T | null>(field, null);
}

export const metadataField = object<Metadata>("What the scenario is called and for.", {
  name: text("Name, as in `plumb run NAME`.", NAME),
  purpose: text("One sentence: the question that this scenario answers."),
  labels: optional(
    record(LABEL, textOrNumber("Value."), "For selecting scenarios, such as suite: proxy."),
    {},
  ),
});

const seedField = optional(count("Seeds every random choice.", { max: 0xffffffff }), 42);

const paramsField = optional(
  record(
    KEY,
    object<Parameter>(`A parameter, used as \${name} elsewhere in spec.`, {
      type: choice(PARAMETER_TYPES, "What values look like; a path is relative to this file."),
      default: textOrNumber("Value outside the matrix and without --set."),
      min: orNull(mapped(textOrNumber("Least number."), Number)),
      max: orNull(mapped(textOrNumber("Largest number."), Number)),
      meaning: orNull(text("What it stands for.")),
    }),
    "Values that --set and the matrix can change.",
  ),
  {},
);

const matrixField = object<Matrix>("Every combination of the axes' values is one case.", {
  axes: record(KEY, labelValues, "Axis name -> values: `mode`, and names of parameters. `mode` is required."),
  exclude: optional(
    list(
      record(
        KEY,
        either(labelValues, (node) => node.kind === "list", textOrNumber("One value.")),
        "Axis -> value or values; a combination that has them all is left out.",
      ),
      "Combinations to leave out.",
    ),
    [],
  ),
});

const phasesField = list(phaseField, "What is done and measured, in order.", 1);

const samplingField = optional(
  object<Sampling>("How often and in which order cases are measured.", {
    samples: optional(
      count("Blocks; each samples every case once. 6 allow a claim, 10 a gate.", {
        min: 1,
        max: LIMITS.SAMPLES_MAX,
      }),
      10,
    ),
    order: optional(
      choice(["blocked", "random", "sequential"], "blocked: cases shuffled anew in each block."),
      "blocked",
    ),
    warmup: optional(
      either(
        count("Windows to throw away."),
        (node) => node.kind === "scalar" && typeof node.value === "number",
        choice(["auto"], "Until five windows agree within 2%."),
      ),
      "auto",
    ),
    isolate: optional(choice(["process", "none"], "process: a fresh process for every sample."), "process"),
    timeBudget: orNull(duration("No block is started that would end after this.")),
  }),
  { samples: 10, order: "blocked", warmup: "auto", isolate: "process", timeBudget: null },
);

const metricNames = Object.keys(METRICS) as MetricName[];

const thresholdsField = optional(
  list(
    object<WrittenThreshold>("A limit that a run must hold to pass.", {
      metric: choice(metricNames, "The metric; some phase must produce it."),
      where: optional(record(LABEL, textOrNumber("Value."), "Labels of the cases it applies to."), {}),
      must: text('Comparison and limit with the metric\'s unit, such as "<= 5us".'),
      because: text("Why this limit: printed when it is breached."),
    }),
    "Limits checked after a run; one that cannot be evaluated counts as breached.",
  ),
  [],
);

const regressionField = optional(
  object<Regression>("What counts as a change when this run is compared.", {
    margin: optional(
      record(
        MARGIN,
        quantity("share", "Smallest change that matters."),
        'Metric, "prefix.*" or "default" -> margin.',
      ),
      {},
    ),
    policy: optional(
      choice(["likely", "confirmed", "any"], "Which regressions fail: any goes by p alone and cries wolf."),
      "likely",
    ),
  }),
  { margin: {}, policy: "likely" },
);

export const extendsField = orNull(
  text("A scenario to start from; maps merge, lists replace, null removes.", {
    pattern: /^preset:[a-z0-9-]+$/,
    expected: '"preset:NAME"',
  }),
);

/** Keys of the file and of its spec, for reading them one at a time. */
export const FILE_FIELDS = { apiVersion: word(SCENARIO_API_VERSION), kind: word("Scenario") } as const;
export const FILE_KEYS = ["apiVersion", "kind", "extends", "metadata", "spec"] as const;
export const SPEC_FIELDS = {
  seed: seedField,
  params: paramsField,
  matrix: matrixField,
  cluster: clusterField,
  proxy: proxyField,
  phases: phasesField,
  scheduling: schedulingField,
  controlplane: controlplaneField,
  sampling: samplingField,
  thresholds: thresholdsField,
  regression: regressionField,
} as const;

type SpecValues = {
  [K in keyof typeof SPEC_FIELDS]: (typeof SPEC_FIELDS)[K] extends Field<infer T> ? T : never;
};

/** JSON Schema (2020-12) of a scenario file. A file that extends a preset may leave out what the preset holds. */
export const scenarioSchema: JsonSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  $id: "urn:plumbline:scenario:v1",
  title: "Plumbline scenario",
  description: `What to build, send and measure. A number may be written as \${param}; other quantities need their unit.`,
  ...rootSchema(),
};

function rootSchema(): JsonSchema {
  const spec = object("What to do.", SPEC_FIELDS as Fields<SpecValues>).schema;
  const { required: packets, ...either } = spec;
  const whole = {
    metadata: metadataField.schema,
    spec: {
      ...either,
      anyOf: [
        requiring(packets as readonly string[]),
        requiring(["scheduling"]),
        requiring(["controlplane"]),
      ],
    },
  };
  const laidOver = { metadata: metadataField.schema, spec };
  const head = { apiVersion: FILE_FIELDS.apiVersion.schema, kind: FILE_FIELDS.kind.schema };
  const part = Object.fromEntries(
    Object.entries(laidOver).map(([key, schema]) => [key, withoutRequired(schema)]),
  );
  return {
    oneOf: [
      closedSchema({ ...head, ...whole }, ["apiVersion", "kind", "metadata", "spec"]),
      closedSchema({ ...head, extends: extendsField.schema, ...part }, ["apiVersion", "kind", "extends"]),
    ],
  };
}

function requiring(keys: readonly string[]): JsonSchema {
  return { required: keys, properties: Object.fromEntries(keys.map((key) => [key, true])) };
}

function closedSchema(properties: JsonSchema, required: readonly string[]): JsonSchema {
  return { type: "object", properties, required, additionalProperties: false };
}

/** The schema of something laid over a preset: nothing is required, and null takes a key away. */
function withoutRequired(schema: JsonSchema): JsonSchema {
  const { required: _, properties, ...rest } = schema;
  if (properties === undefined) return schema;
  const parts = Object.entries(properties as Record<string, JsonSchema>);
  return {
    ...rest,
    properties: Object.fromEntries(
      parts.map(([key, part]) => [key, { anyOf: [withoutRequired(part), { type: "null" }] }]),
    ),
  };
}
