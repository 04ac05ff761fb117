// What stands between scheduler and store in a run, in the words of each place that says so: a number of one set-up must
// not be taken for one of another.
import type { CaseRecord } from "../measure/run-record.js";
import type { Through } from "../measure/scheduling-record.js";
import { type Markup, markup } from "./markup.js";
import { schedulingRows } from "./scheduling-rows.js";

interface SetUpWords {
  /** Behind a number of the answer. */
  readonly measured: string;
  /** Among the facts below it. */
  readonly fact: string;
  /** Above a table of Pods a second. */
  readonly lead: string;
  readonly missing: string;
  /** What ours has, where floors have an API server and etcd. */
  readonly against: string;
  /** Under what was not verified. */
  readonly trust: Markup;
}

const WORDS: Readonly<Record<Through | "both", SetUpWords>> = {
  "in-process": {
    measured: "measured in process, no API server",
    fact: "in process, no API server",
    lead: "In process.",
    missing: "No API server, no etcd, no network",
    against: "runs in process, with neither",
    trust: markup`<strong>in process</strong>: no API server, no etcd, no network, no kubelet`,
  },
  api: {
    measured: "measured through an API server, all in one process",
    fact: "through an API server, all in one process",
    lead: "Through an API server, all in one process.",
    missing: "No etcd, no network",
    against: "runs through an API server in the same process, with no etcd",
    trust: markup`<strong>through an API server in the same process</strong>: no etcd, no network, no kubelet`,
  },
  both: {
    measured: "measured in process",
    fact: "in process, some through an API server",
    lead: "In process, some through an API server.",
    missing: "No etcd, no network",
    against: "runs in process, with no etcd, and with an API server only where a case says so",
    trust: markup`<strong>in process</strong>, some through an API server there: no etcd, no network, no kubelet`,
  },
};

/** Of one case. */
export function setUpWords(through: Through): SetUpWords {
  return WORDS[through];
}

/** Of all cases that schedule Pods. */
export function setUpOf(cases: readonly CaseRecord[]): SetUpWords {
  const [first, ...others] = new Set(schedulingRows(cases).map(({ through }) => through));
  return WORDS[others.length > 0 ? "both" : (first ?? "in-process")];
}
