// How the simulated runtime behaves: how long its calls take and what containers do. A profile is data; the same seed
// and the same profile play the same cluster.
import { PlumbError } from "../../../base/errors.js";
import type { Container, Pod } from "../pod/pod.js";
import { baseName } from "../shell/run-shell.js";
import { isKnownCommand } from "../shell/shell.js";
import { type Behaviour, readBehaviour, RUNS_QUIETLY } from "./behaviour.js";

export interface BehaviourRule {
  /** Part of the image's name, without tag; absent: any. */
  readonly image?: string;
  /** Labels that the Pod must carry. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly container?: string;
  /** Clauses as in the annotation. */
  readonly run: string;
}

export interface SimulationProfile {
  readonly sandboxMs: number;
  /** Of every pull, whatever the size. */
  readonly pullMs: number;
  readonly pullBytesPerSecond: number;
  readonly createMs: number;
  readonly startMs: number;
  /** Share by which each of these varies, 0..1. */
  readonly jitter: number;
  /** First match wins. */
  readonly rules: readonly BehaviourRule[];
}

/** About what containerd takes on a busy machine, with images near by. */
export const USUAL_PROFILE: SimulationProfile = {
  sandboxMs: 40,
  pullMs: 80,
  pullBytesPerSecond: 500e6,
  createMs: 15,
  startMs: 15,
  jitter: 0.2,
  rules: [],
};

/** Everything at once: what is left is the control plane's own time. */
export const INSTANT_PROFILE: SimulationProfile = {
  sandboxMs: 0,
  pullMs: 0,
  pullBytesPerSecond: Number.POSITIVE_INFINITY,
  createMs: 0,
  startMs: 0,
  jitter: 0,
  rules: [],
};

export const ANNOTATION_RUN = "plumbline.dev/run";

export interface ContainerPlan {
  readonly behaviour: Behaviour;
  /** Words that are played; null: the behaviour says it all. */
  readonly script: readonly string[] | null;
  /** What a command is that the simulation does not know. */
  readonly unknown: "not-found" | "server";
}

/** Images that hold a shell and no server. */
const SHELL_IMAGES = new Set([
  "busybox",
  "alpine",
  "ubuntu",
  "debian",
  "fedora",
  "centos",
  "bash",
  "rockylinux",
]);

const HELLO =
  "\nHello from Docker!\nThis message shows that your installation appears to be working correctly.\n\n";

/** Images whose own command ends by itself. */
const BRIEF_IMAGES: ReadonlyMap<string, Behaviour> = new Map([
  ["hello-world", { ...RUNS_QUIETLY, exit: { code: 0, afterMs: 0 }, output: HELLO }],
  [
    "perl",
    { ...RUNS_QUIETLY, exit: { code: 0, afterMs: 2000 }, output: "3.14159265358979323846264338327950288\n" },
  ],
]);

/** What a container of this Pod will do. A clause that cannot be read makes it fail to start, saying why. */
export function containerPlan(pod: Pod, container: Container, profile: SimulationProfile): ContainerPlan {
  const annotations = pod.metadata.annotations;
  const text = annotations?.[`${ANNOTATION_RUN}.${container.name}`] ?? annotations?.[ANNOTATION_RUN];
  const chosen = text ?? profile.rules.find((rule) => matches(rule, pod, container))?.run;
  const byImage = planOfImage(container);
  if (chosen === undefined) return waitsForNetwork(pod, container) ? { ...byImage, ...FOUND } : byImage;
  const behaviour = behaviourOf(chosen);
  const saysWhatRuns = /(^|;)\s*(exit|run)\b/.test(chosen);
  return { ...byImage, behaviour, script: saysWhatRuns ? null : byImage.script };
}

function matches(rule: BehaviourRule, pod: Pod, container: Container): boolean {
  if (rule.container !== undefined && rule.container !== container.name) return false;
  if (rule.image !== undefined && !imageName(container.image ?? "").includes(rule.image)) return false;
  return Object.entries(rule.labels ?? {}).every(([name, value]) => pod.metadata.labels?.[name] === value);
}

/** What init containers reach others with. There is no network between simulated containers: what they wait for is there. */
const NETWORK_COMMANDS = /\b(?:wget|curl|nc|ncat|nslookup|dig|ping|pg_isready|mysqladmin|redis-cli)\b/;
const FOUND = { behaviour: { ...RUNS_QUIETLY, exit: { code: 0, afterMs: 1000 } }, script: null };

function waitsForNetwork({ spec }: Pod, container: Container): boolean {
  if (!spec?.initContainers?.some(({ name }) => name === container.name)) return false;
  return [...(container.command ?? []), ...(container.args ?? [])].some((word) =>
    NETWORK_COMMANDS.test(word),
  );
}

function planOfImage(container: Container): ContainerPlan {
  const image = baseName(imageName(container.image ?? ""));
  const hasShell = SHELL_IMAGES.has(image);
  const unknown = hasShell ? "not-found" : "server";
  const words = [
    ...(container.command ?? (hasShell && container.args === undefined ? ["sh"] : [])),
    ...(container.args ?? []),
  ];
  if (words.length > 0 && (isKnownCommand(words) || (hasShell && container.command === undefined)))
    return { behaviour: RUNS_QUIETLY, script: words, unknown };
  const brief = BRIEF_IMAGES.get(image);
  return { behaviour: brief ?? RUNS_QUIETLY, script: null, unknown };
}

/** "registry.k8s.io/pause:3.10@sha256:..." -> "registry.k8s.io/pause" */
export function imageName(image: string): string {
  const withoutDigest = image.split("@")[0] as string;
  const colon = withoutDigest.lastIndexOf(":");
  return colon > withoutDigest.lastIndexOf("/") ? withoutDigest.slice(0, colon) : withoutDigest;
}

const BEHAVIOURS_KEPT_MAX = 1000;
const behaviours = new Map<string, Behaviour>();

/** Pods of one workload share one object. */
function behaviourOf(text: string): Behaviour {
  const kept = behaviours.get(text);
  if (kept !== undefined) return kept;
  const behaviour = readOrRefuse(text);
  if (behaviours.size < BEHAVIOURS_KEPT_MAX) behaviours.set(text, behaviour);
  return behaviour;
}

function readOrRefuse(text: string): Behaviour {
  try {
    return readBehaviour(text);
  } catch (error) {
    if (!(error instanceof PlumbError)) throw error;
    return { ...RUNS_QUIETLY, failsStart: error.message };
  }
}
