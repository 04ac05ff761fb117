import assert from "node:assert/strict";
import { test } from "node:test";
import { PlumbError } from "../base/errors.js";
import type { Mode } from "../netfilter/rule-model.js";
import { parseKubeProxyConfiguration } from "./kube-proxy-configuration.js";
import { TEST_NODE } from "./cluster.test-data.js";

const HEADER = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n";

const parse = (body: string, mode?: Mode) =>
  parseKubeProxyConfiguration(
    { file: "p.yaml", text: HEADER + body },
    { node: TEST_NODE, ...(mode ? { mode } : {}) },
  );

function messageOf(body: string, header = HEADER): string {
  try {
    parseKubeProxyConfiguration({ file: "p.yaml", text: header + body });
  } catch (error) {
    assert.ok(error instanceof PlumbError, String(error));
    return error.message;
  }
  assert.fail(`accepted: ${body}`);
}

/** What kubeadm writes into its config map, with every section. */
const KUBEADM = `bindAddress: 0.0.0.0
bindAddressHardFail: false
clientConnection:
  acceptContentTypes: ""
  burst: 0
  contentType: ""
  kubeconfig: /var/lib/kube-proxy/kubeconfig.conf
  qps: 0
clusterCIDR: 10.244.0.0/16,fd00:10:244::/56
configSyncPeriod: 0s
conntrack:
  maxPerCore: null
  min: null
  tcpBeLiberal: true
  tcpCloseWaitTimeout: null
  tcpEstablishedTimeout: null
  udpStreamTimeout: 0s
  udpTimeout: 0s
detectLocal:
  bridgeInterface: ""
  interfaceNamePrefix: ""
detectLocalMode: ""
enableProfiling: false
featureGates:
  NFTablesNetlink: true
healthzBindAddress: ""
hostnameOverride: ""
iptables:
  localhostNodePorts: false
  masqueradeAll: true
  masqueradeBit: 12
  minSyncPeriod: 1s
  syncPeriod: 0s
ipvs:
  excludeCIDRs: ["10.1.0.0/16"]
  minSyncPeriod: 0s
  scheduler: "lc"
  strictARP: true
  syncPeriod: 1m30s
  tcpFinTimeout: 0s
  tcpTimeout: 0s
  udpTimeout: 0s
logging:
  flushFrequency: 0
  options:
    json:
      infoBufferSize: "0"
    text:
      infoBufferSize: "0"
  verbosity: 0
metricsBindAddress: ""
mode: "ipvs"
nftables:
  masqueradeAll: false
  masqueradeBit: 14
  minSyncPeriod: 1s
  syncPeriod: 30s
nodePortAddresses: ["192.168.0.0/16"]
oomScoreAdj: null
portRange: ""
showHiddenMetricsForVersion: ""
winkernel:
  enableDSR: false
  forwardHealthCheckVip: false
  networkName: ""
  rootHnsEndpointName: ""
  sourceVip: ""
`;

test("parseKubeProxyConfiguration reads what kubeadm writes", () => {
  assert.deepEqual(parse(KUBEADM), {
    mode: "ipvs",
    localDetector: { kind: "cidr", cidrs: ["10.244.0.0/16", "fd00:10:244::/56"] },
    masqueradeAll: true,
    masqueradeBit: 12,
    localhostNodePorts: false,
    nodePortAddresses: ["192.168.0.0/16"],
    conntrackTcpBeLiberal: true,
    ipvs: { scheduler: "lc", strictARP: true, excludeCIDRs: ["10.1.0.0/16"] },
  });
});

test("parseKubeProxyConfiguration takes masquerade settings from the section of the mode", () => {
  const { masqueradeAll, masqueradeBit } = parse(KUBEADM, "nftables");
  assert.deepEqual({ masqueradeAll, masqueradeBit }, { masqueradeAll: false, masqueradeBit: 14 });
});

test("parseKubeProxyConfiguration leaves out what a file does not set", () => {
  assert.deepEqual(parse(""), {});
  assert.deepEqual(parse("mode: ''\nclusterCIDR: ''\niptables: null\n"), {});
});

test("parseKubeProxyConfiguration finds the configuration among other documents", () => {
  const text = `kind: ClusterConfiguration\nkubernetesVersion: v1\n---\n${HEADER}mode: nftables\n`;
  assert.deepEqual(parseKubeProxyConfiguration({ file: "p.yaml", text }), { mode: "nftables" });
});

test("parseKubeProxyConfiguration knows four ways to detect local Pods", () => {
  const detector = (body: string) => parse(body).localDetector;
  assert.deepEqual(detector("detectLocalMode: NodeCIDR\n"), { kind: "cidr", cidrs: ["10.180.0.0/24"] });
  assert.deepEqual(detector("detectLocalMode: BridgeInterface\ndetectLocal: {bridgeInterface: cni0}\n"), {
    kind: "bridge",
    interface: "cni0",
  });
  assert.deepEqual(
    detector("detectLocalMode: InterfaceNamePrefix\ndetectLocal: {interfaceNamePrefix: veth}\n"),
    {
      kind: "prefix",
      prefix: "veth",
    },
  );
  assert.equal(detector("detectLocalMode: ClusterCIDR\n"), undefined);
});

// Body -> message. The body begins on line 3.
const MISTAKES: readonly [string, string][] = [
  ["mod: ipvs\n", "p.yaml:3:1: unknown field 'mod', did you mean 'mode'?"],
  [
    "iptables:\n  masqueradebit: 14\n",
    "p.yaml:4:3: unknown field 'iptables.masqueradebit', did you mean 'masqueradeBit'?",
  ],
  [
    "nftables:\n  xyzzy: 1\n",
    "p.yaml:4:3: unknown field 'nftables.xyzzy', expected one of masqueradeBit, masqueradeAll, syncPeriod, minSyncPeriod",
  ],
  ["mode: iptable\n", `p.yaml:3:7: mode: "iptable", expected one of userspace, iptables, ipvs, nftables`],
  ["mode: 7\n", "p.yaml:3:7: mode: 7, expected a string"],
  ["iptables: [1]\n", "p.yaml:3:11: iptables: a list [1], expected a map of fields"],
  ["iptables:\n  masqueradeAll: yes\n", `p.yaml:4:18: iptables.masqueradeAll: "yes", expected true or false`],
  ["iptables:\n  masqueradeBit: 32\n", "p.yaml:4:18: iptables.masqueradeBit: 32, expected a bit, 0 to 31"],
  ["iptables:\n  masqueradeBit: 1.5\n", "p.yaml:4:18: iptables.masqueradeBit: 1.5, expected a whole number"],
  [
    "iptables:\n  syncPeriod: 30\n",
    `p.yaml:4:15: iptables.syncPeriod: 30, expected a duration such as "30s" or "1m30s"`,
  ],
  [
    "clusterCIDR: 10.244.0.0\n",
    `p.yaml:3:14: clusterCIDR: "10.244.0.0", expected a CIDR such as "10.244.0.0/16", or two of different families joined by a comma`,
  ],
  [
    "nodePortAddresses: [10.0.0.1]\n",
    `p.yaml:3:20: nodePortAddresses: a list [10.0.0.1], expected a list of CIDRs such as "10.0.0.0/8"`,
  ],
  [
    "ipvs:\n  scheduler: lblc\n",
    `p.yaml:4:14: ipvs.scheduler: "lblc", expected one of rr, wrr, lc, wlc, sh, dh, sed, nq, mh`,
  ],
  [
    "detectLocalMode: Bridge\n",
    `p.yaml:3:18: detectLocalMode: "Bridge", expected ClusterCIDR, NodeCIDR, BridgeInterface or InterfaceNamePrefix`,
  ],
  [
    `detectLocalMode: InterfaceNamePrefix\ndetectLocal: { interfaceNamePrefix: "a\\"b\\n" }\n`,
    `p.yaml:4:37: detectLocal.interfaceNamePrefix: "a\\"b\\n", expected an interface name of 1 to 15 characters`,
  ],
  [
    "iptables:\n\tsyncPeriod: 1s\n\tminSyncPeriod: 1s\n",
    "p.yaml:4:1: tabs are not allowed as indentation, expected YAML",
  ],
  [
    "detectLocalMode: BridgeInterface\n",
    `p.yaml:3:18: detectLocal.bridgeInterface: "", expected an interface name of 1 to 15 characters`,
  ],
  ["featureGates: {A: 1}\n", "p.yaml:3:15: featureGates: a map, expected a map of names to true or false"],
  [
    "mode: [\n",
    "p.yaml:4:1: flow sequence in block collection must be sufficiently indented and end with a ], expected YAML",
  ],
  ["mode: kernelspace\n", "Cannot compile for mode 'kernelspace': it programs Windows nodes"],
  ["detectLocalMode: NodeCIDR\n", "Cannot detect local traffic by NodeCIDR: no node is given"],
];

for (const [body, message] of MISTAKES) {
  test(`parseKubeProxyConfiguration refuses ${JSON.stringify(body)}`, () => {
    assert.equal(messageOf(body), message);
  });
}

test("parseKubeProxyConfiguration tells all mistakes at once", () => {
  const lines = messageOf("mod: ipvs\niptables:\n  masqueradeBit: x\nbindAddress: 1\n").split("\n");
  assert.deepEqual(
    lines.map((line) => line.split(" ")[0]),
    ["p.yaml:3:1:", "p.yaml:5:18:", "p.yaml:6:14:"],
  );
});

test("parseKubeProxyConfiguration refuses other kinds and versions", () => {
  assert.equal(messageOf("", ""), "p.yaml:1:1: 0 documents of kind KubeProxyConfiguration, expected one");
  assert.equal(
    messageOf("", "kind: Service\napiVersion: v1\n"),
    `p.yaml:1:7: kind: "Service", expected "KubeProxyConfiguration"\n` +
      `p.yaml:2:13: apiVersion: "v1", expected "kubeproxy.config.k8s.io/v1alpha1"`,
  );
  assert.match(
    messageOf(`---\n${HEADER}`),
    /p.yaml:4:1: 2 documents of kind KubeProxyConfiguration, expected one/,
  );
});
