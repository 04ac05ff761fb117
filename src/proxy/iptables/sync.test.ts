import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointSlice, Service } from "../../api/types.js";
import { Prng } from "../../base/prng.js";
import type { Chain, IptablesRuleset } from "../../netfilter/iptables/model.js";
import { printRestore } from "../../netfilter/iptables/text.js";
import type { IptablesChange } from "../../netfilter/rule-change.js";
import type { ProxyConfig } from "../config.js";
import type { ProxyState } from "../service-port.js";
import { buildProxyState } from "../state/build-state.js";
import { ChangeTracker } from "../state/change-tracker.js";
import type { SyncResult } from "../sync-result.js";
import { randomCluster, testConfig, testService, testSlice, uniformCluster } from "../cluster.test-data.js";
import { compileIptables } from "./compile.js";
import { expectedCounts } from "./counts.test-data.js";
import { syncFull, syncPartial } from "./sync.js";

const textOf = (result: SyncResult) => [...result.text()].join("");
const linesOf = (result: SyncResult, pattern: RegExp) =>
  textOf(result)
    .split("\n")
    .filter((line) => pattern.test(line));

/** A cluster that changes step by step, with what each step's sync writes. */
class Stepper {
  readonly tracker: ChangeTracker;
  state: ProxyState;
  readonly config: ProxyConfig;

  constructor(objects: readonly (Service | EndpointSlice)[], config: ProxyConfig) {
    this.config = config;
    this.tracker = new ChangeTracker(config);
    for (const object of objects) this.tracker.upsert(object);
    this.tracker.applyChanges();
    this.state = this.tracker.state();
  }

  partial(change: (tracker: ChangeTracker) => void) {
    change(this.tracker);
    const { changed } = this.tracker.applyChanges();
    const previous = this.state;
    this.state = this.tracker.state();
    return syncPartial(previous, this.state, changed, this.config);
  }

  get wouldBeRules(): number {
    const { natRules, filterRules } = expectedCounts(this.state, this.config);
    return natRules + filterRules;
  }
}

const BASE = uniformCluster(4, 1);
const fresh = () => new Stepper([...BASE.services, ...BASE.endpointSlices], testConfig());
const NEW_SERVICE = testService("ns0/new", { clusterIP: "172.30.9.9" });
const NEW_SLICE = testSlice("ns0/new", ["10.180.9.9"]);

test("syncFull writes the compiled ruleset without hook jumps, canaries and built-in chains", () => {
  const { state, config } = fresh();
  const result = syncFull(state, config);
  const expected = expectedCounts(state, config);
  assert.equal(result.kind, "full");
  assert.equal(result.change, null);
  assert.equal(result.rules, expected.natRules + expected.filterRules);
  assert.equal(linesOf(result, /^-A/).length, result.rules);
  assert.equal(linesOf(result, /^:/).length, result.chains);
  assert.equal(textOf(result).length, result.bytes);
  assert.match(
    textOf(result),
    /^\*filter\n:KUBE-SERVICES - \[0:0\]\n(.|\n)*COMMIT\n\*nat\n:KUBE-SERVICES(.|\n)*COMMIT\n$/,
  );
  assert.equal(
    linesOf(result, /CANARY|^-A (INPUT|OUTPUT|FORWARD|PREROUTING|POSTROUTING)|^:[A-Z]+ /).length,
    0,
  );
});

test("syncFull lists KUBE-FIREWALL only where it has a rule", () => {
  const { state } = fresh();
  for (const localhostNodePorts of [true, false]) {
    const result = syncFull(state, testConfig({ localhostNodePorts }));
    assert.equal(linesOf(result, /^:KUBE-FIREWALL /).length, localhostNodePorts ? 1 : 0);
  }
});

test("syncFull deletes the chains of the state before", () => {
  const before = fresh().state;
  const after = new Stepper([...BASE.services.slice(1), ...BASE.endpointSlices], testConfig()).state;
  const result = syncFull(after, testConfig(), { previous: before, staleChains: new Set(["KUBE-SEP-OLD"]) });
  assert.equal(linesOf(result, /^-X KUBE-(SVC|SEP)-/).length, 3);
  assert.equal(linesOf(syncFull(before, testConfig(), { previous: before }), /^-X/).length, 0);
});

test("syncPartial adds five rules for a new Service with one endpoint", () => {
  const stepper = fresh();
  const before = stepper.wouldBeRules;
  const result = stepper.partial((tracker) => {
    tracker.upsert(NEW_SERVICE);
    tracker.upsert(NEW_SLICE);
  });
  assert.equal(stepper.wouldBeRules - before, 5);
  assert.equal(result.kind, "partial");
  assert.equal(
    linesOf(result, /^-A KUBE-SERVICES .*cluster IP/).length,
    5,
    "all Services are dispatched anew",
  );
  assert.equal(linesOf(result, /^:KUBE-SVC-/).length, 1);
  assert.equal(linesOf(result, /^-A KUBE-(SVC|SEP)-/).length, 4);
  assert.equal(result.staleChains.size, 0);
});

test("syncPartial deletes the chains of a Service that is gone", () => {
  const stepper = fresh();
  const before = stepper.wouldBeRules;
  const result = stepper.partial((tracker) => {
    tracker.remove(BASE.services[0]!);
    tracker.remove(BASE.endpointSlices[0]!);
  });
  assert.equal(stepper.wouldBeRules - before, -5);
  assert.equal(linesOf(result, /^-X KUBE-(SVC|SEP)-/).length, 2);
  assert.equal(linesOf(result, /^:KUBE-(SVC|SEP)-/).length, 2, "a deleted chain is emptied first");
  const change = result.change as IptablesChange;
  assert.equal(change.removed.length, 2);
});

test("syncPartial: a Service first without endpoints, then with one", () => {
  const stepper = fresh();
  const first = stepper.partial((tracker) => tracker.upsert(NEW_SERVICE));
  assert.equal(linesOf(first, /has no endpoints/).length, 1);
  assert.equal(linesOf(first, /^:KUBE-(SVC|SEP)-/).length, 0);
  const second = stepper.partial((tracker) => tracker.upsert(NEW_SLICE));
  assert.equal(linesOf(second, /has no endpoints/).length, 0);
  assert.equal(linesOf(second, /^:KUBE-(SVC|SEP)-/).length, 2);
});

test("syncPartial replaces one endpoint's chain by another's", () => {
  const stepper = fresh();
  const slice = testSlice("ns0/svc0", ["10.180.7.7"]);
  const result = stepper.partial((tracker) => tracker.upsert(slice));
  assert.equal(linesOf(result, /^-X KUBE-SEP-/).length, 1);
  assert.equal(linesOf(result, /^:KUBE-SEP-/).length, 2);
  assert.equal(linesOf(result, /^:KUBE-SVC-/).length, 1);
  assert.equal(linesOf(result, /--to-destination 10\.180\.7\.7:80/).length, 1);
});

test("syncPartial with nothing changed writes the top-level chains only", () => {
  const stepper = fresh();
  const result = stepper.partial(() => {});
  assert.equal(linesOf(result, /^:KUBE-(SVC|SEP|EXT|FW|SVL)-/).length, 0);
  assert.equal(linesOf(result, /^-A KUBE-SERVICES .*cluster IP/).length, 4);
});

test("syncPartial leaves stale chains when told, and takes them back when they come into use again", () => {
  const stepper = fresh();
  const previous = stepper.state;
  const [service] = BASE.services;
  stepper.tracker.remove(service!);
  const { changed } = stepper.tracker.applyChanges();
  const next = stepper.tracker.state();
  const left = syncPartial(previous, next, changed, stepper.config, { deleteStale: false });
  assert.equal(left.staleChains.size, 2);
  assert.equal(linesOf(left, /^-X/).length, 0);
  const later = syncPartial(next, next, new Set(), stepper.config, { staleChains: left.staleChains });
  assert.equal(linesOf(later, /^-X/).length, 2);
  assert.equal(later.staleChains.size, 0);
  const back = syncPartial(next, previous, changed, stepper.config, { staleChains: left.staleChains });
  assert.equal(linesOf(back, /^-X/).length, 0);
});

test("syncPartial's change turns the rules of the state before into those of the state after", () => {
  for (let seed = 1; seed <= 40; seed++) {
    const prng = new Prng(seed);
    const config = testConfig({
      order: prng.pick(["sorted", "seeded"] as const),
      largeClusterEndpoints: 100_000,
    });
    const [from, to] = [randomCluster(prng, 8), randomCluster(prng, 8)];
    const stepper = new Stepper([...from.services, ...from.endpointSlices], config);
    const { ruleset } = compileIptables(stepper.state, config);
    const result = stepper.partial((tracker) => {
      for (const object of [...from.services, ...from.endpointSlices])
        if (prng.below(2) === 0) tracker.remove(object);
      for (const object of [...to.services, ...to.endpointSlices])
        if (prng.below(2) === 0) tracker.upsert(object);
    });
    apply(ruleset, result.change as IptablesChange);
    assert.deepEqual(
      chainTexts(ruleset),
      chainTexts(compileIptables(stepper.state, config).ruleset),
      `seed ${seed}`,
    );
    assert.equal(linesOf(result, /^-A/).length, result.rules, `seed ${seed}`);
    assert.equal(linesOf(result, /^:/).length, result.chains, `seed ${seed}`);
  }
});

test("the model given to syncFull is what it writes", () => {
  const { state, config } = fresh();
  const model = compileIptables(state, config);
  assert.equal(
    textOf(syncFull(state, config, { model })),
    textOf(syncFull(buildProxyState(BASE, config), config)),
  );
});

function apply(ruleset: IptablesRuleset, change: IptablesChange): void {
  for (const { table, chain } of change.chains)
    ruleset.tables.get(table)?.chains.set(chain.name, chain as Chain);
  for (const { table, name } of change.removed) ruleset.tables.get(table)?.chains.delete(name);
}

/** Lines of all chains, whatever the order of the chains. */
function chainTexts(ruleset: IptablesRuleset): Map<string, string[]> {
  const byChain = new Map<string, string[]>();
  let table = "";
  for (const line of [...printRestore(ruleset, { tables: ["mangle", "filter", "nat"] })]
    .join("")
    .split("\n")) {
    if (line.startsWith("*")) table = line;
    const chain = /^(?::|-A )(\S+)/.exec(line)?.[1];
    if (chain === undefined) continue;
    const key = `${table} ${chain}`;
    byChain.set(key, [...(byChain.get(key) ?? []), line]);
  }
  return new Map([...byChain].sort());
}
