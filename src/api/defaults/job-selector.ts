// A Job selects its Pods by its own uid, unless it is told to use a selector of the user's.
// Source: pkg/registry/batch/job/strategy.go (generateSelector).
import type { ObjectMeta } from "../meta.js";
import type { Fields, Rule } from "./rule.js";

const UID_LABEL = "batch.kubernetes.io/controller-uid";

/** What the Pods of a Job are labelled with: names of older releases, too. */
export function jobLabels(name: string | undefined, uid: string): Readonly<Record<string, string>> {
  return {
    "batch.kubernetes.io/job-name": name ?? "",
    "job-name": name ?? "",
    [UID_LABEL]: uid,
    "controller-uid": uid,
  };
}

/** For the spec of a Job that has its uid; before, nothing can be said. What is there already stays. */
export const generatedSelector: Rule = (value, job) => {
  const { uid, name } = (job["metadata"] ?? {}) as ObjectMeta;
  const spec = (value ?? {}) as Fields;
  if (uid === undefined || spec["manualSelector"] === true) return value;
  const template = (spec["template"] ?? {}) as Fields;
  const metadata = (template["metadata"] ?? {}) as Fields;
  const selector = (spec["selector"] ?? {}) as Fields;
  const given = (metadata["labels"] ?? {}) as Fields;
  const matched = (selector["matchLabels"] ?? {}) as Fields;
  const added = jobLabels(name, uid);
  if (matched[UID_LABEL] !== undefined && Object.keys(added).every((label) => given[label] !== undefined))
    return value;
  return {
    ...spec,
    selector: { ...selector, matchLabels: { ...matched, [UID_LABEL]: matched[UID_LABEL] ?? uid } },
    template: { ...template, metadata: { ...metadata, labels: { ...added, ...given } } },
  };
};
