// KubeSchedulerConfiguration text, YAML or JSON -> resolved configuration. Every mistake is reported at once, each with
// its place:
//   scheduler.yaml:9:15 profiles[0].plugins.score.enabled[0].name: unknown plugin "NodeAfinity" (did you mean ...?)
// Stricter than kube-scheduler where it would silently do nothing: unknown plugins in `disabled`, arguments of plugins
// that take none. Fields without effect here must be well-formed and are dropped.
import { dirname } from "node:path";
import {
  anyText,
  count,
  decimal,
  type Field,
  flag,
  INVALID,
  mapped,
  object,
  word,
} from "../../base/document/fields.js";
import { checkedWithin, omittable } from "../../base/document/field-rules.js";
import { mistakesError } from "../../base/document/mistakes.js";
import { parseSource, type Problem } from "../../base/document/source-tree.js";
import { apiVersionField } from "./api-version.js";
import type { ExtenderConfig, Profile, SchedulerConfiguration } from "./configuration.js";
import { defaultConfiguration } from "./default-configuration.js";
import { extendersField } from "./extender-fields.js";
import { goDuration } from "./go-duration.js";
import { percentageField, profilesField } from "./profile-fields.js";

export interface ConfigurationText {
  readonly file: string;
  readonly text: string;
}

/** @throws {PlumbError} InvalidInput with one line per mistake, in file order */
export function parseSchedulerConfiguration({ file, text }: ConfigurationText): SchedulerConfiguration {
  const problems: Problem[] = [];
  const expected = "a KubeSchedulerConfiguration";
  const source = parseSource({ file, folder: dirname(file), text, expected }, problems);
  const read = source === null ? INVALID : configurationField.read(source, "", problems);
  if (read === INVALID || problems.length > 0) throw mistakesError(problems);
  return read;
}

const DEFAULTS = defaultConfiguration();

const clientConnectionField = mapped(
  object("The connection to the API server.", {
    qps: omittable(decimal("Calls per second; 0 means 50, less is no limit."), 0),
    burst: omittable(count("Calls at once; 0 means 100."), 0),
    kubeconfig: ignored(anyText("Where the connection is described.")),
    acceptContentTypes: ignored(anyText("What it accepts.")),
    contentType: ignored(anyText("What it sends.")),
  }),
  ({ qps, burst }) => ({
    qps: qps === 0 ? DEFAULTS.clientConnection.qps : qps,
    burst: burst === 0 ? DEFAULTS.clientConnection.burst : burst,
  }),
);

const leaderElectionField = object("Which replica schedules.", {
  leaderElect: ignored(flag("Elect one.")),
  leaseDuration: ignored(goDuration("How long it leads.")),
  renewDeadline: ignored(goDuration("How long it tries to stay.")),
  retryPeriod: ignored(goDuration("Time between tries.")),
  resourceLock: ignored(anyText("Kind of the lock.")),
  resourceName: ignored(anyText("Name of the lock.")),
  resourceNamespace: ignored(anyText("Where the lock is.")),
});

const writtenField = object("A KubeSchedulerConfiguration.", {
  apiVersion: apiVersionField,
  kind: word("KubeSchedulerConfiguration"),
  parallelism: omittable(count("Nodes examined at a time.", { min: 1 }), DEFAULTS.parallelism),
  percentageOfNodesToScore: omittable(percentageField(), DEFAULTS.percentageOfNodesToScore),
  podInitialBackoffSeconds: omittable(backoffField("first"), DEFAULTS.podInitialBackoffSeconds),
  podMaxBackoffSeconds: omittable(backoffField("longest"), DEFAULTS.podMaxBackoffSeconds),
  delayCacheUntilActive: omittable(flag("Fill caches as leader only."), DEFAULTS.delayCacheUntilActive),
  clientConnection: omittable(clientConnectionField, DEFAULTS.clientConnection),
  profiles: profilesField,
  extenders: extendersField,
  leaderElection: ignored(leaderElectionField),
  enableProfiling: ignored(flag("Serve profiles.")),
  enableContentionProfiling: ignored(flag("Serve profiles of locks.")),
  healthzBindAddress: ignored(anyText("Where health is served; of older versions.")),
  metricsBindAddress: ignored(anyText("Where metrics are served; of older versions.")),
  percentageOfPlacementsToScore: ignored(percentageField()),
});

const configurationField: Field<SchedulerConfiguration> = mapped(
  checkedWithin(writtenField, ({ podInitialBackoffSeconds: first, podMaxBackoffSeconds: longest }) => {
    // The default of the longest is above that of the first, so it is the first that is written.
    const message = `${first} is above podMaxBackoffSeconds, ${longest}`;
    return first <= longest ? [] : [{ path: ["podInitialBackoffSeconds"], message }];
  }),
  (written) => ({
    parallelism: written.parallelism,
    percentageOfNodesToScore: written.percentageOfNodesToScore,
    podInitialBackoffSeconds: written.podInitialBackoffSeconds,
    podMaxBackoffSeconds: written.podMaxBackoffSeconds,
    delayCacheUntilActive: written.delayCacheUntilActive,
    clientConnection: written.clientConnection,
    profiles: withoutExtenderResources(written.profiles, written.extenders),
    extenders: written.extenders,
  }),
);

function backoffField(which: string): Field<number> {
  return count(`The ${which} wait after a failure, in seconds.`, { min: 1 });
}

/** What has no effect here, but must be well-formed. */
function ignored(field: Field<unknown>): Field<null> {
  return omittable<null>(
    mapped(field, () => null),
    null,
  );
}

/** What extenders alone look after takes the place of what a profile ignores, as upstream. */
function withoutExtenderResources(
  profiles: readonly Profile[],
  extenders: readonly ExtenderConfig[],
): readonly Profile[] {
  const ignoredResources = extenders
    .flatMap(({ managedResources }) => managedResources)
    .filter(({ ignoredByScheduler }) => ignoredByScheduler)
    .map(({ name }) => name);
  if (ignoredResources.length === 0) return profiles;
  return profiles.map((profile) => {
    const NodeResourcesFit = { ...profile.args.NodeResourcesFit, ignoredResources };
    return { ...profile, args: { ...profile.args, NodeResourcesFit } };
  });
}
