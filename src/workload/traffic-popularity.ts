// Which target a flow asks for: first a kind of target by weight, then one of that kind by popularity.
import { assert } from "../base/assert.js";
import { PlumbError } from "../base/errors.js";
import { type Family, ipWords, parseCidr } from "../base/ip.js";
import type { TransportProtocol } from "../api/types.js";
import type { Prng } from "../base/prng.js";
import { PROTOCOL_NUMBERS } from "../netfilter/packet.js";
import type { PacketColumns } from "../netfilter/packet-columns.js";
import { ADDRESS_RANGES, cidrSize, nthAddress } from "./address-ranges.js";
import { WeightedIndex, zipfWeights } from "./distributions.js";
import { TARGET_KINDS, type TrafficSpec } from "./traffic-spec.js";
import type { TrafficTarget } from "./traffic-targets.js";

/** What `draw` returns for an address that nobody has. */
const MISS = -1;

export class FlowTargets {
  readonly #draw: () => number;
  /** Per target four words; the missing address stands after the last. */
  readonly #words: Uint32Array;
  readonly #ports: Uint16Array;
  readonly #protocols: Uint8Array;
  readonly #count: number;

  constructor(targets: readonly TrafficTarget[], spec: TrafficSpec, of: { family: Family; prng: Prng }) {
    const allowed = targets.flatMap((target, index) =>
      spec.protocols.includes(target.protocol) ? [index] : [],
    );
    const first = targets[allowed[0] ?? -1];
    if (first === undefined) {
      throw new PlumbError(
        "InvalidInput",
        `Cannot generate traffic: none of ${targets.length} targets speaks ${spec.protocols.join(" or ")}`,
      );
    }
    const isMiss = spec.popularity.kind === "miss";
    const all = isMiss ? [...targets, { ...first, ip: freeAddress(targets, spec, of.family) }] : targets;
    this.#count = targets.length;
    this.#words = new Uint32Array(all.length * 4);
    this.#ports = new Uint16Array(all.length);
    this.#protocols = new Uint8Array(all.length);
    for (const [index, target] of all.entries()) this.#place(target, index);
    this.#draw = isMiss ? () => MISS : drawByKind(targets, allowed, { spec, prng: of.prng });
  }

  /** Index of the next flow's target, or -1 for an address that nobody has. */
  draw(): number {
    return this.#draw();
  }

  /** Write `target`, as drawn, as the destination of packet `index`. */
  write(columns: PacketColumns, index: number, target: number): void {
    const place = target === MISS ? this.#count : target;
    for (let word = 0; word < 4; word++)
      columns.destination[index * 4 + word] = this.#words[place * 4 + word] as number;
    columns.destinationPort[index] = this.#ports[place] as number;
    columns.protocol[index] = this.#protocols[place] as number;
  }

  #place(target: TrafficTarget, index: number): void {
    this.#words.set(ipWords(target.ip), index * 4);
    this.#ports[index] = target.port;
    this.#protocols[index] = PROTOCOL_NUMBERS[target.protocol.toLowerCase() as "tcp" | "udp" | "sctp"];
  }
}

function drawByKind(
  targets: readonly TrafficTarget[],
  allowed: readonly number[],
  { spec, prng }: { spec: TrafficSpec; prng: Prng },
): () => number {
  const groups = TARGET_KINDS.map((kind) =>
    allowed.filter((index) => (targets[index] as TrafficTarget).kind === kind),
  );
  const weights = TARGET_KINDS.map((kind, at) =>
    (groups[at] as number[]).length > 0 ? spec.targetWeights[kind] : 0,
  );
  if (!weights.some((weight) => weight > 0)) {
    const wanted = TARGET_KINDS.filter((kind) => spec.targetWeights[kind] > 0).join(" or ");
    throw new PlumbError("InvalidInput", `Cannot generate traffic: no Service can be asked by ${wanted}`, {
      hint: "give targetWeights for a kind of address that the Services have",
    });
  }
  const kindOf = new WeightedIndex(weights);
  const kinds = prng.fork("target-kind");
  const drawIn = groups.map((group, at) =>
    drawByProtocol(targets, group, { spec, prng: prng.fork(TARGET_KINDS[at] as string) }),
  );
  return () => (drawIn[kindOf.draw(kinds)] as () => number)();
}

/** Splits a kind by protocol where weights are given; the place in the chain decides for first, middle and last. */
function drawByProtocol(
  targets: readonly TrafficTarget[],
  group: readonly number[],
  { spec, prng }: { spec: TrafficSpec; prng: Prng },
): () => number {
  const { protocolWeights: weights, popularity } = spec;
  const isSplit = popularity.kind === "uniform" || popularity.kind === "zipf";
  if (weights === null || !isSplit) return drawInGroup(group, spec, prng);
  const speak = (protocol: TransportProtocol) =>
    group.filter((index) => (targets[index] as TrafficTarget).protocol === protocol);
  const parts = spec.protocols.map(speak);
  const partWeights = spec.protocols.map((protocol, at) =>
    (parts[at] as number[]).length > 0 ? weights[protocol] : 0,
  );
  if (!partWeights.some((weight) => weight > 0)) return drawInGroup(group, spec, prng);
  const partOf = new WeightedIndex(partWeights);
  const protocols = prng.fork("protocol");
  const drawIn = parts.map((part, at) => drawInGroup(part, spec, prng.fork(spec.protocols[at] as string)));
  return () => (drawIn[partOf.draw(protocols)] as () => number)();
}

function drawInGroup(group: readonly number[], spec: TrafficSpec, prng: Prng): () => number {
  if (group.length === 0) return () => MISS;
  const at = (index: number) => group[index] as number;
  const popularity = spec.popularity;
  switch (popularity.kind) {
    case "uniform":
      return () => at(prng.below(group.length));
    case "zipf": {
      const ranks = new WeightedIndex(zipfWeights(group.length, popularity.s));
      const shuffled = prng.fork("ranks").shuffled(group);
      return () => shuffled[ranks.draw(prng)] as number;
    }
    case "first":
      return () => at(0);
    case "middle":
      return () => at(group.length >>> 1);
    case "last":
      return () => at(group.length - 1);
    case "miss":
      return () => MISS;
  }
}

/** The highest address of the service CIDR that no target has. */
function freeAddress(targets: readonly TrafficTarget[], spec: TrafficSpec, family: Family): string {
  const text = spec.serviceCIDR ?? (ADDRESS_RANGES[family].services[0] as string);
  const cidr = parseCidr(text);
  if (cidr === null || cidr.family !== family) {
    throw new PlumbError("InvalidInput", `Cannot miss in serviceCIDR '${text}': expected an ${family} CIDR`);
  }
  const taken = new Set(targets.map((target) => target.ip));
  for (let index = cidrSize(cidr) - 2; index > 0; index--) {
    const address = nthAddress(cidr, index);
    if (!taken.has(address)) return address;
  }
  assert(cidrSize(cidr) - 2 <= targets.length, `${text} has a free address`);
  throw new PlumbError("LimitExceeded", `Cannot miss in serviceCIDR '${text}': every address is in use`);
}
