// What one sync of the nftables proxier writes: all of the table, or what a few changed Services come to.
// A partial sync is one transaction: the changed Services' chains emptied and refilled, and the elements that differ.
// Chains that are no longer wanted are emptied by it and deleted by a later one; their affinity sets go at once.
// Source: kube-proxy pkg/proxy/nftables/proxier.go syncProxyRules, element_storage.go.
import type { NftChain, NftChange, NftSet, NftTable } from "../../netfilter/nftables/model.js";
import { nftChangeText, nftDeletionText, nftReplacementText } from "../../netfilter/nftables/text.js";
import type { NftablesModel } from "../../netfilter/rule-model.js";
import type { ProxyConfig } from "../config.js";
import type { ProxyState, ServiceEntry } from "../service-port.js";
import { type SyncResult, textBytes } from "../sync-result.js";
import { compileNftables } from "./compile.js";
import { elementDelta } from "./element-delta.js";
import { serviceObjects } from "./service-chains.js";

/** kube-proxy writes one element per command. */
const AS_KUBE_PROXY = { elementsPerCommand: 1 };

export interface NftablesSyncResult extends SyncResult {
  /** Chains that this sync emptied, to be deleted by a sync at least a second later. */
  readonly staleChains: readonly string[];
  /** That later transaction; empty when there is nothing to delete. */
  deletionText(): Iterable<string>;
}

/**
 * Everything anew.
 *
 * @param options.previous the state whose chains are still in the kernel; null on a fresh node
 * @param options.model the compiled state, when the caller has it already
 * Cost: that of compiling and printing the whole state, and of making the previous one's chains
 */
export function syncFull(
  state: ProxyState,
  config: ProxyConfig,
  options: { readonly previous?: ProxyState | null; readonly model?: NftablesModel } = {},
): NftablesSyncResult {
  const { table } = options.model ?? compileNftables(state, config);
  const before = objectsOf(options.previous?.entries ?? [], config);
  const gone = {
    removedChains: [...before.chains.keys()].filter((name) => !table.chains.has(name)),
    removedSets: [...before.sets.keys()].filter((name) => !table.sets.has(name)),
  };
  const text = () => nftReplacementText(table, gone, AS_KUBE_PROXY);
  const chains = [...table.chains.values()];
  return {
    kind: "full",
    ...counts(chains, elementsOf(table)),
    bytes: textBytes(text()),
    text,
    change: null,
    staleChains: gone.removedChains,
    deletionText: () => nftDeletionText(gone.removedChains, table),
  };
}

/**
 * Only what changed.
 *
 * @param changedServiceNames "namespace/name" of every Service that differs between the states, or whose endpoints do;
 *   the configuration is the same for both
 * Cost: proportional to the changed Services, plus an address compare for each of the others (see element-delta).
 */
export function syncPartial(
  previous: ProxyState,
  next: ProxyState,
  changedServiceNames: ReadonlySet<string>,
  config: ProxyConfig,
): NftablesSyncResult {
  const isChanged = membership(changedServiceNames);
  const entriesBefore = previous.entries.filter(isChanged);
  const entriesAfter = next.entries.filter(isChanged);
  const before = objectsOf(entriesBefore, config);
  const after = objectsOf(entriesAfter, config);
  const change: NftChange = {
    chains: [...after.chains.values()],
    removedChains: [...before.chains.keys()].filter((name) => !after.chains.has(name)),
    addedSets: [...after.sets.values()].filter(
      (set) => before.sets.get(set.name)?.dynamicTimeoutSeconds !== set.dynamicTimeoutSeconds,
    ),
    removedSets: [...before.sets.keys()].filter((name) => !after.sets.has(name)),
    ...elementDelta(previous, next, [...entriesBefore, ...entriesAfter], config),
  };
  const table = { family: config.family, name: "kube-proxy" };
  const text = () => nftChangeText(change, table, AS_KUBE_PROXY);
  return {
    kind: "partial",
    ...counts(change.chains, addedElements(change)),
    bytes: textBytes(text()),
    text,
    change: { mode: "nftables", change },
    staleChains: change.removedChains,
    deletionText: () => nftDeletionText(change.removedChains, table),
  };
}

/** Asked of every service port, so it builds no name to look up. */
function membership(names: ReadonlySet<string>): (entry: ServiceEntry) => boolean {
  const byNamespace = new Map<string, Set<string>>();
  for (const name of names) {
    const slash = name.indexOf("/");
    const namespace = name.slice(0, slash);
    byNamespace.set(namespace, (byNamespace.get(namespace) ?? new Set()).add(name.slice(slash + 1)));
  }
  return ({ port }) => byNamespace.get(port.namespace)?.has(port.serviceName) === true;
}

function objectsOf(entries: readonly ServiceEntry[], config: ProxyConfig) {
  const chains = new Map<string, NftChain>();
  const sets = new Map<string, NftSet>();
  for (const entry of entries) {
    const objects = serviceObjects(entry, config);
    for (const chain of objects.chains) chains.set(chain.name, chain);
    for (const set of objects.sets) sets.set(set.name, set);
  }
  return { chains, sets };
}

function counts(chains: readonly NftChain[], elements: number) {
  return {
    rules: chains.reduce((sum, chain) => sum + chain.rules.length, 0),
    chains: chains.length,
    elements,
  };
}

function elementsOf(table: NftTable): number {
  let elements = 0;
  for (const holder of [...table.sets.values(), ...table.maps.values()]) elements += holder.elements.size;
  return elements;
}

function addedElements(change: NftChange): number {
  return [...change.setElements, ...change.mapElements].reduce((sum, { add }) => sum + add.length, 0);
}
