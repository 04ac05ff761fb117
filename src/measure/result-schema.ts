// JSON Schema (2020-12) of result.json. Strict: an unknown key is an error. Names of metrics, units and provenances
// come from the tables in metrics.ts; there is no second list here.
import { METRICS, PROVENANCES, UNITS } from "./metrics.js";
import { kernelSchema } from "./kernel-schema.js";
import { RUN_SCHEMA_VERSION } from "./run-record.js";
import { count, list, map, number, object, orNull, type Schema, string, words } from "./schema-parts.js";
import { schedulingSchema } from "./scheduling-schema.js";

const sha256 = (description: string) => string(description, { pattern: "^[0-9a-f]{64}$" });
const time = (description: string) =>
  string(description, { pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$" });
const share = (description: string) => number(description, { minimum: 0, maximum: 1 });
const labels = map("Label -> value.", { type: ["string", "number"] });
const metricName = words("A metric of this program.", Object.keys(METRICS));

const tool = object("What made the file.", {
  name: { const: "plumbline" },
  version: string("The tool's version."),
  commit: orNull(string("The commit it was built from; null when unknown.")),
  wasm: map("Module -> sha256 of the WASM binary.", sha256("Digest.")),
});

const run = object("One execution.", {
  id: string("Unique among a user's runs."),
  startedAt: time("RFC 3339, UTC."),
  finishedAt: time("RFC 3339, UTC."),
  argv: list("The command line; the program and where it wrote are left out.", string("One argument.")),
  seed: count("Seeds every random choice."),
  status: words("partial: interrupted or out of time; the samples it holds are valid.", [
    "complete",
    "partial",
  ]),
});

const scenario = object("What was asked for.", {
  name: string("The scenario's name."),
  purpose: string("The question it answers."),
  digest: sha256("Of the resolved scenario; runs with different digests are not comparable."),
  resolved: { description: "The scenario with every parameter filled in." },
});

const environment = object("The machine.", {
  fingerprint: string("Digest of what timings hang on; other fingerprints make timings advisory."),
  os: string("Operating system and architecture."),
  kernel: string("Kernel release."),
  cpu: object("Processor.", {
    model: string("As the system names it."),
    cores: count("Logical processors."),
    mhz: orNull(number("Clock rate when read.", { exclusiveMinimum: 0 })),
  }),
  memoryBytes: count("Memory, B."),
  node: string("Version of Node."),
  v8: string("Version of V8."),
  timer: object("The clock.", {
    resolutionNs: number("Smallest step seen, ns.", { minimum: 0 }),
    overheadNs: number("Time of one reading, ns.", { minimum: 0 }),
  }),
  noise: orNull(
    object("Spread of one fixed computation timed again and again.", {
      relativeMad: number("Median absolute deviation over median.", { minimum: 0 }),
      samples: count("How often it was timed."),
    }),
  ),
  busyShare: orNull(share("Processor time used by others during the run; null where it cannot be read.")),
  "stealShare?": orNull(share("Of all processor time, what the hypervisor gave to other machines.")),
});

const calibration = object("What modelled times are made of.", {
  machine: string("The machine whose kernel primitives were measured."),
  "measuredAt?": string("When, RFC 3339."),
  "isOwn?": { description: "Whether it is the machine of this run.", type: "boolean" },
  "errorShare?": share("Relative error of modelled times against whole rulesets, where that was checked."),
  "origins?": map(
    "Mode -> how its costs were come by.",
    string("Measured, derived or assumed, and from what."),
  ),
});

const distribution = object("Values inside the samples, over packets, of all processes merged.", {
  count: count("Values."),
  percentiles: object("null: too few values for a 95% bound (p90 29, p99 299, p99.9 2,995).", {
    p1: orNull(number("1st.")),
    p10: orNull(number("10th.")),
    p50: orNull(number("Median.")),
    p90: orNull(number("90th.")),
    p99: orNull(number("99th.")),
    "p99.9": orNull(number("99.9th.")),
  }),
  buckets: list("[upper bound inclusive, count], rising.", {
    type: "array",
    prefixItems: [{ type: "number" }, { type: "integer", minimum: 1 }],
    minItems: 2,
    items: false,
  }),
  omission: words("How values were taken: service time of a closed loop, or since the scheduled start.", [
    "service-time",
    "scheduled-start",
  ]),
});

const metric = object("One metric of one case.", {
  name: metricName,
  unit: words("Base unit.", UNITS),
  better: words("Which direction is better.", ["lower", "higher", "none"]),
  provenance: words("Where the number comes from.", Object.keys(PROVENANCES)),
  assume: words("exact: the same on every machine under one seed.", ["exact", "nothing"]),
  samples: list(
    "One value per fresh process in the order taken; one in all when exact.",
    object("One sample.", { block: count("Block it was taken in."), value: number("In the base unit.") }),
    { minItems: 1 },
  ),
  summary: object("Of the samples.", {
    n: { description: "Samples.", type: "integer", minimum: 1 },
    median: number("Median."),
    min: number("Least."),
    max: number("Greatest."),
    ci95: orNull({
      description: "95% bootstrap interval of the median; null when exact or below six samples.",
      type: "array",
      prefixItems: [{ type: "number" }, { type: "number" }],
      minItems: 2,
      items: false,
    }),
  }),
  "distribution?": distribution,
  "breakdown?": map("Counter or part -> mean per packet.", { type: "number" }),
});

const caseRecord = object("One point of the matrix.", {
  id: string('Labels in order: "mode=iptables services=1000"; unique in a run.'),
  labels,
  status: words("Whether its numbers are usable.", ["ok", "failed", "skipped", "unsupported"]),
  reason: orNull(string("Why, when status is not ok.")),
  workload: object("Asked for and applied; a case that applied something else is failed.", {
    requested: map("What -> how many.", { type: "number" }),
    applied: map("What -> how many.", { type: "number" }),
  }),
  metrics: list("What was measured.", metric),
  "scheduling?": orNull(schedulingSchema),
  "controlplane?": { const: true },
});

const threshold = object("A limit and whether it held.", {
  metric: metricName,
  where: labels,
  must: string('As written: "<= 5us".'),
  because: string("Why this limit."),
  ok: orNull({
    description: "true: held. null: could not be evaluated, which counts as a failure.",
    type: "boolean",
  }),
  got: orNull(number("The value, in the base unit.")),
});

const verification = object("Whether a real kernel agreed.", {
  state: words("not-verified is no pass.", ["verified", "mismatch", "not-verified"]),
  reason: orNull(string("Reason code, such as ENV_NO_ROOT; null when verified.")),
  detail: string("In words."),
});

const verdict = object("The run in one word and one sentence.", {
  status: words("Overall.", ["pass", "warn", "fail", "inconclusive"]),
  answer: string("Answers the scenario's question, with numbers."),
  reasons: list("All of them.", string("One reason.")),
  reproduce: string("The command that repeats this run."),
});

const warning = object("Something a reader should know before believing a number.", {
  code: string("For scripts."),
  message: string("In words."),
  hint: string("How to mend or silence it."),
});

export const resultSchema: Schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  $id: `urn:plumbline:result:${RUN_SCHEMA_VERSION}`,
  title: "Plumbline run result",
  ...object(
    "Base units, RFC 3339 UTC, null for no value, absent for not requested, never NaN; keys sorted.",
    {
      schemaVersion: string(`Semantic version of this layout; ${RUN_SCHEMA_VERSION} here.`, {
        pattern: "^\\d+\\.\\d+\\.\\d+$",
      }),
      tool,
      run,
      scenario,
      environment,
      "calibration?": calibration,
      cases: list("In matrix order.", caseRecord),
      thresholds: list("Every threshold for every case it applies to.", threshold),
      verification,
      "kernelVerification?": kernelSchema,
      verdict,
      warnings: list("In the order they arose.", warning),
    },
  ),
};
