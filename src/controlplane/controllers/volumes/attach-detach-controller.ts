// Attaches CSI volumes to the nodes whose Pods use them, and detaches them afterwards. The driver is hollow: what is asked
// for is attached at once. Kubelets wait for node.status.volumesAttached.
// Keys: a node's name. Cost: O(Pods with claims on the node) a reconcile.
// Source: pkg/controller/volume/attachdetach, pkg/volume/csi/csi_attacher.go.
import { createHash } from "node:crypto";
import type { KubeObject } from "../../../api/meta.js";
import { isStatus } from "../../../api/status.js";
import {
  PERSISTENT_VOLUMES,
  type PersistentVolume,
  VOLUME_ATTACHMENTS,
  type VolumeAttachment,
} from "../../client/cluster-resources.js";
import type { Informer } from "../../client/informer.js";
import type { Node, PersistentVolumeClaim, Pod } from "../../client/object-types.js";
import { clientOf, NODES, PERSISTENT_VOLUME_CLAIMS, PODS, resourceOf } from "../../client/resources.js";
import type { Controller, ControllerContext } from "../harness/controller.js";
import { isTerminal } from "../harness/pod-state.js";
import { indexByNode, podsOn } from "../harness/pods-by-node.js";
import { claimKeysOf } from "./pod-claims.js";

interface CsiDriver extends KubeObject {
  readonly spec?: { readonly attachRequired?: boolean };
}

const CSI_DRIVERS = resourceOf<CsiDriver>("storage.k8s.io", "v1", "csidrivers");
const ATTACHMENT_INDEX = "attachment node";

/** One volume that a node needs. */
export interface Wanted {
  readonly volumeName: string;
  readonly driver: string;
  readonly handle: string;
  /** Told of it. */
  readonly pod: Pod;
}

/** "csi-" and a hash of handle, driver and node: the same for all time. */
function attachmentName({ handle, driver }: Wanted, node: string): string {
  return `csi-${createHash("sha256").update(`${handle}${driver}${node}`).digest("hex")}`;
}

/** As kubelets ask for it. */
function uniqueName({ driver, handle }: Pick<Wanted, "driver" | "handle">): string {
  return `kubernetes.io/csi/${driver}^${handle}`;
}

export const attachDetachController: Controller = {
  name: "attachdetach",
  component: "attachdetach-controller",
  workersCount: 5,
  start(context) {
    const shell = new AttachDetach(context);
    return (key) => shell.reconcile(key);
  },
};

function nodeOfAttachment({ spec }: VolumeAttachment): readonly string[] {
  return spec?.nodeName ? [spec.nodeName] : [];
}

class AttachDetach {
  readonly #context: ControllerContext;
  readonly #pods: Informer<Pod>;
  readonly #nodes: Informer<Node>;
  readonly #claims: Informer<PersistentVolumeClaim>;
  readonly #volumes: Informer<PersistentVolume>;
  readonly #drivers: Informer<CsiDriver>;
  readonly #attachments: Informer<VolumeAttachment>;

  constructor(context: ControllerContext) {
    const { informers, queue } = context;
    this.#context = context;
    this.#pods = informers.informer(PODS);
    this.#nodes = informers.informer(NODES);
    this.#claims = informers.informer(PERSISTENT_VOLUME_CLAIMS);
    this.#volumes = informers.informer(PERSISTENT_VOLUMES);
    this.#drivers = informers.informer(CSI_DRIVERS);
    this.#attachments = informers.informer(VOLUME_ATTACHMENTS);
    indexByNode(this.#pods);
    this.#attachments.addIndex(ATTACHMENT_INDEX, nodeOfAttachment);
    const look = (pod: Pod): void => {
      if (pod.spec?.nodeName && claimKeysOf(pod).length > 0) queue.add(pod.spec.nodeName);
    };
    this.#pods.addHandler({
      onAdd: look,
      onUpdate: (before, pod) => {
        if (before.spec?.nodeName !== pod.spec?.nodeName || isTerminal(before) !== isTerminal(pod)) look(pod);
      },
      onDelete: look,
    });
    const lookAtNode = (attachment: VolumeAttachment): void => {
      for (const node of nodeOfAttachment(attachment)) queue.add(node);
    };
    this.#attachments.addHandler({
      onAdd: lookAtNode,
      onUpdate: (_, attachment) => lookAtNode(attachment),
      onDelete: lookAtNode,
    });
    this.#nodes.addHandler({
      onDelete: ({ metadata }) => queue.add(metadata.name),
      onUpdate: (before, node) => {
        // Kubelets that replace the status as a whole must not lose it; those that unmount make it detachable.
        if (volumesText(before) !== volumesText(node)) queue.add(node.metadata.name);
      },
    });
  }

  async reconcile(name: string): Promise<void> {
    const node = this.#nodes.lister.get(name);
    const wanted = node === undefined ? [] : this.#wantedOn(name);
    const attachments = this.#attachments.lister.byIndex(ATTACHMENT_INDEX, name);
    const missing = await this.#attachAll(name, wanted, attachments);
    if (missing.length > 0) return;
    const attached = wanted.filter(({ volumeName }) =>
      attachments.some(
        ({ spec, status }) => spec?.source.persistentVolumeName === volumeName && status?.attached,
      ),
    );
    const inUse = new Set<string>(node?.status?.volumesInUse ?? []);
    const kept = attachments.filter(({ spec }) => {
      const volume = this.#volumes.lister.get(spec?.source.persistentVolumeName ?? "");
      const isWanted = wanted.some(({ volumeName }) => volumeName === spec?.source.persistentVolumeName);
      const csi = volume?.spec?.csi;
      const isMounted =
        csi !== undefined && inUse.has(uniqueName({ driver: csi.driver, handle: csi.volumeHandle }));
      return isWanted || isMounted;
    });
    if (node !== undefined) await this.#tellNode(node, attached, attachments.length > 0);
    for (const attachment of attachments) if (!kept.includes(attachment)) await this.#detach(attachment);
  }

  #wantedOn(node: string): Wanted[] {
    const wanted = new Map<string, Wanted>();
    for (const pod of podsOn(this.#pods, node)) {
      if (isTerminal(pod)) continue;
      for (const key of claimKeysOf(pod)) {
        const volumeName = this.#claims.lister.get(key)?.spec?.volumeName ?? "";
        const csi = this.#volumes.lister.get(volumeName)?.spec?.csi;
        if (csi === undefined || this.#drivers.lister.get(csi.driver)?.spec?.attachRequired === false)
          continue;
        wanted.set(volumeName, { volumeName, driver: csi.driver, handle: csi.volumeHandle, pod });
      }
    }
    return [...wanted.values()];
  }

  /** @returns those that were not attached yet: the informer will tell of them */
  async #attachAll(
    node: string,
    wanted: readonly Wanted[],
    attachments: readonly VolumeAttachment[],
  ): Promise<readonly Wanted[]> {
    const missing: Wanted[] = [];
    for (const each of wanted) {
      const known = attachments.find(({ spec }) => spec?.source.persistentVolumeName === each.volumeName);
      if (known?.status?.attached === true) continue;
      missing.push(each);
      await this.#attach(node, each, known);
    }
    return missing;
  }

  async #attach(node: string, wanted: Wanted, known: VolumeAttachment | undefined): Promise<void> {
    const { client, events } = this.#context;
    const attachments = clientOf(client, VOLUME_ATTACHMENTS, null);
    const name = attachmentName(wanted, node);
    const { volumeName, driver, pod } = wanted;
    const spec = { attacher: driver, nodeName: node, source: { persistentVolumeName: volumeName } };
    const object = { apiVersion: "storage.k8s.io/v1", kind: "VolumeAttachment", metadata: { name }, spec };
    if (known === undefined)
      await attachments.create(object).catch((error: unknown) => {
        if (!isStatus(error, "AlreadyExists")) throw error;
      });
    await attachments.patch(name, "merge", { status: { attached: true } }, { subresource: "status" });
    const message = `AttachVolume.Attach succeeded for volume "${volumeName}" `;
    events.record(pod, "Normal", "SuccessfulAttachVolume", message);
  }

  async #tellNode(node: Node, attached: readonly Wanted[], hasAttachments: boolean): Promise<void> {
    const names = attached.map(uniqueName).sort();
    const before = (node.status?.volumesAttached ?? []).map(({ name }) => name);
    if (names.join() === [...before].sort().join()) return;
    // Others may list volumes of kinds that are not ours; without any of ours there is nothing to say.
    if (
      names.length === 0 &&
      !hasAttachments &&
      before.every((name) => !name.startsWith("kubernetes.io/csi/"))
    )
      return;
    const others = (node.status?.volumesAttached ?? []).filter(
      ({ name }) => !name.startsWith("kubernetes.io/csi/"),
    );
    const volumesAttached = [...others, ...names.map((name) => ({ name, devicePath: "" }))];
    const patch = { status: { volumesAttached } };
    await clientOf(this.#context.client, NODES, null).patch(node.metadata.name, "merge", patch, {
      subresource: "status",
    });
  }

  async #detach({ metadata }: VolumeAttachment): Promise<void> {
    await clientOf(this.#context.client, VOLUME_ATTACHMENTS, null)
      .delete(metadata.name)
      .catch((error: unknown) => {
        if (!isStatus(error, "NotFound")) throw error;
      });
  }
}

function volumesText({ status }: Node): string {
  const attached = (status?.volumesAttached ?? []).map(({ name }) => name);
  return `${attached.join()}|${(status?.volumesInUse ?? []).join()}`;
}
