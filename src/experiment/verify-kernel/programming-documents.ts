// What kube-proxy would give to the tools for N Services, as texts for each kernel path: everything into an empty
// namespace, everything again, and one Service changed.
//
//   iptables-*  full: the load document, with the jumps from the hooks; kube-proxy makes those one by one
//               resync, one Service: what a full and a partial sync write, for --noflush. A partial sync too writes the
//               rule of every Service, and so grows with their number
//   nftables    full and resync: the same text, which empties and refills what there may be
//   ipset       the sets of mode ipvs, and its constant rules. kube-proxy itself adds elements one process each, and in
//               a resync none; here they come in one text, and again in another
//
// The cluster: ClusterIP Services of one TCP port and one endpoint, on one node of a hundred. Comments stay in, whatever
// the size: kube-proxy leaves them out above 1,000 endpoints, and then sizes would differ in more than number.
// The change: a Service moves to another port, and its endpoint to another address, which every path has to follow.
import { present } from "../../base/assert.js";
import type { ClusterObjects } from "../../api/types.js";
import type {
  ChangeDocument,
  ProgrammingCase,
  ProgrammingDocuments,
  ToolText,
} from "../../kernel/programming/rule-documents.js";
import type { IptablesRuleset, Table } from "../../netfilter/iptables/model.js";
import { countRules } from "../../netfilter/iptables/ruleset.js";
import { printRestore } from "../../netfilter/iptables/text.js";
import type { IpSet } from "../../netfilter/ipset/model.js";
import { printIpsets } from "../../netfilter/ipset/text.js";
import type { Mode } from "../../netfilter/rule-model.js";
import type { ProxyConfig } from "../../proxy/config.js";
import { defaultProxyConfig } from "../../proxy/default-config.js";
import { compileIptables } from "../../proxy/iptables/compile.js";
import * as iptables from "../../proxy/iptables/sync.js";
import { compileIpvs } from "../../proxy/ipvs/compile.js";
import { modelChange } from "../../proxy/ipvs/model-change.js";
import { loadDocument } from "../../proxy/load-document.js";
import { nodeOf } from "../../proxy/node.js";
import * as nftables from "../../proxy/nftables/sync.js";
import type { ProxyState } from "../../proxy/service-port.js";
import { buildProxyState } from "../../proxy/state/build-state.js";
import type { SyncResult } from "../../proxy/sync-result.js";
import { generateCluster } from "../../workload/generate.js";
import { defaultGenerateSpec } from "../../workload/generate-spec.js";
import { MODE_OF_PATH } from "./path-rules.js";

const NODES = 100;
/** In no range that Pods are numbered from. */
const OTHER_ENDPOINT = "10.9.8.7";

/** The cluster before and after one Service changed. */
interface States {
  readonly before: ProxyState;
  readonly after: ProxyState;
  /** The Service that differs: "namespace/name". */
  readonly changed: ReadonlySet<string>;
  readonly config: ProxyConfig;
}

/** Cost: that of compiling and printing the cluster a few times; 10,000 Services take a few seconds. */
export function programmingDocuments({ path, services }: ProgrammingCase): ProgrammingDocuments {
  const states = statesOf(MODE_OF_PATH[path], services);
  switch (path) {
    case "iptables-legacy":
    case "iptables-nft":
      return iptablesDocuments(states);
    case "nftables":
      return nftablesDocuments(states);
    case "ipset":
      return ipsetDocuments(states);
  }
}

function statesOf(mode: Mode, services: number): States {
  const cluster = generateCluster({
    ...defaultGenerateSpec,
    services,
    nodes: NODES,
    endpoints: { kind: "fixed", count: 1 },
  });
  const config: ProxyConfig = {
    ...defaultProxyConfig(mode, "IPv4", nodeOf(cluster, null), { clusterCIDRs: cluster.podCIDRs }),
    largeClusterEndpoints: Number.MAX_SAFE_INTEGER,
  };
  const { objects, changed } = withOneServiceChanged(cluster, services >> 1);
  return {
    before: buildProxyState(cluster, config),
    after: buildProxyState(objects, config),
    changed: new Set([changed]),
    config,
  };
}

function withOneServiceChanged(
  cluster: ClusterObjects,
  index: number,
): { readonly objects: ClusterObjects; readonly changed: string } {
  const service = present(cluster.services[index], `Service ${index}`);
  const slice = present(cluster.endpointSlices[index], `EndpointSlice ${index}`);
  const ports = (service.spec.ports ?? []).map((port) => ({ ...port, port: port.port + 1 }));
  const endpoints = (slice.endpoints ?? []).map((endpoint) => ({ ...endpoint, addresses: [OTHER_ENDPOINT] }));
  return {
    changed: `${service.metadata.namespace}/${service.metadata.name}`,
    objects: {
      ...cluster,
      services: cluster.services.with(index, { ...service, spec: { ...service.spec, ports } }),
      endpointSlices: cluster.endpointSlices.with(index, { ...slice, endpoints }),
    },
  };
}

function iptablesDocuments({ before, after, changed, config }: States): ProgrammingDocuments {
  const model = compileIptables(before, config);
  const { ruleset } = model;
  const full = toolText("iptables", loadDocument(model));
  return {
    full: {
      texts: [full.text],
      bytes: full.bytes,
      rules: countRules(ruleset),
      chains: [...ruleset.tables.values()].reduce((sum, { chains }) => sum + chains.size, 0),
      elements: 0,
    },
    resync: syncDocument("iptables", iptables.syncFull(before, config, { model })),
    oneService: [
      syncDocument("iptables", iptables.syncPartial(before, after, changed, config)),
      syncDocument("iptables", iptables.syncPartial(after, before, changed, config)),
    ],
  };
}

function nftablesDocuments({ before, after, changed, config }: States): ProgrammingDocuments {
  const full = syncDocument("nft", nftables.syncFull(before, config));
  return {
    full,
    resync: full,
    oneService: [
      syncDocument("nft", nftables.syncPartial(before, after, changed, config)),
      syncDocument("nft", nftables.syncPartial(after, before, changed, config)),
    ],
  };
}

function syncDocument(part: ToolText["part"], result: SyncResult): ChangeDocument {
  const { rules, chains, elements } = result;
  const { text, bytes } = toolText(part, result.text());
  return { texts: [text], bytes, rules, chains, elements };
}

function ipsetDocuments({ before, after, config }: States): ProgrammingDocuments {
  const model = compileIpvs(before, config);
  const other = compileIpvs(after, config);
  const ours = withoutHooks(model.ruleset);
  const sets = printIpsets(model.ipsets);
  const rules = (ruleset: IptablesRuleset) => printRestore(ruleset, { tables: ["nat", "filter"] });
  const elements = elementsOf(model.ipsets);
  const changes = [modelChange(model, other), modelChange(other, model)] as const;
  const changeTo = (index: 0 | 1): ChangeDocument => {
    const { sets: deltas } = changes[index];
    const added = deltas.reduce((sum, { add }) => sum + add.length, 0);
    return setDocument(deltaLines(deltas), rules(ours), { ruleset: ours, elements: added });
  };
  return {
    full: setDocument(sets, rules(model.ruleset), { ruleset: model.ruleset, elements }),
    resync: setDocument(printIpsets(model.ipsets), rules(ours), { ruleset: ours, elements }),
    oneService: [changeTo(0), changeTo(1)],
  };
}

function setDocument(
  setText: Iterable<string>,
  ruleText: Iterable<string>,
  { ruleset, elements }: { readonly ruleset: IptablesRuleset; readonly elements: number },
): ChangeDocument {
  const sets = toolText("ipset", setText);
  const rules = toolText("iptables", ruleText);
  return {
    texts: [sets.text, rules.text],
    bytes: sets.bytes + rules.bytes,
    rules: countRules(ruleset),
    chains: [...ruleset.tables.values()].reduce((sum, { chains }) => sum + chains.size, 0),
    elements,
  };
}

function* deltaLines(deltas: ReturnType<typeof modelChange>["sets"]): Generator<string> {
  for (const { name, add, remove } of deltas) {
    for (const element of remove) yield `del ${name} ${element}\n`;
    for (const element of add) yield `add ${name} ${element}\n`;
  }
}

/** Without the built-in chains: their jumps are there once, and --noflush would add them again. */
function withoutHooks({ family, tables }: IptablesRuleset): IptablesRuleset {
  const own = ({ chains, ...table }: Table): Table => ({
    ...table,
    chains: new Map([...chains].filter(([, { policy }]) => policy === null)),
  });
  return { family, tables: new Map([...tables].map(([name, table]) => [name, own(table)])) };
}

function elementsOf(sets: readonly IpSet[]): number {
  return sets.reduce((sum, { elements }) => sum + elements.size, 0);
}

const CHUNK_CHARS = 65_536;

/** Lines gathered to chunks of about 64 KiB, and their length. Our texts are ASCII: characters are bytes. */
function toolText(
  part: ToolText["part"],
  lines: Iterable<string>,
): { readonly text: ToolText; readonly bytes: number } {
  const chunks: string[] = [];
  let chunk = "";
  let bytes = 0;
  for (const line of lines) {
    chunk += line;
    bytes += line.length;
    if (chunk.length < CHUNK_CHARS) continue;
    chunks.push(chunk);
    chunk = "";
  }
  if (chunk !== "") chunks.push(chunk);
  return { text: { part, chunks }, bytes };
}
