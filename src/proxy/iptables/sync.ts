// What one sync of the iptables proxier writes.
// full: all chains, and after it nothing of before is left. partial: the top-level chains always, the chains of a
// Service only when it changed. Either deletes chains that went out of use, unless told to leave them for later.
// Cost: full O(endpoints); partial O(service ports), which is why it still grows with the cluster.
// Source: kube-proxy pkg/proxy/iptables/proxier.go syncProxyRules; KEP-3453.
import type { TableName } from "../../netfilter/iptables/model.js";
import type { IptablesModel } from "../../netfilter/rule-model.js";
import type { ProxyConfig } from "../config.js";
import type { ProxyState, ServiceEntry } from "../service-port.js";
import type { SyncResult } from "../sync-result.js";
import { compileIptables } from "./compile.js";
import { compileContext } from "./context.js";
import { topLevelChains, type PlacedChain } from "./dispatch.js";
import { CANARY_CHAIN, FIREWALL_CHAIN } from "./fixed.js";
import { RestoreDocument } from "./restore-document.js";
import { serviceChains, serviceChainNamesInUse } from "./service-chains.js";

/** Chains that are out of use but still there. */
export interface StaleOptions {
  /** Left behind by earlier syncs. */
  readonly staleChains?: ReadonlySet<string>;
  /** Whether to delete what is out of use; otherwise it is passed on. Default true. */
  readonly deleteStale?: boolean;
}

export interface IptablesSyncResult extends SyncResult {
  /** Chains out of use that this sync left behind. */
  readonly staleChains: ReadonlySet<string>;
}

/**
 * Everything anew.
 *
 * @param options.previous the state whose chains are still in the kernel; null on a fresh node
 * @param options.model the compiled state, when the caller has it already
 */
export function syncFull(
  state: ProxyState,
  config: ProxyConfig,
  options: StaleOptions & { readonly previous?: ProxyState | null; readonly model?: IptablesModel } = {},
): IptablesSyncResult {
  const model = options.model ?? compileIptables(state, config);
  const chains = restoredChains(model);
  const stale = new Set(options.staleChains);
  for (const entry of options.previous?.entries ?? []) {
    for (const name of serviceChainNamesInUse(entry)) stale.add(name);
  }
  if (stale.size > 0) for (const { table, chain } of chains) if (table === "nat") stale.delete(chain.name);
  const removed = options.deleteStale === false ? [] : [...stale];
  return resultOf("full", new RestoreDocument(chains, removed), null, left(stale, removed));
}

/**
 * Only what changed since `previous` was applied.
 *
 * @param changedServiceNames "namespace/name" of every Service that differs, or whose endpoints do
 */
export function syncPartial(
  previous: ProxyState,
  next: ProxyState,
  changedServiceNames: ReadonlySet<string>,
  config: ProxyConfig,
  options: StaleOptions = {},
): IptablesSyncResult {
  const context = compileContext(next, config);
  const chains = topLevelChains(next, context);
  const stale = new Set(options.staleChains);
  for (const entry of changedEntries(previous, changedServiceNames)) {
    for (const name of serviceChainNamesInUse(entry)) stale.add(name);
  }
  for (const entry of changedEntries(next, changedServiceNames)) {
    for (const chain of serviceChains(entry, context)) {
      chains.push({ table: "nat", chain });
      stale.delete(chain.name);
    }
  }
  const removed = options.deleteStale === false ? [] : [...stale];
  const change = { chains, removed: removed.map((name) => ({ table: "nat" as TableName, name })) };
  return resultOf("partial", new RestoreDocument(chains, removed), change, left(stale, removed));
}

function* changedEntries(state: ProxyState, names: ReadonlySet<string>): Generator<ServiceEntry> {
  for (const entry of state.entries) {
    if (names.has(`${entry.port.namespace}/${entry.port.serviceName}`)) yield entry;
  }
}

/** The chains of a compiled ruleset that go through the restore document; the others are made one by one. */
function restoredChains(model: IptablesModel): PlacedChain[] {
  const placed: PlacedChain[] = [];
  const isEmptyFirewall = (name: string, rules: number) => name === FIREWALL_CHAIN && rules === 0;
  for (const table of ["filter", "nat"] as const) {
    for (const chain of model.ruleset.tables.get(table)?.chains.values() ?? []) {
      if (chain.policy !== null || chain.name === CANARY_CHAIN) continue;
      if (isEmptyFirewall(chain.name, chain.rules.length)) continue;
      placed.push({ table, chain });
    }
  }
  return placed;
}

function left(stale: ReadonlySet<string>, removed: readonly string[]): ReadonlySet<string> {
  return removed.length > 0 ? new Set() : stale;
}

function resultOf(
  kind: SyncResult["kind"],
  document: RestoreDocument,
  change: { chains: readonly PlacedChain[]; removed: readonly { table: TableName; name: string }[] } | null,
  staleChains: ReadonlySet<string>,
): IptablesSyncResult {
  return {
    kind,
    rules: document.rules,
    chains: document.chains,
    elements: 0,
    get bytes() {
      return document.bytes;
    },
    text: () => document.text(),
    change: change === null ? null : { mode: "iptables", ...change },
    staleChains,
  };
}
