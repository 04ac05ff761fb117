// Phase "affinity": clients visit one Service each, again and again, from a fresh port every time. A visit is broken
// when it reaches another endpoint than the visit before although that one still serves and the timeout has not passed.
// Half way a share of the endpoints may be replaced, as a rolling update does. Counted, nothing is timed.
import type { EndpointSlice } from "../api/types.js";
import { PlumbError } from "../base/errors.js";
import { ipWords } from "../base/ip.js";
import { Prng } from "../base/prng.js";
import { PROTOCOL_NUMBERS, TCP_FLAGS } from "../netfilter/packet.js";
import { PacketColumns } from "../netfilter/packet-columns.js";
import { COMPILERS } from "../proxy/modes.js";
import { buildProxyState } from "../proxy/state/build-state.js";
import type { TrafficTarget } from "../workload/traffic-targets.js";
import { createEvaluator, type Evaluator } from "../dataplane/evaluator.js";
import type { DataPath } from "./data-path.js";
import type { PhaseContext } from "./phase.js";
import type { PreparedCase } from "./prepare.js";
import type { AffinityPhase } from "./scenario-types.js";

const FIRST_PORT = 20_000;

export function runAffinity(
  context: PhaseContext,
  path: DataPath,
  phase: AffinityPhase,
  input: { prepared: PreparedCase; targets: readonly TrafficTarget[] },
): void {
  const { prepared, targets } = input;
  const visits = new Visits(phase, targets, context.request.seed);
  const evaluator = createEvaluator(path.encoder.image, {
    conntrackMax: phase.clients * (phase.returnsPerClient + 1) + 1024,
    packetsMax: phase.clients,
    seed: path.seed,
  });
  let alive = endpointTexts(prepared.objects.endpointSlices);
  for (let round = 0; round <= phase.returnsPerClient; round++) {
    if (phase.endpointChurn > 0 && round === Math.ceil(phase.returnsPerClient / 2)) {
      const slices = churned(
        prepared.objects.endpointSlices,
        phase.endpointChurn,
        new Prng(context.request.seed).fork("endpoint-churn"),
      );
      replaceRules(evaluator, path, { prepared, slices });
      alive = endpointTexts(slices);
    }
    visits.visit(evaluator, round, alive);
  }
  context.findings.add("affinity.broken_share", visits.brokenShare);
}

/** Clients, the Service each visits, and where the last visit went. */
class Visits {
  readonly #columns: PacketColumns;
  readonly #intervalMs: number;
  readonly #last: (string | null)[];
  #returning = 0;
  #broken = 0;

  constructor(phase: AffinityPhase, targets: readonly TrafficTarget[], seed: number) {
    const asked = targets.filter(({ kind, protocol }) => kind === "cluster-ip" && protocol === "TCP");
    const [first] = asked;
    if (first === undefined) throw new RangeError("the cluster has no TCP Service to visit");
    const prng = new Prng(seed).fork("affinity-clients");
    const columns = new PacketColumns(first.ip.includes(":") ? "IPv6" : "IPv4", phase.clients, ["", "eth0"]);
    for (let client = 0; client < phase.clients; client++) {
      const target = prng.pick(asked);
      columns.source.set(
        columns.family === "IPv6" ? [0x20010db8, 0, 0, client + 1] : [0xc6120000 + client + 1, 0, 0, 0],
        client * 4,
      );
      columns.destination.set(ipWords(target.ip), client * 4);
      columns.destinationPort[client] = target.port;
      columns.protocol[client] = PROTOCOL_NUMBERS.tcp;
      columns.tcpFlags[client] = TCP_FLAGS.SYN;
      columns.inInterface[client] = 1;
    }
    this.#columns = columns;
    this.#intervalMs = phase.interval / 1e6;
    this.#last = new Array<string | null>(phase.clients).fill(null);
  }

  visit(evaluator: Evaluator, round: number, alive: ReadonlySet<string>): void {
    this.#columns.sourcePort.fill(FIRST_PORT + round);
    this.#columns.timeMs.fill(Math.round(round * this.#intervalMs));
    evaluator.load(this.#columns);
    evaluator.evaluate();
    const { results } = evaluator;
    for (const [client, before] of this.#last.entries()) {
      if (results.verdict(client) !== "DNAT") continue;
      const { ip, port } = results.target(client);
      const reached = `${ip} ${port}`;
      if (before !== null && alive.has(before)) {
        this.#returning++;
        if (reached !== before) this.#broken++;
      }
      this.#last[client] = reached;
    }
  }

  get brokenShare(): number {
    return this.#returning === 0 ? 0 : this.#broken / this.#returning;
  }
}

/** What a sync after the churn changes, applied in place: clients that the tables remember stay remembered. */
function replaceRules(
  evaluator: Evaluator,
  path: DataPath,
  { prepared, slices }: { prepared: PreparedCase; slices: readonly EndpointSlice[] },
): void {
  const { objects, config } = prepared;
  const before = buildProxyState(objects, config);
  const after = buildProxyState({ ...objects, endpointSlices: slices }, config);
  const changed = new Set(
    objects.services.map(({ metadata }) => `${metadata.namespace ?? "default"}/${metadata.name}`),
  );
  const { change } = COMPILERS[config.mode].syncPartial(before, after, changed, config);
  if (change === null)
    throw new PlumbError(
      "Unsupported",
      `Cannot replace endpoints under mode ${config.mode}: its syncs replace everything`,
    );
  path.encoder.update(change);
  evaluator.replaceImage(path.encoder.image);
}

/** Each endpoint gets a new address with the given probability. */
function churned(slices: readonly EndpointSlice[], share: number, prng: Prng): EndpointSlice[] {
  let replaced = 0;
  return slices.map((slice) => ({
    ...slice,
    endpoints: slice.endpoints.map((endpoint) => {
      if (prng.unit() >= share) return endpoint;
      replaced++;
      const address =
        slice.addressType === "IPv6"
          ? `fd00:fffe::${replaced.toString(16)}`
          : `100.${64 + (replaced >> 16)}.${(replaced >> 8) & 255}.${replaced & 255}`;
      return { ...endpoint, addresses: [address] };
    }),
  }));
}

function endpointTexts(slices: readonly EndpointSlice[]): Set<string> {
  const texts = new Set<string>();
  for (const { endpoints, ports } of slices) {
    for (const { addresses } of endpoints)
      for (const ip of addresses) for (const { port } of ports ?? []) texts.add(`${ip} ${port}`);
  }
  return texts;
}
