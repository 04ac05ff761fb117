// What the Pods of one node request together, kept up to date as they come and go.
import type { Pod } from "../pod/pod.js";
import { podRequest, requestedResources } from "../pod/resources.js";

export class NodeResources {
  readonly #used = new Map<string, number>();

  used(resource: string): number {
    return this.#used.get(resource) ?? 0;
  }

  add(pod: Pod): void {
    this.#change(pod, 1);
  }

  remove(pod: Pod): void {
    this.#change(pod, -1);
  }

  #change(pod: Pod, sign: 1 | -1): void {
    this.#used.set("pods", this.used("pods") + sign);
    for (const resource of requestedResources(pod.spec))
      this.#used.set(resource, this.used(resource) + sign * podRequest(pod.spec, resource));
  }
}
