// One hollow kubelet: its Pods, its runtime, its heartbeat. Small, and idle unless something happens on it.
import type { Node } from "../../client/object-types.js";
import type { Service } from "../../../api/types.js";
import type { Prng } from "../../../base/prng.js";
import { type Timers, wallMs } from "../../../base/timers.js";
import type { Client } from "../../client/client.js";
import type { DueTimes } from "../due-times.js";
import type { EventSink, EventType } from "../events.js";
import { EvictionManager } from "../eviction/eviction-manager.js";
import type { ObjectCache } from "../object-cache.js";
import type { NodeNames, PodHost } from "../pod/pod-context.js";
import { type Container, isTerminalPhase, type Pod } from "../pod/pod.js";
import { PodWorker } from "../pod/pod-worker.js";
import { amountOf } from "../pod/resources.js";
import { PodAddresses } from "../runtime/pod-addresses.js";
import type { SimulationProfile } from "../runtime/profile.js";
import { SimulatedRuntime } from "../runtime/simulated-runtime.js";
import type { StatusManager } from "../status-manager.js";
import { evictionHost } from "./eviction-host.js";
import { Heartbeat } from "./heartbeat.js";
import { admissionProblem } from "./node-admission.js";
import { MirrorPods } from "./mirror-pods.js";
import { nodeAllocatable, nodeCapacity, nodeLabels } from "./node-object.js";
import { NodeResources } from "./node-resources.js";
import type { NodeSpec } from "./node-spec.js";
import { NodeStatus } from "./node-status.js";
import { Relist } from "./relist.js";
import { mirroredUid, staticPodOf } from "./static-pods.js";
import { relieveSystemOom } from "./system-oom.js";

/** What all nodes share. */
export interface KubeletShared {
  readonly client: Client;
  readonly timers: Timers;
  readonly due: DueTimes;
  readonly profile: SimulationProfile;
  readonly events: EventSink;
  readonly statuses: StatusManager;
  readonly objects: ObjectCache;
  readonly names: NodeNames;
  servicesOf(namespace: string): readonly Service[];
  apiService(): Service | null;
}

export interface NodeAddress {
  readonly internalIP: string;
  /** Of its Pods while the Node has no podCIDR. */
  readonly fallbackCidr: string;
}

const PLEG_TROUBLE = "PLEG is not healthy: pleg was last seen active 3m0s ago; threshold is 3m0s";

export class NodeAgent implements PodHost {
  readonly spec: NodeSpec;
  readonly runtime: SimulatedRuntime;
  readonly workers = new Map<string, PodWorker>();
  readonly resources = new NodeResources();
  readonly eviction: EvictionManager;
  readonly startedAtMs: number;
  /** As the API server has it; null: not registered yet. */
  node: Node | null = null;
  startedPodsCount = 0;
  readonly #shared: KubeletShared;
  readonly #address: NodeAddress;
  readonly #heartbeat: Heartbeat;
  readonly #relist: Relist;
  readonly #status: NodeStatus;
  readonly #mirrors: MirrorPods;
  #addresses: { readonly cidr: string; readonly pool: PodAddresses } | null = null;
  /** When it last grew: the status lists images. */
  #imageCount = 0;
  #isDown = false;

  constructor(shared: KubeletShared, spec: NodeSpec, address: NodeAddress, prng: Prng) {
    this.#shared = shared;
    this.spec = spec;
    this.#address = address;
    this.startedAtMs = this.wallMs();
    this.#status = new NodeStatus(this, machineId(prng));
    this.#mirrors = new MirrorPods(shared.client, this);
    this.#relist = new Relist(shared.due, prng.below(1000), (uids) => this.#wakeAll(uids));
    this.eviction = new EvictionManager(evictionHost(this, () => this.#heartbeat.statusChanged()));
    this.runtime = new SimulatedRuntime({
      timers: shared.timers,
      due: shared.due,
      prng,
      profile: shared.profile,
      addresses: () => this.#podAddresses(),
      onUnexpectedExit: (podUid) => this.#relist.changed(podUid),
      onGrowth: () => this.#onGrowth(),
    });
    this.#heartbeat = new Heartbeat({
      name: spec.name,
      client: shared.client,
      due: shared.due,
      prng,
      wallMs: () => this.wallMs(),
      nodeObject: () => this.#status.object(),
      statusPatch: () => this.#status.patch(),
      onNode: (node) => this.onNode(node as Node),
    });
  }

  get nodeName(): string {
    return this.spec.name;
  }

  get hostIP(): string {
    return this.#address.internalIP;
  }

  get memoryCapacityBytes(): number {
    return amountOf("memory", nodeCapacity(this.spec)["memory"]);
  }

  get profile(): SimulationProfile {
    return this.#shared.profile;
  }

  get due(): DueTimes {
    return this.#shared.due;
  }

  get objects(): ObjectCache {
    return this.#shared.objects;
  }

  get names(): NodeNames {
    return this.#shared.names;
  }

  /** It is silent: no heartbeat, no status, no Event. */
  get isDown(): boolean {
    return this.#isDown;
  }

  wallMs(): number {
    return wallMs(this.#shared.timers);
  }

  /** Resolves when the Node is registered. */
  async start(): Promise<void> {
    await this.#heartbeat.start();
    this.reportNode("Normal", "Starting", "Starting kubelet.");
    for (const file of this.spec.staticPods ?? []) this.#runStatic(staticPodOf(file, this.nodeName));
  }

  /** Its network died: nothing is heard or said until `recover`. What runs goes on. */
  fail(): void {
    this.#isDown = true;
    this.#heartbeat.stop();
  }

  /** @param pods that the API server has on this node now */
  recover(pods: readonly Pod[]): void {
    if (!this.#isDown) return;
    this.#isDown = false;
    this.#heartbeat.resume();
    const wanted = new Set(pods.map((pod) => pod.metadata.uid));
    for (const worker of [...this.workers.values()])
      if (worker.apiPod !== null && !wanted.has(worker.apiPod.metadata.uid)) worker.forget();
    for (const pod of pods) this.onPod(pod);
    // What happened in the meantime was neither looked at nor said.
    for (const worker of this.workers.values()) {
      worker.wake();
      this.#shared.statuses.changed(worker);
    }
  }

  /** The machine is gone for good. */
  stop(): void {
    this.#isDown = true;
    this.#heartbeat.stop();
    this.eviction.stop();
    for (const worker of this.workers.values()) worker.abandon();
    this.runtime.crash();
  }

  /** The container runtime does not answer, until `resumeRuntime`. */
  hangRuntime(): void {
    this.runtime.hang();
    this.#relist.stall(() => this.#setTrouble(PLEG_TROUBLE));
  }

  resumeRuntime(): void {
    this.runtime.resume();
    this.#setTrouble(null);
    this.#relist.resume();
  }

  onNode(node: Node): void {
    this.node = node;
    // Others gave the node up while it was slow: it says at its next beat that it is there.
    const ready = node.status?.conditions?.find(({ type }) => type === "Ready");
    if (ready?.status === "Unknown") this.#heartbeat.statusChanged();
    const cidr = node.spec?.podCIDR;
    if (cidr !== undefined && cidr !== "" && this.#addresses?.cidr !== cidr) this.#useCidr(cidr);
  }

  /** A Pod that is bound to this node came or changed. */
  onPod(pod: Pod): void {
    // Before the node is registered it takes no Pods; what is bound by then comes after.
    if (this.#isDown || this.node === null) return;
    const mirrored = mirroredUid(pod);
    if (mirrored !== null) {
      this.#mirrors.onMirror(pod, mirrored);
      return;
    }
    const known = this.workers.get(pod.metadata.uid);
    if (known === undefined) this.#admit(pod);
    else known.update(pod);
  }

  onPodDeleted(pod: Pod): void {
    if (this.#isDown) return;
    const mirrored = mirroredUid(pod);
    if (mirrored === null) this.workers.get(pod.metadata.uid)?.forget();
    else this.#mirrors.onDeleted(mirrored);
  }

  /** Of a Pod as the API knows it: a mirror leads to the static Pod behind it. */
  workerOf(pod: Pod): PodWorker | undefined {
    return this.workers.get(mirroredUid(pod) ?? pod.metadata.uid);
  }

  report(pod: Pod, container: Container | null, type: EventType, reason: string, message: string): void {
    if (this.#isDown) return;
    const path = container === null ? null : fieldPath(pod, container);
    const regarding = this.workers.get(pod.metadata.uid)?.apiPod ?? pod;
    this.#shared.events.report(this.nodeName, regarding, path, type, reason, message);
  }

  reportNode(type: EventType, reason: string, message: string): void {
    if (this.#isDown) return;
    const metadata = { name: this.nodeName, uid: this.node?.metadata.uid ?? this.nodeName };
    this.#shared.events.report(
      this.nodeName,
      { apiVersion: "v1", kind: "Node", metadata },
      null,
      type,
      reason,
      message,
    );
  }

  statusChanged(podUid: string): void {
    const worker = this.workers.get(podUid);
    if (worker !== undefined && !this.#isDown) this.#shared.statuses.changed(worker);
  }

  onFinished(podUid: string): void {
    const worker = this.workers.get(podUid);
    if (worker !== undefined) this.resources.remove(worker.pod);
  }

  onGone(podUid: string): void {
    this.workers.delete(podUid);
  }

  isAttached(volumeName: string): boolean {
    return (this.node?.status?.volumesAttached ?? []).some(({ name }) => name === volumeName);
  }

  servicesOf(namespace: string): readonly Service[] {
    return this.#shared.servicesOf(namespace);
  }

  apiService(): Service | null {
    return this.#shared.apiService();
  }

  #admit(pod: Pod): void {
    const worker = new PodWorker(this, pod, pod);
    this.workers.set(worker.uid, worker);
    const isOver = isTerminalPhase(pod.status?.phase) || pod.metadata.deletionTimestamp !== undefined;
    const problem = isOver ? null : this.#problemWith(pod);
    if (problem !== null) {
      worker.reject(problem);
      return;
    }
    this.resources.add(pod);
    if (!isOver) this.startedPodsCount++;
    worker.begin();
  }

  #problemWith(pod: Pod) {
    return admissionProblem({
      pod,
      nodeName: this.nodeName,
      labels: this.node?.metadata.labels ?? nodeLabels(this.spec),
      allocatable: nodeAllocatable(this.spec),
      used: (resource) => this.resources.used(resource),
      pressures: this.eviction.pressures,
    });
  }

  #runStatic(pod: Pod): void {
    const worker = new PodWorker(this, pod, null);
    this.workers.set(worker.uid, worker);
    this.resources.add(pod);
    worker.begin();
    this.#mirrors.create(pod);
  }

  /** Containers or images use more than before. */
  #onGrowth(): void {
    relieveSystemOom(this);
    this.eviction.check();
    const imageCount = this.runtime.images.count;
    if (imageCount !== this.#imageCount) this.#heartbeat.statusChanged();
    this.#imageCount = imageCount;
  }

  #wakeAll(uids: ReadonlySet<string>): void {
    if (this.#isDown) return;
    for (const uid of uids) this.workers.get(uid)?.wake();
  }

  #setTrouble(trouble: string | null): void {
    if (this.#status.trouble === trouble) return;
    this.#status.trouble = trouble;
    const reason = trouble === null ? "NodeReady" : "NodeNotReady";
    this.reportNode("Normal", reason, `Node ${this.nodeName} status is now: ${reason}`);
    this.#heartbeat.statusChanged();
  }

  #podAddresses(): PodAddresses {
    if (this.#addresses === null) this.#useCidr(this.#address.fallbackCidr);
    return (this.#addresses as { pool: PodAddresses }).pool;
  }

  #useCidr(cidr: string): void {
    const pool = PodAddresses.of(cidr);
    if (pool !== null) this.#addresses = { cidr, pool };
  }
}

/** 128 bits, as /etc/machine-id holds. */
function machineId(prng: Prng): string {
  return Array.from({ length: 4 }, () => prng.next32().toString(16).padStart(8, "0")).join("");
}

function fieldPath(pod: Pod, { name }: Container): string {
  if (pod.spec.containers.some((each) => each.name === name)) return `spec.containers{${name}}`;
  const isInit = (pod.spec.initContainers ?? []).some((each) => each.name === name);
  return isInit ? `spec.initContainers{${name}}` : `spec.ephemeralContainers{${name}}`;
}
