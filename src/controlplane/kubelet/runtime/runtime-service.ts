// What a kubelet asks of a container runtime, in the shape of the Container Runtime Interface. Sandboxes hold a Pod's
// network; containers live in sandboxes; images are pulled before containers are made from them.
// Source: k8s.io/cri-api pkg/apis/runtime/v1 (RuntimeService, ImageService).
import type { NameLookup } from "../../protocol/name-lookup.js";
import type { Container, Pod } from "../pod/pod.js";

export type SandboxId = string;
export type ContainerId = string;

export interface PodSandboxConfig {
  readonly pod: Pod;
  /** How many sandboxes the Pod had before. */
  readonly attempt: number;
}

export interface PodSandbox {
  readonly id: SandboxId;
  readonly podUid: string;
  readonly attempt: number;
  readonly isReady: boolean;
  /** null: the Pod uses its node's network. */
  readonly ip: string | null;
  readonly createdAtMs: number;
}

export interface ContainerConfig {
  readonly container: Container;
  /** How often this container ran before. */
  readonly attempt: number;
  readonly image: ImageStatus;
  /** Environment and files, for containers whose process is played line by line; null for the rest. */
  readonly world: ContainerWorld | null;
}

/** What a process in a container sees around it. Values and contents are bytes: ../shell/byte-text.ts. */
export interface ContainerWorld {
  readonly hostname: string;
  readonly env: ReadonlyMap<string, string>;
  /** Absolute path -> content, of mounted ConfigMaps, Secrets and tokens; where something is mounted is "PATH/" -> "". */
  readonly files: ReadonlyMap<string, string>;
  readonly lookup: NameLookup;
}

export type ContainerState = "created" | "running" | "exited";

/** CRI ContainerStatus. Times are ms of the wall clock; 0: not yet. */
export interface RuntimeContainer {
  readonly id: ContainerId;
  readonly name: string;
  readonly attempt: number;
  readonly state: ContainerState;
  readonly image: string;
  readonly imageRef: string;
  readonly createdAtMs: number;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly exitCode: number;
  /** "Completed", "Error", "OOMKilled", "StartError"... */
  readonly reason: string;
  readonly message: string;
}

export interface ImageStatus {
  /** As it was asked for. */
  readonly image: string;
  /** "sha256:..." */
  readonly id: string;
  /** Repository and digest. */
  readonly ref: string;
  readonly sizeBytes: number;
}

export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What one container uses now. */
export interface ContainerUsage {
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly logBytes: number;
  readonly inodes: number;
  readonly pids: number;
}

/** A refusal of the runtime: `message` is what CRI's status would say. */
export class RuntimeRefusal extends Error {
  override readonly name = "RuntimeRefusal";
}

/** Promises reject with RuntimeRefusal. */
export interface RuntimeService {
  runPodSandbox(config: PodSandboxConfig): Promise<SandboxId>;
  /** Ends what still runs in it, and gives its address back. */
  stopPodSandbox(id: SandboxId): Promise<void>;
  /** With its containers. */
  removePodSandbox(id: SandboxId): Promise<void>;
  listPodSandboxes(podUid: string | null): readonly PodSandbox[];
  createContainer(sandbox: SandboxId, config: ContainerConfig): Promise<ContainerId>;
  startContainer(id: ContainerId): Promise<void>;
  /** SIGTERM, and SIGKILL when it has not ended after `graceSeconds`. */
  stopContainer(id: ContainerId, graceSeconds: number): Promise<void>;
  removeContainer(id: ContainerId): Promise<void>;
  /** Newest first. */
  listContainers(podUid: string): readonly RuntimeContainer[];
  containerStatus(id: ContainerId): RuntimeContainer | null;
  containerStats(id: ContainerId): ContainerUsage | null;
  execSync(
    id: ContainerId,
    command: readonly string[],
    timeoutSeconds: number,
    world: ContainerWorld,
  ): Promise<ExecResult>;
}

export interface ImageService {
  imageStatus(image: string): ImageStatus | null;
  /** @param pod who needs it: rules of the simulation go by Pod and container */
  pullImage(image: string, pod: Pod, container: Container): Promise<ImageStatus>;
  removeImage(image: string): void;
  listImages(): readonly ImageStatus[];
  /** Bytes of all images on the node. */
  imageFsUsedBytes(): number;
}
