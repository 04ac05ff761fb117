// A verification against a kernel as a list of single values, each with what it is of: for files that are read by programs.
import type { Provenance, Unit } from "../measure/metrics.js";
import type {
  BehaviourRecord,
  KernelRecord,
  ProgrammingRecord,
  TimingRecord,
  UserspaceRecord,
} from "../measure/kernel-record.js";
import { pairsByName } from "./grid.js";

/** What a value is of; empty where it does not apply. `detail`: kind of packet, Service, change or operation. */
export const KERNEL_COLUMNS = [
  ...["part", "path", "kernel", "family", "cluster", "packet", "services", "target", "detail"],
] as const;

export interface KernelValue {
  readonly what: Readonly<Record<string, string | number>>;
  readonly name: string;
  readonly unit: Unit;
  readonly provenance: Provenance;
  readonly value: number;
}

const NS_PER_MS = 1e6;

export function kernelValues({
  behaviour,
  timing,
  programming,
  userspace,
}: KernelRecord): readonly KernelValue[] {
  return [
    ...behaviour.flatMap(behaviourValues),
    ...(timing === null ? [] : timingValues(timing)),
    ...programming.flatMap(programmingValues),
    ...(userspace === null ? [] : userspaceValues(userspace)),
  ];
}

function behaviourValues({
  path,
  kernel,
  family,
  cluster,
  kinds,
  distribution,
}: BehaviourRecord): readonly KernelValue[] {
  const of = (part: string, detail: string) => ({ part, path, kernel, family, cluster, detail });
  return [
    ...pairsByName(kinds).flatMap(([kind, { flows, agreed }]) => [
      counted(of("behaviour", kind), "flows", flows),
      counted(of("behaviour", kind), "agreed", agreed),
    ]),
    ...distribution.flatMap(({ service, flows, chiSquare, pValue }) => [
      counted(of("spread", service), "flows", flows),
      counted(of("spread", service), "chi_square", chiSquare),
      counted(of("spread", service), "p_value", pValue),
    ]),
  ];
}

function timingValues({ controls, points }: TimingRecord): readonly KernelValue[] {
  return [
    ...controls.map(({ control, kernel, packet, ns }) =>
      measured({ part: "control", kernel, packet, detail: control }, "packet_time", ns),
    ),
    ...points.flatMap(({ path, kernel, packet, services, target, modelledNs, measuredNs }) => {
      const what = { part: "time", path, kernel, packet, services, target };
      return [modelled(what, "packet_time", modelledNs), measured(what, "packet_time", measuredNs)];
    }),
  ];
}

function programmingValues(one: ProgrammingRecord): readonly KernelValue[] {
  const { path, kernel, services, change, bytes, rules, modelledMs, measuredMs } = one;
  const what = { part: "programming", path, kernel, services, detail: change };
  return [
    counted(what, "rules", rules),
    { ...counted(what, "bytes", bytes), unit: "B" },
    ...(modelledMs === null ? [] : [modelled(what, "load_time", modelledMs * NS_PER_MS)]),
    measured(what, "load_time", measuredMs * NS_PER_MS),
  ];
}

function userspaceValues({ rows }: UserspaceRecord): readonly KernelValue[] {
  return rows.flatMap(({ operation, labels, directNs, proxiedNs, proxyCpuNs }) => {
    const detail = [operation, ...pairsByName(labels).map(([name, value]) => `${name}=${value}`)].join(" ");
    const what = { part: "userspace", path: "userspace", kernel: "native", detail };
    return [
      measured(what, "direct_time", directNs),
      measured(what, "proxied_time", proxiedNs),
      measured(what, "proxy_cpu_time", proxyCpuNs),
    ];
  });
}

type What = KernelValue["what"];

function counted(what: What, name: string, value: number): KernelValue {
  return { what, name, unit: "1", provenance: "counted", value };
}

function modelled(what: What, name: string, value: number): KernelValue {
  return { what, name, unit: "ns", provenance: "modelled", value };
}

function measured(what: What, name: string, value: number): KernelValue {
  return { what, name, unit: "ns", provenance: "measured-kernel", value };
}
