// Jobs and CronJobs.
// Source: pkg/apis/batch/validation/validation.go.
import { Cron } from "croner";
import { jsonEquals } from "../patch/json-tree.js";
import { jobLabels } from "../defaults/job-selector.js";
import type { KubeObject, ObjectMeta } from "../meta.js";
import {
  checkChoice,
  checkNotNegative,
  checkSelector,
  type Fields,
  isSet,
  part,
  selects,
  text,
} from "./checks.js";
import { type Failure, IMMUTABLE, invalidValue, required, unsupported } from "./failure.js";
import { checkJobPolicies } from "./job-policies.js";
import { checkPodTemplate } from "./pods.js";

const COUNTS = [
  "parallelism",
  "completions",
  "activeDeadlineSeconds",
  "backoffLimit",
  "ttlSecondsAfterFinished",
  "backoffLimitPerIndex",
  "maxFailedIndexes",
];
const COMPLETION_MODES = ["NonIndexed", "Indexed"];
const INDEXED_PARALLELISM_MAX = 100_000;
const FAILED_INDEXES_MAX = 100_000;
const LARGE_COMPLETIONS = 100_000;
/** Of parallelism and failed indices of a Job with more completions than that. */
const LARGE_LIMIT = 10_000;
/** The controller appends "-" and ten digits. */
const CRON_JOB_NAME_MAX = 52;

export function checkJob(job: Fields, failures: Failure[]): void {
  const spec = part(job, "spec");
  checkJobSpec(spec, "spec", failures);
  // The server makes a selector of its own when it is not told one.
  if (!isSet(spec["selector"])) return;
  const selector = part(spec, "selector");
  checkSelector(selector, "spec.selector", failures);
  checkGeneratedSelector(job, failures);
  const labels = part(part(spec, "template"), "metadata")["labels"];
  if (!selects(selector, labels))
    failures.push(
      invalidValue(
        "spec.template.metadata.labels",
        labels ?? null,
        "`selector` does not match template `labels`",
      ),
    );
}

/** A selector that is not said to be the user's own matches the labels that the server makes. */
function checkGeneratedSelector(job: Fields, failures: Failure[]): void {
  const { name, uid } = part(job, "metadata") as Partial<ObjectMeta>;
  const spec = part(job, "spec");
  if (uid === undefined || spec["manualSelector"] === true) return;
  const labels = part(part(part(spec, "template"), "metadata"), "labels");
  const expected = jobLabels(name, uid);
  for (const label in expected) {
    const [at, why] = [`spec.template.metadata.labels[${label}]`, `must be '${expected[label]}'`];
    if (!isSet(labels[label])) failures.push(required(at, why));
    else if (labels[label] !== expected[label]) failures.push(invalidValue(at, labels, why));
  }
  if (!selects(part(spec, "selector"), expected))
    failures.push(invalidValue("spec.selector", spec["selector"], "`selector` not auto-generated"));
}

function checkJobSpec(spec: Fields, path: string, failures: Failure[]): void {
  checkNotNegative(spec, COUNTS, path, failures);
  checkChoice(spec["completionMode"], COMPLETION_MODES, `${path}.completionMode`, failures);
  checkIndexes(spec, path, failures);
  checkJobPolicies(spec, path, failures);
  checkPodTemplate(part(spec, "template"), `${path}.template`, failures);
  const policy = text(part(part(spec, "template"), "spec"), "restartPolicy");
  const at = `${path}.template.spec.restartPolicy`;
  if (policy === "" || policy === "Always") failures.push(required(at, 'valid values: "OnFailure", "Never"'));
  else if (policy !== "OnFailure" && policy !== "Never")
    failures.push(unsupported(at, policy, ["OnFailure", "Never"]));
  else if (isSet(spec["podFailurePolicy"]) && policy !== "Never")
    failures.push(invalidValue(at, policy, 'only "Never" is supported when podFailurePolicy is specified'));
}

function checkIndexes(spec: Fields, path: string, failures: Failure[]): void {
  const isIndexed = spec["completionMode"] === "Indexed";
  if (isIndexed && !isSet(spec["completions"]))
    failures.push(required(`${path}.completions`, "when completion mode is Indexed"));
  const parallelism = spec["parallelism"];
  if (isIndexed && typeof parallelism === "number" && parallelism > INDEXED_PARALLELISM_MAX)
    failures.push(
      invalidValue(
        `${path}.parallelism`,
        parallelism,
        `must be less than or equal to ${INDEXED_PARALLELISM_MAX} when completion mode is Indexed`,
      ),
    );
  if (isIndexed) checkFailedIndexesLimit(spec, path, failures);
  for (const name of ["backoffLimitPerIndex", "maxFailedIndexes"])
    if (!isIndexed && isSet(spec[name]))
      failures.push(invalidValue(`${path}.${name}`, spec[name], "requires indexed completion mode"));
  if (isSet(spec["maxFailedIndexes"]) && !isSet(spec["backoffLimitPerIndex"]))
    failures.push(required(`${path}.backoffLimitPerIndex`, "when maxFailedIndexes is specified"));
}

/** So that lists of indices in the status do not grow without end. */
function checkFailedIndexesLimit(spec: Fields, path: string, failures: Failure[]): void {
  const [most, completions] = [spec["maxFailedIndexes"], spec["completions"]];
  const at = `${path}.maxFailedIndexes`;
  const atMost = (limit: number, why: string) => {
    if (typeof most === "number" && most > limit) failures.push(invalidValue(at, most, why));
  };
  if (typeof completions === "number") atMost(completions, "must be less than or equal to completions");
  atMost(FAILED_INDEXES_MAX, `must be less than or equal to ${FAILED_INDEXES_MAX}`);
  const isLarge = typeof completions === "number" && completions > LARGE_COMPLETIONS;
  if (!isLarge || !isSet(spec["backoffLimitPerIndex"])) return;
  if (!isSet(most))
    failures.push(required(at, `must be specified when completions is above ${LARGE_COMPLETIONS}`));
  const why = `must be less than or equal to ${LARGE_LIMIT} when completions are above ${LARGE_COMPLETIONS} and used with backoff limit per index`;
  const parallelism = spec["parallelism"];
  if (typeof parallelism === "number" && parallelism > LARGE_LIMIT)
    failures.push(invalidValue(`${path}.parallelism`, parallelism, why));
  atMost(LARGE_LIMIT, why);
}

const JOB_IMMUTABLE = [
  "selector",
  "completionMode",
  "podFailurePolicy",
  "backoffLimitPerIndex",
  "managedBy",
  "successPolicy",
];
/** A suspended Job that never ran may still be told where to run. */
const TEMPLATE_WHILE_SUSPENDED = ["nodeSelector", "tolerations", "affinity", "schedulingGates"];

export function checkJobUpdate(next: KubeObject, current: KubeObject, failures: Failure[]): void {
  const [after, before] = [
    part(next as unknown as Fields, "spec"),
    part(current as unknown as Fields, "spec"),
  ];
  for (const name of JOB_IMMUTABLE)
    if (!jsonEquals(after[name], before[name]))
      failures.push(invalidValue(`spec.${name}`, after[name], IMMUTABLE));
  const { completions } = after;
  const isIndexed = after["completionMode"] === "Indexed";
  if (completions !== before["completions"] && !isIndexed)
    failures.push(invalidValue("spec.completions", completions, IMMUTABLE));
  else if (
    completions !== before["completions"] &&
    isSet(completions) &&
    completions !== after["parallelism"]
  )
    failures.push(
      invalidValue("spec.completions", completions, "can only be modified in tandem with spec.parallelism"),
    );
  const [template, old] = [mutableParts(after, before, current), part(before, "template")];
  if (!jsonEquals(template, old))
    failures.push(invalidValue("spec.template", part(after, "template"), IMMUTABLE));
}

/** The new template with what may change as it was. */
function mutableParts(after: Fields, before: Fields, current: KubeObject): Fields {
  const template = part(after, "template");
  const isWaiting =
    before["suspend"] === true && !isSet(part(current as unknown as Fields, "status")["startTime"]);
  if (!isWaiting) return template;
  const old = part(part(before, "template"), "spec");
  const spec: Record<string, unknown> = { ...part(template, "spec") };
  for (const name of TEMPLATE_WHILE_SUSPENDED) {
    if (old[name] === undefined) delete spec[name];
    else spec[name] = old[name];
  }
  const metadata = { ...part(template, "metadata") } as Record<string, unknown>;
  const oldMetadata = part(part(before, "template"), "metadata");
  for (const name of ["labels", "annotations"]) {
    if (oldMetadata[name] === undefined) delete metadata[name];
    else metadata[name] = oldMetadata[name];
  }
  return { ...template, metadata, spec };
}

const CONCURRENCY = ["Allow", "Forbid", "Replace"];

export function checkCronJob(cronJob: Fields, failures: Failure[]): void {
  const name = text(part(cronJob, "metadata"), "name");
  if (name.length > CRON_JOB_NAME_MAX)
    failures.push(
      invalidValue("metadata.name", name, `must be no more than ${CRON_JOB_NAME_MAX} characters`),
    );
  checkCronJobSpec(part(cronJob, "spec"), failures);
}

function checkCronJobSpec(spec: Fields, failures: Failure[]): void {
  const schedule = text(spec, "schedule");
  if (schedule === "") failures.push(required("spec.schedule"));
  else checkSchedule(schedule, failures);
  checkNotNegative(
    spec,
    ["startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"],
    "spec",
    failures,
  );
  checkTimeZone(spec, failures);
  checkChoice(spec["concurrencyPolicy"], CONCURRENCY, "spec.concurrencyPolicy", failures);
  const template = part(part(spec, "jobTemplate"), "spec");
  const at = "spec.jobTemplate.spec";
  checkJobSpec(template, at, failures);
  // Every Job that is made of it gets a selector of its own.
  if (isSet(template["selector"]))
    failures.push(invalidValue(`${at}.selector`, template["selector"], "`selector` will be auto-generated"));
  if (template["manualSelector"] === true)
    failures.push(unsupported(`${at}.manualSelector`, true, ["nil", "false"]));
}

const DESCRIPTORS = /^@(yearly|annually|monthly|weekly|daily|midnight|hourly)$/;
const EVERY = /^@every ([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$/;

function checkSchedule(schedule: string, failures: Failure[]): void {
  const path = "spec.schedule";
  if (schedule.includes("TZ")) {
    failures.push(
      invalidValue(path, schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"),
    );
    return;
  }
  if (DESCRIPTORS.test(schedule) || EVERY.test(schedule)) return;
  if (schedule.startsWith("@")) {
    failures.push(invalidValue(path, schedule, `unrecognized descriptor: ${schedule}`));
    return;
  }
  const fields = schedule.trim().split(/\s+/);
  if (fields.length !== 5) {
    failures.push(
      invalidValue(
        path,
        schedule,
        `expected exactly 5 fields, found ${fields.length}: [${fields.join(" ")}]`,
      ),
    );
    return;
  }
  const sunday = fields[4]?.split(",").find((each) => /(^|-)7(\/|$)/.test(each));
  const why = sunday === undefined ? cronMistake(schedule) : `end of range (7) above maximum (6): ${sunday}`;
  if (why !== null) failures.push(invalidValue(path, schedule, why));
}

function cronMistake(schedule: string): string | null {
  try {
    new Cron(schedule, { paused: true });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function checkTimeZone(spec: Fields, failures: Failure[]): void {
  const zone = spec["timeZone"];
  if (!isSet(zone)) return;
  if (zone === "") {
    failures.push(invalidValue("spec.timeZone", zone, "timeZone must be nil or non-empty string"));
    return;
  }
  if (String(zone).toLowerCase() === "local") {
    failures.push(
      invalidValue(
        "spec.timeZone",
        zone,
        "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones",
      ),
    );
    return;
  }
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone as string });
  } catch {
    failures.push(invalidValue("spec.timeZone", zone, `unknown time zone ${zone}`));
  }
}
