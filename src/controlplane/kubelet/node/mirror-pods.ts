// Keeps a mirror in the API for each static Pod of a node, so that others see it: made when there is none, made again when
// somebody deletes it, taken away when nothing stands behind it.
// Source: kubernetes pkg/kubelet/pod/mirror_client.go, kubelet.go tryReconcileMirrorPods.
import type { KubeObject } from "../../../api/meta.js";
import type { Client } from "../../client/client.js";
import { PODS } from "../../client/resources.js";
import type { DueTimes } from "../due-times.js";
import type { Pod } from "../pod/pod.js";
import { mirrorPodOf } from "./static-pods.js";

const RETRY_MS = 10_000;

/** What runs of a static Pod. */
interface StaticPodWorker {
  readonly pod: Pod;
  /** null: it has no mirror. */
  readonly apiPod: Pod | null;
  setMirror(mirror: Pod | null): void;
}

/** What is needed of a node. */
interface MirroringNode {
  readonly due: DueTimes;
  readonly isDown: boolean;
  readonly node: KubeObject | null;
  /** By the static Pod's uid. */
  readonly workers: ReadonlyMap<string, StaticPodWorker>;
}

export class MirrorPods {
  readonly #client: Client;
  readonly #node: MirroringNode;

  constructor(client: Client, node: MirroringNode) {
    this.#client = client;
    this.#node = node;
  }

  /** Tries until there is one, or the Pod has gone. */
  create(pod: Pod): void {
    const { uid, namespace } = pod.metadata;
    const retry = () => {
      if (this.#node.workers.get(uid)?.apiPod === null && !this.#node.isDown) this.create(pod);
    };
    this.#client
      .resource<Pod>(PODS, namespace)
      .create(mirrorPodOf(pod, this.#node.node))
      .then(
        (mirror) => this.onMirror(mirror, uid),
        () => this.#node.due.after(RETRY_MS, retry),
      );
  }

  /** A mirror came or changed. @param uid of the static Pod that it stands for */
  onMirror(mirror: Pod, uid: string): void {
    const worker = this.#node.workers.get(uid);
    if (worker !== undefined && mirror.metadata.deletionTimestamp === undefined) worker.setMirror(mirror);
    // One that somebody deletes goes at once; a new one takes its place. One without a Pod behind it just goes.
    else this.#delete(mirror);
  }

  /** A mirror has gone. @param uid of the static Pod that it stood for */
  onDeleted(uid: string): void {
    const worker = this.#node.workers.get(uid);
    if (worker === undefined) return;
    worker.setMirror(null);
    this.create(worker.pod);
  }

  #delete({ metadata: { name, namespace, uid } }: Pod): void {
    this.#client
      .resource(PODS, namespace)
      .delete(name, { gracePeriodSeconds: 0, preconditions: { uid } })
      // It has gone, or another has its name; what is left shows with the next event of it.
      .catch(() => {});
  }
}
