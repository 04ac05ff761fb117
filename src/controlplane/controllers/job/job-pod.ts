// A Pod of a Job; of an Indexed Job it knows its index, by annotation, label, hostname and environment.
// Source: pkg/controller/job/{job_controller,indexed_job_utils}.go.
import type { Job, Pod } from "../../client/object-types.js";
import { failureAnnotations } from "./failed-indexes.js";
import { type NewPod, podFromTemplate } from "../harness/pod-from-template.js";
import { INDEX_KEY, JOB_KIND, TRACKING_FINALIZER } from "./job-state.js";

const INDEX_VARIABLE = "JOB_COMPLETION_INDEX";

type PodSpec = NonNullable<NewPod["spec"]>;
type Container = PodSpec["containers"][number];

/** @param index -1: none @param replaced the Pod of this index that failed before it, where that is to be known */
export function newJobPod(job: Job, index: number, replaced?: Pod): NewPod {
  const pod = podFromTemplate(job.spec?.template ?? {}, job, JOB_KIND);
  const finalizers = [...(pod.metadata.finalizers ?? []), TRACKING_FINALIZER];
  if (index < 0) return { ...pod, metadata: { ...pod.metadata, finalizers } };
  const { name } = job.metadata;
  const metadata = {
    ...pod.metadata,
    finalizers,
    generateName: `${name}-${index}-`,
    labels: { ...pod.metadata.labels, [INDEX_KEY]: String(index) },
    annotations: {
      ...pod.metadata.annotations,
      [INDEX_KEY]: String(index),
      ...(job.spec?.backoffLimitPerIndex === undefined ? {} : failureAnnotations(job, replaced)),
    },
  };
  return { ...pod, metadata, spec: indexedSpec(pod.spec ?? { containers: [] }, `${name}-${index}`) };
}

function indexedSpec(spec: PodSpec, hostname: string): PodSpec {
  const { initContainers } = spec;
  return {
    ...spec,
    hostname: spec.hostname ?? hostname,
    containers: spec.containers.map(withIndex),
    ...(initContainers === undefined ? {} : { initContainers: initContainers.map(withIndex) }),
  };
}

function withIndex(container: Container): Container {
  const env = container.env ?? [];
  if (env.some(({ name }) => name === INDEX_VARIABLE)) return container;
  const valueFrom = { fieldRef: { fieldPath: `metadata.annotations['${INDEX_KEY}']` } };
  return { ...container, env: [...env, { name: INDEX_VARIABLE, valueFrom }] };
}
