// What one sync of the ipvs proxier does. There is no partial sync: every one makes sure of all chains, jumps and sets
// (one process each), asks the kernel about every virtual server (three round trips each, changed or not), rewrites the
// constant rules and lists everything again for cleaning up. Only what it then changes depends on the change.
// Cost here: that of compiling; for comparing two states, that of looking at both.
// Source: kube-proxy pkg/proxy/ipvs/proxier.go (syncProxyRules, syncService, syncEndpoint), ipset.go (syncIPSetEntries).
import { countRules } from "../../netfilter/iptables/ruleset.js";
import type { VirtualServer } from "../../netfilter/ipvs/model.js";
import { realServerText, schedulerText, serviceText } from "../../netfilter/ipvs/text.js";
import type { IpvsChange } from "../../netfilter/rule-change.js";
import type { IpvsModel } from "../../netfilter/rule-model.js";
import type { ProxyConfig } from "../config.js";
import type { ProxyState } from "../service-port.js";
import { type SyncResult, textBytes } from "../sync-result.js";
import { compileIpvs } from "./compile.js";
import { IPVS_DOCUMENTS, ipvsDocument } from "./documents.js";
import { modelChange } from "./model-change.js";
import { CHAINS_COUNT, JUMPS_COUNT } from "./rules.js";
import { setName } from "./sets.js";

export interface IpvsSyncResult extends SyncResult {
  /** Processes started: iptables, ipset, iptables-restore. */
  readonly execs: number;
  /** Requests to the kernel over netlink, each answered: virtual and real servers, addresses of kube-ipvs0. */
  readonly netlinkRoundTrips: number;
  /** Elements added to or removed from sets. */
  readonly setEntryDeltas: number;
  /** The compiled state: what the next sync compares with. */
  readonly model: IpvsModel;
}

/** Each of them when nothing changes: the first get finds the service, the second goes with its destinations. */
const ROUND_TRIPS_PER_SERVER = 3;

/** Everything anew, on a node that has nothing yet. @param options.model the compiled state, when the caller has it */
export function syncFull(
  state: ProxyState,
  config: ProxyConfig,
  options: { readonly model?: IpvsModel } = {},
): IpvsSyncResult {
  const model = options.model ?? compileIpvs(state, config);
  const reals = model.virtualServers.reduce((sum, { realServers }) => sum + realServers.length, 0);
  const entries = model.ipsets.reduce((sum, { elements }) => sum + elements.size, 0);
  const text = () => documents(model);
  return {
    kind: "full",
    ...constantPart(model),
    elements: entries + model.virtualServers.length + reals,
    bytes: textBytes(text()),
    text,
    change: null,
    // Making sure of a jump checks for it, and adds it when it is not there.
    execs: execsOf(model, entries) + JUMPS_COUNT,
    netlinkRoundTrips: roundTrips(model) + model.virtualServers.length + reals + boundAddresses(model),
    setEntryDeltas: entries,
    model,
  };
}

/**
 * A later sync, after a few Services changed.
 *
 * @param changedServiceNames "namespace/name" of every Service that differs; when there is none, nothing is compared
 * @param options.previousModel the model of the sync before, when the caller has it
 */
export function syncPartial(
  previous: ProxyState,
  next: ProxyState,
  changedServiceNames: ReadonlySet<string>,
  config: ProxyConfig,
  options: { readonly previousModel?: IpvsModel } = {},
): IpvsSyncResult {
  const before = options.previousModel ?? compileIpvs(previous, config);
  const model = changedServiceNames.size === 0 ? before : compileIpvs(next, config);
  const change = modelChange(before, model);
  const commands = ipvsadmCommands(before, change);
  const deltas = change.sets.reduce((sum, { add, remove }) => sum + add.length + remove.length, 0);
  const addresses = change.sets.find(({ name }) => name === setName("KUBE-IPVS-IPS", config.family));
  const text = () => changeText(model, change, commands);
  return {
    kind: "partial",
    ...constantPart(model),
    elements: deltas + commands.length,
    bytes: textBytes(text()),
    text,
    change,
    execs: execsOf(model, deltas),
    netlinkRoundTrips:
      roundTrips(model) + commands.length + (addresses ? addresses.add.length + addresses.remove.length : 0),
    setEntryDeltas: deltas,
    model,
  };
}

/** Rules and chains are written by every sync. */
function constantPart(model: IpvsModel): Pick<SyncResult, "rules" | "chains"> {
  return { rules: countRules(model.ruleset) - JUMPS_COUNT, chains: CHAINS_COUNT };
}

/** Chains and jumps, `ipset create` and `ipset list` per set, one process per element, one iptables-restore. */
function execsOf(model: IpvsModel, entryDeltas: number): number {
  return CHAINS_COUNT + JUMPS_COUNT + 2 * model.ipsets.length + entryDeltas + 1;
}

/** Per virtual server, and one listing of them all. */
function roundTrips(model: IpvsModel): number {
  return ROUND_TRIPS_PER_SERVER * model.virtualServers.length + 1;
}

function boundAddresses(model: IpvsModel): number {
  const name = setName("KUBE-IPVS-IPS", model.family);
  return model.ipsets.find((set) => set.name === name)?.elements.size ?? 0;
}

function* documents(model: IpvsModel): Iterable<string> {
  for (const name of IPVS_DOCUMENTS) yield* ipvsDocument(model, name);
}

/** Element commands for ipset restore, the whole iptables document, then commands for ipvsadm-restore. */
function* changeText(model: IpvsModel, change: IpvsChange, commands: readonly string[]): Iterable<string> {
  for (const { name, add, remove } of change.sets) {
    for (const element of remove) yield `del ${name} ${element}\n`;
    for (const element of add) yield `add ${name} ${element}\n`;
  }
  yield* ipvsDocument(model, "iptables.restore");
  for (const command of commands) yield `${command}\n`;
}

/** One netlink request each: virtual servers added, edited and deleted, real servers added and deleted. */
function ipvsadmCommands(before: IpvsModel, change: IpvsChange): string[] {
  const old = new Map(before.virtualServers.map((server) => [serviceText(server), server]));
  return [
    ...change.virtualServers.flatMap((server) => serverCommands(old.get(serviceText(server)), server)),
    ...change.removedServers.map((server) => `-D ${serviceText(server)}`),
  ];
}

function serverCommands(before: VirtualServer | undefined, after: VirtualServer): string[] {
  const service = serviceText(after);
  const had = new Set(before?.realServers.map(realServerText));
  const has = new Set(after.realServers.map(realServerText));
  const commands: string[] = [];
  if (before === undefined) commands.push(`-A ${service} ${schedulerText(after)}`);
  else if (schedulerText(before) !== schedulerText(after))
    commands.push(`-E ${service} ${schedulerText(after)}`);
  for (const real of has) if (!had.has(real)) commands.push(`-a ${service} ${real}`);
  for (const real of had) if (!has.has(real)) commands.push(`-d ${service} ${real.split(" -m")[0]}`);
  return commands;
}
