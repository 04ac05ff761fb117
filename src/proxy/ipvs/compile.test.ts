// The whole of what ipvs mode programs for the packet-flow cluster, its counts, and the real tools' opinion of it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import type { Family } from "../../base/ip.js";
import { Prng } from "../../base/prng.js";
import { sourcePath } from "../../base/source-path.js";
import { countRules } from "../../netfilter/iptables/ruleset.js";
import { parseIpvsadm } from "../../netfilter/ipvs/text.js";
import type { IpvsModel } from "../../netfilter/rule-model.js";
import type { ProxyConfig } from "../config.js";
import { FLOW_GROUPS, flowConfig } from "../packet-flow-cases.test-data.js";
import { FLOW_OBJECTS } from "../packet-flow-cluster.test-data.js";
import { buildProxyState } from "../state/build-state.js";
import {
  randomCluster,
  testConfig,
  testEndpoint,
  testService,
  testSlice,
  uniformCluster,
} from "../cluster.test-data.js";
import { compileIpvs } from "./compile.js";
import { IPVS_DOCUMENTS, ipvsDocument, type IpvsDocumentName } from "./documents.js";

function modelOf(
  objects: Parameters<typeof buildProxyState>[0],
  overrides: Partial<ProxyConfig> = {},
): IpvsModel {
  const config = testConfig({ mode: "ipvs", ...overrides });
  return compileIpvs(buildProxyState(objects, config), config);
}

function flowModel(family: Family): IpvsModel {
  const group = FLOW_GROUPS.find((candidate) => candidate.family === family);
  assert.ok(group);
  const config = flowConfig(group, "ipvs");
  return compileIpvs(buildProxyState(FLOW_OBJECTS, config), config);
}

function textOf(model: IpvsModel, name: IpvsDocumentName): string {
  return [...ipvsDocument(model, name)].join("");
}

for (const family of ["IPv4", "IPv6"] as const) {
  for (const name of IPVS_DOCUMENTS) {
    test(`compileIpvs writes ${name} of the packet-flow cluster as recorded, ${family}`, () => {
      const path = sourcePath(import.meta.url, `./testdata/${family === "IPv4" ? "ipv4" : "ipv6"}.${name}`);
      const text = textOf(flowModel(family), name);
      if (process.env["UPDATE"] === "1") writeFileSync(path, text);
      assert.equal(text, readFileSync(path, "utf8"));
    });
  }
}

test("the number of rules does not depend on the number of Services", () => {
  const rulesOf = (services: number) => countRules(modelOf(uniformCluster(services, 2)).ruleset);
  assert.equal(rulesOf(2), rulesOf(500));
  // 9 jumps; nat: 5 services, load balancer 1, loop-back none (no local endpoint), postrouting 3, mark 1;
  // filter: drop 1, forward 2, node port 1, ipvs filter 6.
  assert.equal(rulesOf(2), 9 + 5 + 1 + 3 + 1 + 1 + 2 + 1 + 6 - 1);
});

test("virtual servers are one per service port and way in, node ports times node addresses", () => {
  const service = testService(
    "a/b",
    { type: "LoadBalancer", clusterIP: "172.30.0.1", externalIPs: ["203.0.113.1"] },
    { ports: [{ name: "p80", port: 80, nodePort: 30080 }], vips: ["1.2.3.4", "1.2.3.5"] },
  );
  const slice = testSlice("a/b", ["10.0.0.1", "10.0.0.2"]);
  const node = { name: "node-0", addresses: ["192.168.0.2", "192.168.0.3"], podCIDRs: [], zone: null };
  const { virtualServers } = modelOf({ services: [service], endpointSlices: [slice], nodes: [] }, { node });
  // 1 + 1 external + 2 VIPs + 1 x 2 addresses, 2 endpoints each.
  assert.equal(virtualServers.length, 6);
  assert.equal(virtualServers.flatMap(({ realServers }) => realServers).length, 12);
});

test("session affinity is persistence on every virtual server, and mh hashes the source port", () => {
  const service = testService("a/b", { clusterIP: "172.30.0.1", sessionAffinity: "ClientIP" });
  const objects = { services: [service], endpointSlices: [testSlice("a/b", ["10.0.0.1"])], nodes: [] };
  const [server] = modelOf(objects, {
    ipvs: { scheduler: "mh", strictARP: false, excludeCIDRs: [] },
  }).virtualServers;
  assert.equal(server?.persistentSeconds, 10_800);
  assert.equal(server?.sourcePortFlag, true);
  assert.equal(modelOf(objects).virtualServers[0]?.sourcePortFlag, false);
});

test("the loop-back set holds every endpoint of the node, whatever its conditions", () => {
  const unready = testEndpoint("10.180.0.2@node-0", { conditions: { ready: false, serving: false } });
  const slice = testSlice("a/b", ["10.180.0.1@node-0", unready, "10.180.1.1@node-1"]);
  const service = testService("a/b", { clusterIP: "172.30.0.1" });
  const model = modelOf({ services: [service], endpointSlices: [slice], nodes: [] });
  const loopBack = model.ipsets.find(({ name }) => name === "KUBE-LOOP-BACK")?.elements ?? [];
  assert.deepEqual([...loopBack], ["10.180.0.1,tcp:80,10.180.0.1", "10.180.0.2,tcp:80,10.180.0.2"]);
});

test("kube-ipvs0 holds every service address that the node does not have itself", () => {
  const service = testService("a/b", {
    clusterIP: "172.30.0.1",
    externalIPs: ["192.168.0.2", "203.0.113.1"],
  });
  const model = modelOf({ services: [service], endpointSlices: [], nodes: [] });
  const bound = model.ipsets.find(({ name }) => name === "KUBE-IPVS-IPS")?.elements;
  assert.deepEqual([...(bound ?? [])], ["172.30.0.1", "203.0.113.1"]);
  assert.deepEqual(model.localAddresses, ["192.168.0.2", "172.30.0.1", "203.0.113.1"]);
});

test("a full set takes no more, as the kernel refuses it", () => {
  const model = modelOf(uniformCluster(65_540, 0));
  const clusterIps = model.ipsets.find(({ name }) => name === "KUBE-CLUSTER-IP")?.elements.size;
  assert.equal(clusterIps, 65_536);
  assert.equal(model.virtualServers.length, 65_540);
});

test("the ipvsadm document is read back as the model's virtual servers", () => {
  const seed = 7;
  for (let run = 0; run < 20; run++) {
    const model = modelOf(randomCluster(new Prng(seed).fork(`${run}`), 8));
    assert.deepEqual(
      parseIpvsadm(textOf(model, "ipvsadm.restore"), "x"),
      model.virtualServers,
      `seed ${seed} run ${run}`,
    );
  }
});

/**
 * Load the sets, then the rules, in a network namespace of its own. Rules that ask IPVS itself (-m ipvs) are left out:
 * only a kernel with ip_vs takes them.
 */
function loadInKernel(model: IpvsModel): { status: number | null; output: string } {
  const restore = model.family === "IPv4" ? "iptables-restore" : "ip6tables-restore";
  const rules = textOf(model, "iptables.restore").replace(/^.* -m ipvs .*\n/gm, "");
  const script = `set -e; ipset restore <<'SETS'\n${textOf(model, "ipset.restore")}SETS\n${restore} <<'RULES'\n${rules}RULES\nipset list -name | wc -l`;
  const run = spawnSync("unshare", ["-n", "sh"], { input: script, encoding: "utf8", timeout: 20_000 });
  return { status: run.status, output: run.stdout + run.stderr };
}

const cannotLoad = (() => {
  if (process.getuid?.() !== 0) return "needs root for a network namespace";
  const probe = spawnSync("unshare", ["-n", "sh", "-c", "ipset list -name && iptables-restore </dev/null"]);
  return probe.status === 0 ? false : "unshare, ipset or iptables-restore is missing or may not be used";
})();

test("the real ipset and iptables-restore load every document", { skip: cannotLoad }, () => {
  const models = [flowModel("IPv4"), flowModel("IPv6"), modelOf(randomCluster(new Prng(3), 25))];
  for (const model of models) {
    const { status, output } = loadInKernel(model);
    assert.equal(status, 0, output);
    assert.equal(output.trim(), "17");
  }
});
