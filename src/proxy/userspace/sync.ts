// What the userspace proxier writes. It runs one iptables command per rule, and keeps listener ports while it lives, so
// a change costs the rules of the changed service ports only; a change of endpoints costs none, the balancer has them.
// The text shows the same rules as one document for iptables-restore --noflush.
// Source: kube-proxy pkg/proxy/userspace/proxier.go (mergeService, unmergeService), v1.23.
import { present } from "../../base/assert.js";
import { printRule } from "../../netfilter/iptables/text.js";
import type { UserspaceModel } from "../../netfilter/rule-model.js";
import type { ProxyConfig } from "../config.js";
import { loadDocument } from "../load-document.js";
import type { ProxyState, ServiceEntry } from "../service-port.js";
import { textBytes, type SyncResult } from "../sync-result.js";
import { countRules } from "../../netfilter/iptables/ruleset.js";
import { compileUserspace } from "./compile.js";
import { allocateProxyPorts, proxiedEntries, proxyPortKey, type ProxyPorts } from "./proxy-ports.js";
import { portalRules, USERSPACE_CHAINS } from "./rules.js";

/** Everything anew: jumps, chains and all portals. */
export function syncFull(
  state: ProxyState,
  config: ProxyConfig,
  options: { readonly model?: UserspaceModel } = {},
): SyncResult {
  const model = options.model ?? compileUserspace(state, config);
  const text = () => loadDocument(model);
  return {
    kind: "full",
    rules: countRules(model.ruleset),
    chains: USERSPACE_CHAINS.length,
    elements: 0,
    bytes: textBytes(text()),
    text,
    change: null,
  };
}

/**
 * Rules deleted and added for the changed Services. `change` is null: ports were kept here, while compile() counts
 * them afresh, so that rules and listeners must be taken from it together.
 *
 * @throws {PlumbError} LimitExceeded when the node has too few ports for the listeners
 */
export function syncPartial(
  previous: ProxyState,
  next: ProxyState,
  changedServiceNames: ReadonlySet<string>,
  config: ProxyConfig,
): SyncResult {
  const before = allocateProxyPorts(previous, config);
  const after = allocateProxyPorts(next, config, before);
  const old = linesOf(previous, changedServiceNames, before, config);
  const wanted = linesOf(next, changedServiceNames, after, config);
  const added = without(wanted, old);
  const removed = without(old, wanted);
  const text = () => documentOf(removed, added);
  return {
    kind: "partial",
    rules: added.length,
    chains: 0,
    elements: 0,
    bytes: textBytes(text()),
    text,
    change: null,
  };
}

interface Line {
  readonly table: "nat" | "filter";
  /** "-A CHAIN ..." */
  readonly text: string;
}

const TABLE_OF_CHAIN = new Map(USERSPACE_CHAINS.map(({ table, name }) => [name, table]));

function linesOf(
  state: ProxyState,
  names: ReadonlySet<string>,
  ports: ProxyPorts,
  config: ProxyConfig,
): Line[] {
  const isChanged = ({ port }: ServiceEntry) => names.has(`${port.namespace}/${port.serviceName}`);
  return proxiedEntries(state)
    .filter(isChanged)
    .flatMap((entry) => {
      const proxyPort = present(ports.get(proxyPortKey(entry)), entry.port.name);
      return portalRules(entry.port, proxyPort, config.userspace.hostIP).map(({ chain, rule }) => ({
        table: present(TABLE_OF_CHAIN.get(chain), chain),
        text: printRule(chain, rule),
      }));
    });
}

function without(lines: readonly Line[], others: readonly Line[]): Line[] {
  const keyOf = ({ table, text }: Line) => `${table} ${text}`;
  const known = new Set(others.map(keyOf));
  return lines.filter((line) => !known.has(keyOf(line)));
}

function* documentOf(removed: readonly Line[], added: readonly Line[]): Generator<string> {
  for (const table of ["nat", "filter"] as const) {
    const deletions = removed
      .filter((line) => line.table === table)
      .map(({ text }) => text.replace("-A", "-D"));
    const additions = added.filter((line) => line.table === table).map(({ text }) => text);
    const lines = [...deletions, ...additions];
    if (lines.length > 0) yield `*${table}\n${lines.join("\n")}\nCOMMIT\n`;
  }
}
