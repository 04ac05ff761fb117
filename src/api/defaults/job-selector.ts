// A Job selects its Pods by its own uid, unless it is told to use a selector of the user's.
// Source: pkg/registry/batch/job/strategy.go (generateSelector).
import type { ObjectMeta } from "../meta.js";
import type { Fields, Rule } from "./rule.js";

const UID_LABEL = "batch.kubernetes.io/controller-uid";

/** For the spec of a Job that has its uid; before, nothing can be said. */
export const generatedSelector: Rule = (value, job) => {
  const { uid, name } = (job["metadata"] ?? {}) as ObjectMeta;
  const spec = (value ?? {}) as Fields;
  if (uid === undefined || spec["manualSelector"] === true || spec["selector"] != null) return value;
  const template = (spec["template"] ?? {}) as Fields;
  const metadata = (template["metadata"] ?? {}) as Fields;
  const labels = {
    "batch.kubernetes.io/job-name": name,
    "job-name": name,
    [UID_LABEL]: uid,
    "controller-uid": uid,
    ...(metadata["labels"] as Fields | undefined),
  };
  return {
    ...spec,
    selector: { matchLabels: { [UID_LABEL]: uid } },
    template: { ...template, metadata: { ...metadata, labels } },
  };
};
