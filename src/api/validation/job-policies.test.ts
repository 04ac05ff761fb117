import { deepStrictEqual } from "node:assert/strict";
import { test } from "node:test";
import { applyDefaults } from "../defaults/apply-defaults.js";
import type { KubeObject } from "../meta.js";
import { validateCreate } from "./validate.js";

const TEMPLATE = { spec: { restartPolicy: "Never", containers: [{ name: "main", image: "sum:v1" }] } };

function failuresOf(spec: object): readonly string[] {
  const object = { apiVersion: "batch/v1", kind: "Job", metadata: { name: "sum", namespace: "default" } };
  const job = { ...object, spec: { template: TEMPLATE, ...spec } } as unknown as KubeObject;
  return validateCreate(applyDefaults(job)).map(({ field, message }) => `${field}: ${message}`);
}

const indexed = (spec: object) => failuresOf({ completionMode: "Indexed", completions: 10, ...spec });
const failureRule = (rule: object) => failuresOf({ podFailurePolicy: { rules: [rule] } });
const successRule = (rule: object) => indexed({ successPolicy: { rules: [rule] } });
const exitCodes = (more: object) =>
  failureRule({ action: "FailJob", onExitCodes: { operator: "In", values: [1], ...more } });

const RULE = "spec.podFailurePolicy.rules[0]";
const SUCCESS = "spec.successPolicy.rules[0]";

const CASES: readonly [name: string, failures: readonly string[], expected: readonly string[]][] = [
  ["exit codes", exitCodes({ containerName: "main", values: [1, 42] }), []],
  [
    "a Pod condition with its default",
    failureRule({ action: "Ignore", onPodConditions: [{ type: "DisruptionTarget" }] }),
    [],
  ],
  [
    "FailIndex without a limit per index",
    failureRule({ action: "FailIndex", onExitCodes: { operator: "In", values: [1] } }),
    [`${RULE}.action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set`],
  ],
  [
    "an action that is none, about nothing",
    failureRule({ action: "Retry" }),
    [
      `${RULE}.action: Unsupported value: "Retry": supported values: "Count", "FailIndex", "FailJob", "Ignore"`,
      `${RULE}: Invalid value: specifying one of OnExitCodes and OnPodConditions is required`,
    ],
  ],
  [
    "exit codes of a container that is none, in no order, 0 and twice",
    exitCodes({ containerName: "side", values: [2, 1, 0, 1] }),
    [
      `${RULE}.onExitCodes.containerName: Invalid value: "side": must be one of the container or initContainer names in the pod template`,
      `${RULE}.onExitCodes.values[2]: Invalid value: 0: must not be 0 for the In operator`,
      `${RULE}.onExitCodes.values[3]: Duplicate value: 1`,
      `${RULE}.onExitCodes.values: Invalid value: [2,1,0,1]: must be ordered`,
    ],
  ],
  [
    "Pods replaced while they terminate, under a failure policy",
    failuresOf({ podReplacementPolicy: "TerminatingOrFailed", podFailurePolicy: { rules: [] } }),
    ['spec.podReplacementPolicy: Unsupported value: "TerminatingOrFailed": supported values: "Failed"'],
  ],
  ["success by count and indices", successRule({ succeededIndexes: "0-2,7", succeededCount: 4 }), []],
  [
    "success by nothing",
    successRule({}),
    [`${SUCCESS}: Required value: at least one of succeededCount or succeededIndexes must be specified`],
  ],
  [
    "success by more than there is",
    successRule({ succeededIndexes: "0-1", succeededCount: 11 }),
    [
      `${SUCCESS}.succeededCount: Invalid value: 11: must be less than or equal to 10 (the number of specified completions)`,
      `${SUCCESS}.succeededCount: Invalid value: 11: must be less than or equal to 2 (the number of indexes in the specified succeededIndexes field)`,
    ],
  ],
  [
    "indices that cannot be read",
    ["0-10", "3,2", "a", "1-2-3"].flatMap((succeededIndexes) => successRule({ succeededIndexes })),
    [
      `${SUCCESS}.succeededIndexes: Invalid value: "0-10": error parsing succeededIndexes: too large index: "10"`,
      `${SUCCESS}.succeededIndexes: Invalid value: "3,2": error parsing succeededIndexes: non-increasing order, previous: 3, current: 2`,
      `${SUCCESS}.succeededIndexes: Invalid value: "a": error parsing succeededIndexes: cannot convert string to integer for index: "a"`,
      `${SUCCESS}.succeededIndexes: Invalid value: "1-2-3": error parsing succeededIndexes: the fragment "1-2-3" violates the requirement that an index interval can have at most two parts separated by '-'`,
    ],
  ],
  [
    "success of a Job without indices",
    failuresOf({ completions: 1, successPolicy: { rules: [{ succeededCount: 1 }] } }),
    ['spec.successPolicy: Invalid value: {"rules":[{"succeededCount":1}]}: requires indexed completion mode'],
  ],
  [
    "more failed indices than indices",
    indexed({ backoffLimitPerIndex: 1, maxFailedIndexes: 11 }),
    ["spec.maxFailedIndexes: Invalid value: 11: must be less than or equal to completions"],
  ],
  [
    "a limit per index of very many",
    indexed({ completions: 100_001, backoffLimitPerIndex: 1, parallelism: 10_001 }),
    [
      "spec.maxFailedIndexes: Required value: must be specified when completions is above 100000",
      "spec.parallelism: Invalid value: 10001: must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index",
    ],
  ],
];

for (const [name, failures, expected] of CASES)
  test(`Job policies: ${name}`, () => {
    deepStrictEqual(failures, expected);
  });
