// Kinds that make Pods.
// Source: pkg/apis/apps/v1/defaults.go, pkg/apis/batch/v1/defaults.go, pkg/apis/core/v1/defaults.go.
import { generatedSelector } from "./job-selector.js";
import { claimSpec, podTemplate, podTemplateIfAny } from "./pod-defaults.js";
import {
  always,
  chained,
  each,
  type Fields,
  isObject,
  type Rule,
  unlessSet,
  unlessSetBy,
  unlessZero,
  when,
  within,
} from "./rule.js";

const ROLLING_UPDATE = "RollingUpdate";
const isRolling = (strategy: Fields) => strategy["type"] === ROLLING_UPDATE;
const MAX_INT32 = 2 ** 31 - 1;

export const deployment = within({
  spec: always({
    replicas: unlessSet(1),
    template: podTemplate,
    strategy: always({
      type: unlessZero(ROLLING_UPDATE),
      rollingUpdate: when(
        isRolling,
        always({ maxUnavailable: unlessSet("25%"), maxSurge: unlessSet("25%") }),
      ),
    }),
    revisionHistoryLimit: unlessSet(10),
    progressDeadlineSeconds: unlessSet(600),
  }),
});

export const replicaSet = within({ spec: always({ replicas: unlessSet(1), template: podTemplate }) });

export const daemonSet = within({
  spec: always({
    template: podTemplate,
    updateStrategy: always({
      type: unlessZero(ROLLING_UPDATE),
      rollingUpdate: when(isRolling, always({ maxUnavailable: unlessSet(1), maxSurge: unlessSet(0) })),
    }),
    revisionHistoryLimit: unlessSet(10),
  }),
});

/** A strategy that is given without a partition stays without, as upstream's. */
const statefulStrategy: Rule = (value) => {
  const strategy = (value ?? {}) as Fields;
  if (!strategy["type"])
    return { ...strategy, type: ROLLING_UPDATE, rollingUpdate: partitioned(strategy["rollingUpdate"] ?? {}) };
  return givenStrategy(strategy);
};
const partitioned = within({ partition: unlessSet(0) });
const givenStrategy = within({ rollingUpdate: when(isRolling, partitioned) });

/** What the older name may say; anything else there counts as nothing, as it did before there was a newer one. */
const OLDER_SOURCES: Readonly<Record<string, string>> = {
  PersistentVolumeClaim: "",
  VolumeSnapshot: "snapshot.storage.k8s.io",
};

/** A source in another namespace is no source: upstream's gate for these is off by default. */
const dataSourceRef: Rule = (value) =>
  isObject(value) && !value["namespace"] ? withGroup(value) : undefined;
/** Either name of what a volume starts with stands for both. */
const dataSource: Rule = (value, { dataSourceRef: newer }) => {
  if (isObject(newer)) return isObject(value) ? withGroup(value) : newer;
  if (!isObject(value)) return undefined;
  const isKnown = OLDER_SOURCES[String(value["kind"])] === (value["apiGroup"] ?? "");
  return isKnown ? withGroup(value) : undefined;
};
const sourceByBothNames: Rule = (value, { dataSource: older }) => value ?? older;

/** The group is written even when there is none. */
function withGroup(source: Fields): Fields {
  return source["apiGroup"] === undefined ? { apiGroup: null, ...source } : source;
}

export const claim = within({
  spec: chained(
    claimSpec,
    within({ dataSourceRef, dataSource }),
    within({ dataSourceRef: sourceByBothNames }),
  ),
  status: always({ phase: unlessZero("Pending") }),
});

const templateClaim = within({ spec: claimSpec, status: always({ phase: unlessZero("Pending") }) });

const claimTemplate: Rule = (value) =>
  isObject(value) ? templateClaim({ apiVersion: "v1", kind: "PersistentVolumeClaim", ...value }) : value;

export const statefulSet = within({
  spec: always({
    replicas: unlessSet(1),
    template: podTemplate,
    volumeClaimTemplates: each(keepsIdentity(claimTemplate)),
    podManagementPolicy: unlessZero("OrderedReady"),
    updateStrategy: statefulStrategy,
    revisionHistoryLimit: unlessSet(10),
    persistentVolumeClaimRetentionPolicy: always({
      whenDeleted: unlessZero("Retain"),
      whenScaled: unlessZero("Retain"),
    }),
  }),
});

/** A claim template that names its kind already is not copied for it. */
function keepsIdentity(rule: Rule): Rule {
  return (value, owner) =>
    isObject(value) && value["apiVersion"] !== undefined && value["kind"] !== undefined
      ? templateClaim(value)
      : rule(value, owner);
}

const labelsOfTemplate = (owner: Fields): Fields | undefined => {
  const template = (owner["spec"] as Fields | undefined)?.["template"] as Fields | undefined;
  return (template?.["metadata"] as Fields | undefined)?.["labels"] as Fields | undefined;
};

const isEmpty = (value: unknown) => !isObject(value) || Object.keys(value).length === 0;

/** Labels of an object that has none are those of its Pods. */
const metadataFromTemplate: Rule = (value, owner) => {
  const labels = labelsOfTemplate(owner);
  return isObject(value) && labels !== undefined && isEmpty(value["labels"]) ? { ...value, labels } : value;
};

export const replicationController = within({
  spec: always({
    replicas: unlessSet(1),
    template: podTemplateIfAny,
    selector: (value, spec) => (isEmpty(value) ? (labelsOfTemplate({ spec }) ?? value) : value),
  }),
  metadata: metadataFromTemplate,
});

/** The order matters: completions are one only where parallelism is not given either. */
const jobSpec = {
  completions: unlessSetBy((spec) => (spec["parallelism"] == null ? 1 : undefined)),
  parallelism: unlessSet(1),
  backoffLimit: unlessSetBy((spec) => (spec["backoffLimitPerIndex"] == null ? 6 : MAX_INT32)),
  completionMode: unlessSet("NonIndexed"),
  suspend: unlessSet(false),
  podReplacementPolicy: unlessSetBy((spec) =>
    spec["podFailurePolicy"] == null ? "TerminatingOrFailed" : "Failed",
  ),
  podFailurePolicy: within({
    rules: each(within({ onPodConditions: each(within({ status: unlessZero("True") })) })),
  }),
  template: podTemplate,
};

/** Labels are taken from the template after the selector's are added to it: upstream's share one map. */
export const job = within({
  spec: chained(always({ ...jobSpec, manualSelector: unlessSet(false) }), generatedSelector),
  metadata: metadataFromTemplate,
});

/** Of a Job in a CronJob only what every template has is filled in: the rest is, when a Job is made of it. */
export const cronJob = within({
  spec: always({
    concurrencyPolicy: unlessZero("Allow"),
    suspend: unlessSet(false),
    jobTemplate: always({
      spec: always({ podFailurePolicy: jobSpec.podFailurePolicy, template: podTemplate }),
    }),
    successfulJobsHistoryLimit: unlessSet(3),
    failedJobsHistoryLimit: unlessSet(1),
  }),
});
