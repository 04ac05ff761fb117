// Services and the Pods they select, kept ready for controllers that look from either side.
import type { Informer } from "../../client/informer.js";
import { keyOf } from "../../client/object-store.js";
import type { Pod } from "../../client/object-types.js";
import type { Service } from "../../client/cluster-resources.js";
import { isReady, isTerminal } from "./pod-state.js";
import { LabelledObjects, Selectors } from "./label-index.js";

export class SelectedPods {
  readonly #pods: Informer<Pod>;
  readonly #labels = new LabelledObjects();
  readonly #selectors = new Selectors();

  /** @param podChanged told of the Services whose endpoints a change of a Pod may change */
  constructor(services: Informer<Service>, pods: Informer<Pod>, podChanged: (serviceKey: string) => void) {
    this.#pods = pods;
    const tell = (pod: Pod): void => {
      for (const key of this.#selectors.selecting(pod.metadata.namespace ?? "", pod.metadata.labels))
        podChanged(key);
    };
    const putService = (service: Service): void =>
      this.#selectors.put(keyOf(service), service.metadata.namespace ?? "", service.spec?.selector);
    services.addHandler({
      onAdd: putService,
      onUpdate: (_, service) => putService(service),
      onDelete: (service) => this.#selectors.remove(keyOf(service)),
    });
    pods.addHandler({
      onAdd: (pod) => {
        this.#put(pod);
        tell(pod);
      },
      onUpdate: (before, pod) => {
        this.#put(pod);
        const isMoved = before.metadata.labels !== pod.metadata.labels && !isSameLabels(before, pod);
        if (isMoved) tell(before);
        if (isMoved || isNoticed(before, pod)) tell(pod);
      },
      onDelete: (pod) => {
        this.#labels.remove(keyOf(pod));
        tell(pod);
      },
    });
  }

  /** Cost: see label-index.ts. */
  of(service: Service): Pod[] {
    const { namespace = "" } = service.metadata;
    return this.#labels
      .selected(namespace, service.spec?.selector ?? {})
      .map((key) => this.#pods.lister.get(key))
      .filter((pod) => pod !== undefined);
  }

  #put(pod: Pod): void {
    this.#labels.put(keyOf(pod), pod.metadata.namespace ?? "", pod.metadata.labels);
  }
}

function isSameLabels(before: Pod, after: Pod): boolean {
  return JSON.stringify(before.metadata.labels) === JSON.stringify(after.metadata.labels);
}

/** Whether an endpoint of the Pod would be another one. */
function isNoticed(before: Pod, after: Pod): boolean {
  return (
    before.metadata.uid !== after.metadata.uid ||
    before.metadata.deletionTimestamp !== after.metadata.deletionTimestamp ||
    isReady(before) !== isReady(after) ||
    isTerminal(before) !== isTerminal(after) ||
    before.spec?.nodeName !== after.spec?.nodeName ||
    before.spec?.hostname !== after.spec?.hostname ||
    before.spec?.subdomain !== after.spec?.subdomain ||
    addressText(before) !== addressText(after)
  );
}

function addressText({ status }: Pod): string {
  return (status?.podIPs ?? []).map(({ ip }) => ip).join(",") || (status?.podIP ?? "");
}
