// What an Event is about, and how it is named.
import type { KubeObject } from "../../api/meta.js";
import type { Prng } from "../../base/prng.js";
import type { Timers } from "../../base/timers.js";

export type EventSubject = Pick<KubeObject, "apiVersion" | "kind" | "metadata"> & {
  /** Part of the object: "spec.containers{web}". */
  readonly fieldPath?: string;
};

/** Events of objects without a namespace are in "default". */
export function namespaceOf(subject: EventSubject): string {
  const { namespace } = subject.metadata;
  return namespace === undefined || namespace === "" ? "default" : namespace;
}

export function referenceTo(subject: EventSubject): object {
  const { name, namespace, uid, resourceVersion } = subject.metadata;
  return {
    kind: subject.kind,
    ...(namespace === undefined ? {} : { namespace }),
    name,
    ...(uid === undefined ? {} : { uid }),
    apiVersion: subject.apiVersion,
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(subject.fieldPath === undefined ? {} : { fieldPath: subject.fieldPath }),
  };
}

/** Upstream appends the time in ns; here 32 bits of chance stand for what a clock of ms does not tell. */
export function eventName(subject: EventSubject, { timers, prng }: { timers: Timers; prng: Prng }): string {
  const ms = timers.wall().getTime();
  const chance = prng.next32().toString(16).padStart(8, "0");
  return `${subject.metadata.name}.${ms.toString(16)}${chance.slice(0, 5)}`;
}

export function subjectKey(subject: EventSubject): string {
  const { name, namespace, uid } = subject.metadata;
  return JSON.stringify([subject.kind, namespace, name, uid, subject.apiVersion, subject.fieldPath]);
}
