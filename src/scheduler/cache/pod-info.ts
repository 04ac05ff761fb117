// A Pod as the scheduler sees it: read once, compared by number. Pods made from one template share what was read.
// Why: a cluster of 150,000 Pods has a few hundred distinct specs; requests, ports and terms are parsed once for each.
// Cost: one JSON text per Pod (about 2 us), or one WeakMap look-up where Pods share their spec object.
// Source: kube-scheduler framework/types.go (PodInfo).
import { present } from "../../base/assert.js";
import type { Container, Pod, PodSpec } from "../../api/types.js";
import { type PodTerms, podTerms } from "./pod-terms.js";
import { type PodRequests, podRequests } from "./resources.js";

export interface HostPort {
  /** "0.0.0.0" stands for every address. */
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

/** What Pods with equal specs have in common. Names of volumes, nodeName and gates are left out: they vary by Pod. */
export interface SpecInfo {
  /** Dense, from 0. */
  readonly id: number;
  readonly requests: PodRequests;
  readonly hostPorts: readonly HostPort[];
  /** Normalised image names, one per container and init container. */
  readonly images: readonly string[];
}

/** What Pods of one namespace with equal labels have in common. */
export interface LabelSet {
  /** Dense, from 0. */
  readonly id: number;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface PodInfo {
  readonly pod: Pod;
  /** "namespace/name". */
  readonly key: string;
  readonly uid: string;
  readonly namespace: string;
  readonly priority: number;
  readonly spec: SpecInfo;
  readonly labelSet: LabelSet;
  readonly terms: PodTerms;
  readonly isTerminating: boolean;
}

export const DEFAULT_NAMESPACE = "default";
const ANY_ADDRESS = "0.0.0.0";
const EMPTY_SPEC: PodSpec = {};
const EMPTY_LABELS: Readonly<Record<string, string>> = {};

export function podKey(pod: Pod): string {
  return `${pod.metadata.namespace ?? DEFAULT_NAMESPACE}/${pod.metadata.name}`;
}

/** The Pod as the API will show it once it is bound. */
export function placedOn(pod: PodInfo, nodeName: string): PodInfo {
  return { ...pod, pod: { ...pod.pod, spec: { ...pod.pod.spec, nodeName } } };
}

/** Makes PodInfos; one per scheduler, so that equal specs meet. */
export class PodReader {
  readonly #specByObject = new WeakMap<PodSpec, SpecInfo>();
  readonly #specByText = new Map<string, SpecInfo>();
  readonly #labelSets = new Map<string, LabelSet>();
  /** Terms by spec and label set; of Pods with terms only. */
  readonly #terms = new Map<string, PodTerms>();

  /** @param known an earlier reading of the same Pod: what still is the same object is not read again */
  read(pod: Pod, known?: PodInfo): PodInfo {
    if (known !== undefined && sharesParts(pod, known.pod)) {
      const isTerminating = pod.metadata.deletionTimestamp !== undefined;
      return { ...known, pod, isTerminating };
    }
    const { metadata } = pod;
    const spec = pod.spec ?? EMPTY_SPEC;
    const namespace = metadata.namespace ?? DEFAULT_NAMESPACE;
    const specInfo = this.#spec(spec);
    const labelSet = this.#labelSet(namespace, metadata.labels ?? EMPTY_LABELS);
    const key = podKey(pod);
    return {
      pod,
      key,
      uid: metadata.uid ?? key,
      namespace,
      priority: spec.priority ?? 0,
      spec: specInfo,
      labelSet,
      terms: this.#termsOf(pod, specInfo, labelSet),
      isTerminating: metadata.deletionTimestamp !== undefined,
    };
  }

  /** The spec with this id. */
  get specs(): ReadonlyMap<string, SpecInfo> {
    return this.#specByText;
  }

  #spec(spec: PodSpec): SpecInfo {
    const known = this.#specByObject.get(spec);
    if (known !== undefined) return known;
    const text = specText(spec);
    let info = this.#specByText.get(text);
    if (info === undefined) {
      info = readSpec(spec, this.#specByText.size);
      this.#specByText.set(text, info);
    }
    this.#specByObject.set(spec, info);
    return info;
  }

  #labelSet(namespace: string, labels: Readonly<Record<string, string>>): LabelSet {
    let text = namespace;
    for (const key in labels) text += `\n${key}=${labels[key]}`;
    let set = this.#labelSets.get(text);
    if (set === undefined) {
      set = { id: this.#labelSets.size, namespace, labels };
      this.#labelSets.set(text, set);
    }
    return set;
  }

  #termsOf(pod: Pod, spec: SpecInfo, labelSet: LabelSet): PodTerms {
    const { affinity, topologySpreadConstraints: spread } = pod.spec ?? EMPTY_SPEC;
    if (affinity === undefined && spread === undefined) return podTerms(pod);
    const key = `${spec.id} ${labelSet.id}`;
    let terms = this.#terms.get(key);
    if (terms === undefined) {
      terms = podTerms(pod);
      this.#terms.set(key, terms);
    }
    return terms;
  }
}

/**
 * Whether all that is read of two Pods is the same objects, as when one was made from the other. Of a spec only what the
 * API lets change is looked at: the rest comes with the containers.
 */
function sharesParts({ metadata, spec = EMPTY_SPEC }: Pod, known: Pod): boolean {
  const { spec: other = EMPTY_SPEC } = known;
  return (
    (metadata === known.metadata ||
      (metadata.labels === known.metadata.labels && metadata.uid === known.metadata.uid)) &&
    spec.containers === other.containers &&
    spec.containers !== undefined &&
    spec.initContainers === other.initContainers &&
    spec.tolerations === other.tolerations &&
    spec.nodeSelector === other.nodeSelector &&
    spec.affinity === other.affinity &&
    spec.resources === other.resources
  );
}

/** Equal for specs that the scheduler cannot tell apart, but for volumes, nodeName, gates and its own profile's name. */
function specText(spec: PodSpec): string {
  const container = (each: Container) => [each.image, each.resources, each.ports, each.restartPolicy];
  return JSON.stringify([
    spec.containers?.map(container),
    spec.initContainers?.map(container),
    spec.nodeSelector,
    spec.affinity,
    spec.tolerations,
    spec.topologySpreadConstraints,
    spec.overhead,
    spec.resources,
    spec.hostNetwork,
    spec.priority,
    spec.preemptionPolicy,
  ]);
}

function readSpec(spec: PodSpec, id: number): SpecInfo {
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  return {
    id,
    requests: podRequests(spec),
    hostPorts: hostPorts(spec),
    images: containers.map(({ image }) => normalizedImageName(image ?? "")),
  };
}

/** Of containers and sidecars: init containers that end give their ports back. */
function hostPorts(spec: PodSpec): HostPort[] {
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always");
  return [...(spec.containers ?? []), ...sidecars]
    .flatMap(({ ports }) => ports ?? [])
    .filter(({ hostPort }) => hostPort !== undefined && hostPort > 0)
    .map(({ hostPort, hostIP, protocol }) => ({
      ip: hostIP === undefined || hostIP === "" ? ANY_ADDRESS : hostIP,
      protocol: protocol ?? "TCP",
      port: present(hostPort, "hostPort"),
    }));
}

export function portsConflict(a: HostPort, b: HostPort): boolean {
  const sameAddress = a.ip === b.ip || a.ip === ANY_ADDRESS || b.ip === ANY_ADDRESS;
  return sameAddress && a.protocol === b.protocol && a.port === b.port;
}

/** With ":latest" where neither tag nor digest is given, as nodes report their images. */
export function normalizedImageName(name: string): string {
  return name.lastIndexOf(":") <= name.lastIndexOf("/") ? `${name}:latest` : name;
}
