// What a Pod asks for in all: its containers together, or its largest init container, whichever is more.
// Source: component-helpers resource/helpers.go (PodRequests, PodLimits).
import type { Container, ResourceRequirements } from "kubernetes-types/core/v1.js";
import { type Amounts, amountsOf, maximumOf, sumOf } from "../../../api/amount.js";
import type { PodObject } from "./pod-parts.js";

const OF_POD: readonly string[] = ["cpu", "memory"];

/** @param part "requests" includes the runtime's overhead where it is asked for */
export function podAmounts(pod: PodObject, part: "requests" | "limits", withOverhead = false): Amounts {
  const { spec } = pod;
  let running = total(spec.containers ?? [], part);
  let sidecars: Amounts = {};
  let starting: Amounts = {};
  for (const container of spec.initContainers ?? []) {
    const amounts = amountsOf(container.resources?.[part]);
    if ((container as { restartPolicy?: string }).restartPolicy === "Always") {
      running = sumOf(running, amounts);
      sidecars = sumOf(sidecars, amounts);
      starting = maximumOf(starting, sidecars);
    } else starting = maximumOf(starting, sumOf(amounts, sidecars));
  }
  const needed = {
    ...maximumOf(running, starting),
    ...ofPod(spec as { resources?: ResourceRequirements }, part),
  };
  return withOverhead && spec.overhead !== undefined ? sumOf(needed, amountsOf(spec.overhead)) : needed;
}

function total(containers: readonly Container[], part: "requests" | "limits"): Amounts {
  return containers.reduce<Amounts>((sum, { resources }) => sumOf(sum, amountsOf(resources?.[part])), {});
}

function ofPod(
  { resources }: { readonly resources?: ResourceRequirements },
  part: "requests" | "limits",
): Amounts {
  const amounts = amountsOf(resources?.[part]);
  return Object.fromEntries(Object.entries(amounts).filter(([name]) => OF_POD.includes(name)));
}
