import { deepStrictEqual } from "node:assert/strict";
import { test } from "node:test";
import { applyDefaults } from "../defaults/apply-defaults.js";
import type { KubeObject } from "../meta.js";
import { validateCreate } from "./validate.js";

const GROUP_VERSION = "flowcontrol.apiserver.k8s.io/v1";
const SUBJECT = { kind: "User", user: { name: "alice" } };
const RULE = { verbs: ["*"], apiGroups: ["*"], resources: ["*"], namespaces: ["*"] };

function failuresOf(kind: string, name: string, spec: object): readonly string[] {
  const object = { apiVersion: GROUP_VERSION, kind, metadata: { name }, spec };
  const failures = validateCreate(applyDefaults(object as unknown as KubeObject));
  return failures.map(({ field, message }) => `${field}: ${message}`);
}

const schema = (spec: object, name = "mine") =>
  failuresOf("FlowSchema", name, { priorityLevelConfiguration: { name: "system" }, ...spec });
const rules = (rule: object) => schema({ rules: [{ subjects: [SUBJECT], ...rule }] });
const level = (spec: object, name = "mine") => failuresOf("PriorityLevelConfiguration", name, spec);
const queuing = (more: object) =>
  level({ type: "Limited", limited: { limitResponse: { type: "Queue", queuing: more } } });

const CASES: readonly [name: string, failures: readonly string[], expected: readonly string[]][] = [
  ["a schema", rules({ resourceRules: [RULE] }), []],
  [
    "no level, precedence of exempt",
    schema({ priorityLevelConfiguration: {}, matchingPrecedence: 1 }),
    [
      "spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1",
      "spec.priorityLevelConfiguration.name: Required value: must reference a priority level",
    ],
  ],
  [
    "rules of nothing",
    rules({}),
    ["spec.rules[0]: Required value: at least one of resourceRules and nonResourceRules has to be non-empty"],
  ],
  [
    "subjects of another kind",
    schema({
      rules: [
        {
          subjects: [
            { kind: "Group", user: { name: "x" } },
            { kind: "ServiceAccount", serviceAccount: { name: "*" } },
            { kind: "Robot" },
          ],
          resourceRules: [RULE],
        },
      ],
    }),
    [
      "spec.rules[0].subjects[0].group: Required value: group is required when subject kind is 'Group'",
      "spec.rules[0].subjects[0].user: Forbidden: user is forbidden when subject kind is not 'User'",
      "spec.rules[0].subjects[1].serviceAccount.namespace: Required value: must specify namespace for service account",
      'spec.rules[0].subjects[2].kind: Unsupported value: "Robot": supported values: "Group", "ServiceAccount", "User"',
    ],
  ],
  [
    "wildcards among others, a rule of no namespace",
    rules({
      resourceRules: [{ ...RULE, verbs: ["*", "get"], namespaces: [] }],
      nonResourceRules: [{ verbs: ["get"], nonResourceURLs: ["healthz", "/a*"] }],
    }),
    [
      'spec.rules[0].resourceRules[0].verbs: Invalid value: ["*","get"]: if \'*\' is present, must not specify other verbs',
      "spec.rules[0].resourceRules[0].namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace",
      'spec.rules[0].nonResourceRules[0].nonResourceURLs[0]: Invalid value: "healthz": must start with slash',
      'spec.rules[0].nonResourceRules[0].nonResourceURLs[1]: Invalid value: "/a*": wildcard can only do suffix matching',
    ],
  ],
  ["a level with queues of the defaults", queuing({}), []],
  [
    "a level that would be exempt",
    level({ type: "Exempt" }),
    ["spec.type: Invalid value: \"Exempt\": must be 'Exempt' if and only if `name` is 'exempt'"],
  ],
  [
    "a limited level without limits",
    level({ type: "Limited" }),
    ["spec.limited: Required value: must not be empty when type is Limited"],
  ],
  [
    "a hand larger than the deck, and one that takes too much of the hash",
    [...queuing({ queues: 4, handSize: 8 }), ...queuing({ queues: 512, handSize: 8 })],
    [
      "spec.limited.limitResponse.queuing.handSize: Invalid value: 8: should not be greater than queues (4)",
      "spec.limited.limitResponse.queuing.handSize: Invalid value: 8: required entropy bits of deckSize 512 and handSize 8 should not be greater than 60",
    ],
  ],
];

for (const [name, failures, expected] of CASES)
  test(`flow control validation: ${name}`, () => {
    deepStrictEqual(failures, expected);
  });
