// Primitives of cold memory: the same few rules for one target or for many at random. What the many cost more is that
// their own chains, or elements, are not in the cache when their turn comes.
//
// iptables has no jump table, so chains are found by a tree of rules, 16 to 32 a level:
//
//   PREROUTING -> 10.96.0.0/20 -> 10.96.3.0/24 -> leaf chain -> endpoint chain: DNAT
//
// nftables finds them by one verdict map, behind a set of the addresses; ipset has elements only.
import type { Flavour } from "../calibration.js";
import { addressFrom, type Probe, PROBE_BACKEND, PROBE_PORT, type ProbeText, type Spread } from "./probe.js";

/** Targets -> branches at each level of the tree. */
const TREES: ReadonlyMap<number, readonly number[]> = new Map([
  [64, [8, 8]],
  [256, [16, 16]],
  [1024, [16, 8, 8]],
  [4096, [16, 16, 16]],
  [16_384, [16, 32, 32]],
]);
export const COLD_TARGETS: readonly number[] = [...TREES.keys()];

/** What is cold. */
export type ColdKind = Flavour | "sets";

export const coldProbeId = (kind: ColdKind, targets: number): string => `${kind} cold ${targets}`;

const CASES = (["fixed", "spread"] as const).map((spread: Spread) => ({ packet: "first" as const, spread }));
const NETWORK = 0x0a60_0000;

const address = (index: number) => addressFrom(NETWORK, index);

export function coldProbes(): readonly Probe[] {
  return COLD_TARGETS.flatMap((count) => {
    const targets = Array.from({ length: count }, (_, target) => address(target));
    const probe = (kind: ColdKind, loader: Probe["loader"], texts: readonly ProbeText[]): Probe => ({
      id: coldProbeId(kind, count),
      loader,
      texts,
      targets,
      cases: CASES,
    });
    const tree: ProbeText = { part: "iptables", text: () => treeText(count, TREES.get(count) ?? []) };
    const setRules: ProbeText = { part: "iptables", text: () => [SET_RULES] };
    return [
      probe("iptables-legacy", "iptables-legacy", [tree]),
      probe("iptables-nft", "iptables-nft", [tree]),
      probe("nftables", "nftables", [{ part: "nft", text: () => mapText(targets) }]),
      probe("sets", "iptables-legacy", [{ part: "ipset", text: () => setText(targets) }, setRules]),
    ];
  });
}

/** Chain of a subtree, by its level and the first target below it. */
function chainName(levels: number, first: number): string {
  return first === 0 && levels === 0 ? "PREROUTING" : `PLUMB-${levels}-${first}`;
}

function* treeText(count: number, branches: readonly number[]): Generator<string> {
  yield "*nat\n";
  const lines: string[] = [];
  let width = count;
  for (const [level, branch] of branches.entries()) {
    const below = width / branch;
    for (let first = 0; first < count; first += width)
      for (let child = first; child < first + width; child += below) {
        const next = level === branches.length - 1 ? `PLUMB-LEAF-${child}` : chainName(level + 1, child);
        yield `:${next} - [0:0]\n`;
        lines.push(
          `-A ${chainName(level, first)} -d ${address(child)}/${32 - Math.log2(below)} -j ${next}\n`,
        );
      }
    width = below;
  }
  for (let target = 0; target < count; target++) yield `:PLUMB-END-${target} - [0:0]\n`;
  yield* lines;
  for (let target = 0; target < count; target++) yield* leafLines(target);
  yield "COMMIT\n";
}

/** Two chains of two rules, with comments: what a Service of one endpoint has of its own. */
function* leafLines(target: number): Generator<string> {
  const comment = `-m comment --comment "shop/service-${target}"`;
  yield `-A PLUMB-LEAF-${target} -s 192.0.2.1/32 ${comment} -j ACCEPT\n`;
  yield `-A PLUMB-LEAF-${target} ${comment} -j PLUMB-END-${target}\n`;
  yield `-A PLUMB-END-${target} -s 192.0.2.1/32 ${comment} -j ACCEPT\n`;
  yield `-A PLUMB-END-${target} -p udp ${comment} -m udp -j DNAT --to-destination ${PROBE_BACKEND}:${PROBE_PORT}\n`;
}

function* mapText(targets: readonly string[]): Generator<string> {
  yield "add table ip plumb\nadd chain ip plumb pre { type nat hook prerouting priority -100 ; }\n";
  yield "add map ip plumb services { type ipv4_addr . inet_proto . inet_service : verdict ; }\n";
  yield "add set ip plumb addresses { type ipv4_addr ; }\n";
  yield "add rule ip plumb pre ip daddr @addresses ip saddr 192.0.2.1 accept\n";
  yield "add rule ip plumb pre ip daddr . meta l4proto . th dport vmap @services\n";
  for (const [at, target] of targets.entries()) {
    yield `add chain ip plumb leaf-${at}\nadd chain ip plumb end-${at}\n`;
    yield `add rule ip plumb end-${at} ip saddr 192.0.2.1 accept\n`;
    yield `add rule ip plumb end-${at} meta l4proto udp dnat to ${PROBE_BACKEND}:${PROBE_PORT}\n`;
    yield `add rule ip plumb leaf-${at} ip saddr 192.0.2.1 accept\n`;
    yield `add rule ip plumb leaf-${at} goto end-${at}\n`;
    yield `add element ip plumb addresses { ${target} }\n`;
    yield `add element ip plumb services { ${target} . udp . ${PROBE_PORT} : goto leaf-${at} }\n`;
  }
}

function* setText(targets: readonly string[]): Generator<string> {
  yield "create PLUMB-SERVICES hash:ip,port family inet hashsize 1024 maxelem 65536\n";
  for (const target of targets) yield `add PLUMB-SERVICES ${target},udp:${PROBE_PORT}\n`;
}

const SET_RULES = `*nat
-A PREROUTING -p udp -m set --match-set PLUMB-SERVICES dst,dst -j DNAT --to-destination ${PROBE_BACKEND}:${PROBE_PORT}
COMMIT
`;
