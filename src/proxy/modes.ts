// The proxy modes as one table: how each compiles a state, what its syncs write, and which texts load it whole.
import { assert } from "../base/assert.js";
import type { IptablesModel, Mode, RuleModel, UserspaceModel } from "../netfilter/rule-model.js";
import { compileIptables } from "./iptables/compile.js";
import * as iptables from "./iptables/sync.js";
import { compileIpvs } from "./ipvs/compile.js";
import { IPVS_DOCUMENTS, ipvsDocument } from "./ipvs/documents.js";
import * as ipvs from "./ipvs/sync.js";
import { loadDocument } from "./load-document.js";
import { compileNftables } from "./nftables/compile.js";
import { nftablesDocument } from "./nftables/documents.js";
import * as nftables from "./nftables/sync.js";
import { compileUserspace } from "./userspace/compile.js";
import * as userspace from "./userspace/sync.js";
import type { ProxyConfig } from "./config.js";
import type { ProxyState } from "./service-port.js";
import type { SyncResult } from "./sync-result.js";

/** A text that a real tool loads. */
export interface RuleDocument {
  /** The tool: iptables, ipset, ipvsadm, nft. */
  readonly part: string;
  readonly file: string;
  /** Chunks of whole lines, made anew on each call. */
  text(): Iterable<string>;
}

export interface ModeCompiler {
  compile(state: ProxyState, config: ProxyConfig): RuleModel;
  /** What a proxy on a fresh node writes. */
  syncFull(state: ProxyState, config: ProxyConfig): SyncResult;
  /** The same for a state that is compiled already. @param model what compile() gave for it */
  syncModel(model: RuleModel, state: ProxyState, config: ProxyConfig): SyncResult;
  /** What it writes when these Services, "namespace/name", changed. */
  syncPartial(
    previous: ProxyState,
    next: ProxyState,
    changed: ReadonlySet<string>,
    config: ProxyConfig,
  ): SyncResult;
  /** The complete state as texts for a fresh network namespace, in the order in which they load. */
  documents(state: ProxyState, config: ProxyConfig): readonly RuleDocument[];
}

export const COMPILERS: Readonly<Record<Mode, ModeCompiler>> = {
  userspace: {
    compile: compileUserspace,
    syncFull: userspace.syncFull,
    syncModel: (model, state, config) =>
      userspace.syncFull(state, config, { model: ofMode(model, "userspace") }),
    syncPartial: userspace.syncPartial,
    documents: restoreDocument(compileUserspace),
  },
  iptables: {
    compile: compileIptables,
    syncFull: iptables.syncFull,
    syncModel: (model, state, config) =>
      iptables.syncFull(state, config, { model: ofMode(model, "iptables") }),
    syncPartial: iptables.syncPartial,
    documents: restoreDocument(compileIptables),
  },
  ipvs: {
    compile: compileIpvs,
    syncFull: ipvs.syncFull,
    syncModel: (model, state, config) => ipvs.syncFull(state, config, { model: ofMode(model, "ipvs") }),
    syncPartial: ipvs.syncPartial,
    documents: (state, config) => {
      const model = compileIpvs(state, config);
      return IPVS_DOCUMENTS.map((file) => ({
        part: file.replace(".restore", ""),
        file,
        text: () => ipvsDocument(model, file),
      }));
    },
  },
  nftables: {
    compile: compileNftables,
    syncFull: nftables.syncFull,
    syncModel: (model, state, config) =>
      nftables.syncFull(state, config, { model: ofMode(model, "nftables") }),
    syncPartial: nftables.syncPartial,
    documents: (state, config) => [
      { part: "nft", file: "nftables.nft", text: () => nftablesDocument(state, config) },
    ],
  },
};

/** The modes whose rules are iptables rules alone: one text. */
function restoreDocument(
  compile: (state: ProxyState, config: ProxyConfig) => IptablesModel | UserspaceModel,
): ModeCompiler["documents"] {
  return (state, config) => [
    { part: "iptables", file: "iptables.restore", text: () => loadDocument(compile(state, config)) },
  ];
}

function ofMode<M extends Mode>(model: RuleModel, mode: M): Extract<RuleModel, { mode: M }> {
  assert(model.mode === mode, `a model of mode ${model.mode} for the syncs of ${mode}`);
  return model as Extract<RuleModel, { mode: M }>;
}
