// What a kubelet says of its Node: the object it registers, and the part of the status that changes while it runs.
// Source: kubernetes pkg/kubelet/kubelet_node_status.go.
import type { KubeObject } from "../../../api/meta.js";
import type { Node } from "../../client/object-types.js";
import { timestamp } from "../pod/pod.js";
import type { ImageStatus } from "../runtime/runtime-service.js";
import { nodeConditions, type Pressure } from "./node-conditions.js";
import { nodeImages, nodeObject } from "./node-object.js";
import type { NodeSpec } from "./node-spec.js";

/** What is needed of a node. */
interface DescribedNode {
  readonly spec: NodeSpec;
  readonly hostIP: string;
  readonly node: Node | null;
  readonly eviction: { readonly pressures: ReadonlySet<Pressure> };
  readonly runtime: { readonly images: { listImages(): readonly ImageStatus[] } };
  /** ms since 1970 */
  wallMs(): number;
}

export class NodeStatus {
  /** Why the node is not ready; null: it is. */
  trouble: string | null = null;
  readonly #node: DescribedNode;
  readonly #machineId: string;

  constructor(node: DescribedNode, machineId: string) {
    this.#node = node;
    this.#machineId = machineId;
  }

  /** As to be registered. */
  object(): KubeObject {
    return nodeObject({
      spec: this.#node.spec,
      internalIP: this.#node.hostIP,
      conditions: this.#conditions(),
      machineId: this.#machineId,
    });
  }

  /** To be merged into the status that the API server has. */
  patch(): object {
    return { conditions: this.#conditions(), images: nodeImages(this.#node.runtime.images.listImages()) };
  }

  #conditions() {
    const health = { pressures: this.#node.eviction.pressures, trouble: this.trouble };
    const before = (this.#node.node?.status?.conditions ?? []) as Parameters<typeof nodeConditions>[1];
    return nodeConditions(health, before, timestamp(this.#node.wallMs()));
  }
}
