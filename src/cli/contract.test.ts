// What others script against: arguments, streams, shapes and exit codes. Each test is one promise of `plumb help`.
import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { plumb } from "./plumb.test-data.js";

const SHOP = `
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec:
  clusterIP: 10.96.0.9
  selector: { app: web }
  ports: [{ name: http, port: 80, targetPort: 8080 }]
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  replicas: 3
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: web, ports: [{ containerPort: 8080 }] }] }
`;
const PACKET = "tcp 10.244.0.7:40000 > 10.96.0.9:80";

let folder = "";
let shop = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "plumb-cli-"));
  shop = join(folder, "shop.yaml");
  writeFileSync(shop, SHOP);
});
after(() => rmSync(folder, { recursive: true, force: true }));

test("compile prints one restorable text per mode on stdout, and nothing else", () => {
  const { code, stdout } = plumb(["compile", "--mode", "iptables", shop]);
  assert.equal(code, 0);
  assert.match(stdout, /^\*mangle\n/);
  assert.match(
    stdout,
    /-A KUBE-SERVICES -m comment --comment "shop\/web:http cluster IP" -m tcp -p tcp -d 10\.96\.0\.9 --dport 80 -j KUBE-SVC-/,
  );
  assert.match(plumb(["compile", "--mode", "nftables", shop]).stdout, /table ip kube-proxy/);
  assert.match(plumb(["compile", "--mode", "userspace", shop]).stdout, /KUBE-PORTALS-CONTAINER/);
});

test("compile reads stdin for -, and gives the same bytes as from a file", () => {
  const fromFile = plumb(["compile", "--mode", "iptables", shop]);
  const fromStdin = plumb(["compile", "--mode", "iptables", "-"], SHOP);
  assert.equal(fromStdin.stdout, fromFile.stdout);
});

test("compile --mode ipvs wants a folder or a part, and writes three documents", () => {
  const bare = plumb(["compile", "--mode", "ipvs", shop]);
  assert.equal(bare.code, 2);
  assert.match(bare.stderr, /3 documents\nhint: give -o DIR/);
  const output = join(folder, "rules");
  assert.equal(plumb(["compile", "--mode", "ipvs", "-o", output, shop]).code, 0);
  assert.deepEqual(readdirSync(output).sort(), ["ipset.restore", "iptables.restore", "ipvsadm.restore"]);
  assert.match(readFileSync(join(output, "ipvsadm.restore"), "utf8"), /-A -t 10\.96\.0\.9:80 -s rr\n/);
  assert.match(
    plumb(["compile", "--mode", "ipvs", "--part", "ipset", shop]).stdout,
    /create KUBE-CLUSTER-IP hash:ip,port/,
  );
});

test("compile --cluster-cidr, --order, --node and --config change what they say", () => {
  const rules = (...args: string[]) => plumb(["compile", "--mode", "iptables", ...args, shop]).stdout;
  assert.match(rules("--cluster-cidr", "10.0.0.0/8"), /! -s 10\.0\.0\.0\/8 -j KUBE-MARK-MASQ/);
  const config = join(folder, "proxy.yaml");
  writeFileSync(
    config,
    "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\niptables: { masqueradeAll: true }\n",
  );
  assert.doesNotMatch(rules("--config", config), /! -s \S+ -j KUBE-MARK-MASQ/);
  const missing = plumb(["compile", "--mode", "iptables", "--node", "node-9", shop]);
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /no such node; the input has node-1, node-2, node-3/);
});

test("trace --json gives mode, verdict, targets, masquerade, counts and walk", () => {
  const { code, stdout } = plumb(["trace", "--mode", "iptables", "--packet", PACKET, "--json", shop]);
  assert.equal(code, 0);
  const trace = JSON.parse(stdout) as {
    mode: string;
    verdict: string;
    targets: string[];
    masquerade: boolean;
    counts: Record<string, number>;
    walk: unknown[];
  };
  assert.equal(trace.mode, "iptables");
  assert.equal(trace.verdict, "DNAT");
  assert.deepEqual(trace.targets.toSorted(), ["10.244.0.2:8080", "10.244.1.2:8080", "10.244.2.2:8080"]);
  assert.equal(trace.masquerade, false);
  assert.ok((trace.counts["rulesEvaluated"] ?? 0) > 5);
  assert.ok(trace.walk.length > 5);
});

test("trace agrees over all modes on verdict, targets and masquerade", () => {
  const { stdout } = plumb(["trace", "--mode", "all", "--packet", PACKET, "--json", shop]);
  const traces = JSON.parse(stdout) as {
    mode: string;
    verdict: string;
    targets: string[];
    masquerade: boolean;
  }[];
  assert.deepEqual(
    traces.map(({ mode }) => mode),
    ["userspace", "iptables", "ipvs", "nftables"],
  );
  for (const { mode, verdict, targets, masquerade } of traces) {
    assert.equal(verdict, "DNAT", mode);
    assert.deepEqual(targets.toSorted(), ["10.244.0.2:8080", "10.244.1.2:8080", "10.244.2.2:8080"], mode);
    if (mode !== "userspace") assert.equal(masquerade, false, mode);
  }
});

test("trace says in every mode that a Pod calling its own Service may be masqueraded", () => {
  const hairpin = "tcp 10.244.0.2:40000 > 10.96.0.9:80";
  const { stdout } = plumb(["trace", "--packet", hairpin, "--node", "node-1", "--json", shop]);
  const traces = JSON.parse(stdout) as { mode: string; masquerade: boolean }[];
  for (const { mode, masquerade } of traces.slice(1)) assert.equal(masquerade, true, mode);
});

test("trace --rules walks what compile printed, with the same result", () => {
  const rules = join(folder, "web.rules");
  writeFileSync(rules, plumb(["compile", "--mode", "iptables", shop]).stdout);
  const direct = JSON.parse(
    plumb(["trace", "--mode", "iptables", "--packet", PACKET, "--json", shop]).stdout,
  ) as { counts: unknown; targets: unknown };
  const saved = JSON.parse(plumb(["trace", "--rules", rules, "--packet", PACKET, "--json"]).stdout) as {
    counts: unknown;
    targets: unknown;
  };
  assert.deepEqual(saved.counts, direct.counts);
  assert.deepEqual(saved.targets, direct.targets);
});

test("mistakes on the command line end with 2 and say what to do", () => {
  for (const [args, message] of [
    [["nonsense"], /unknown command 'nonsense'/],
    [["run", "no-such-preset"], /Cannot find scenario 'no-such-preset'.*\nhint: presets: .*quick/],
    [["run", "quick", "--set", "services"], /expected key=value/],
    [["run", "quick", "--set", "nonsense=1"], /nonsense/],
    [["compile", "--mode", "ebpf", "x.yaml"], /Allowed choices are userspace, iptables, ipvs, nftables/],
    [["compile", "--mode", "iptables", "/no/such/file.yaml"], /\/no\/such\/file\.yaml/],
    [["trace", "--packet", "tcp nowhere", "x.yaml"], /packet/i],
    [["compare", "/no/run", "/no/other"], /Cannot read run '\/no\/run'/],
    [["schema", "nothing"], /expected result or scenario/],
    [["help", "nothing"], /no such command/],
  ] as const) {
    const { code, stdout, stderr } = plumb(args);
    assert.equal(code, 2, `plumb ${args.join(" ")}: ${stderr}`);
    assert.match(stderr, message);
    assert.equal(stdout, "", "nothing on stdout");
  }
});

test("help exists for every command, with examples, and exits 0", () => {
  const { code, stdout } = plumb(["--help"]);
  assert.equal(code, 0);
  for (const command of [
    "run",
    "compare",
    "report",
    "compile",
    "trace",
    "lint",
    "preset",
    "schema",
    "doctor",
    "profile",
  ]) {
    assert.match(stdout, new RegExp(`^ {2}${command}`, "m"));
    const help = plumb(["help", command]);
    assert.equal(help.code, 0, command);
    assert.match(help.stdout, /Examples:/, command);
  }
});

test("preset ls, show and lint agree on the presets", () => {
  const rows = JSON.parse(plumb(["preset", "ls", "--json"]).stdout) as { name: string; purpose: string }[];
  const names = rows.map(({ name }) => name);
  for (const name of ["quick", "cliff", "migrate", "affinity-sticky", "conntrack"])
    assert.ok(names.includes(name), name);
  for (const { name, purpose } of rows) {
    assert.match(purpose, /\?$/, `${name} asks a question`);
    assert.equal(plumb(["lint", name]).code, 0, name);
  }
});

test("lint reports every mistake of a scenario at once and nothing is run", () => {
  const file = join(folder, "broken.yaml");
  writeFileSync(
    file,
    "apiVersion: plumbline/v1\nkind: Scenario\nmetadata: { name: x, purpose: Is it so? }\nspec:\n  sed: 42\n  phases: [{ kind: programme }]\n",
  );
  const { code, stderr } = plumb(["lint", file]);
  assert.equal(code, 2);
  assert.match(stderr, /broken\.yaml:5:3 spec\.sed: unknown field \(did you mean "seed"\?\)/);
  assert.match(stderr, /broken\.yaml:6:\d+/);
});

test("lint checks every file of a folder, scenarios too, and invents no Nodes", () => {
  const mixed = join(folder, "mixed");
  mkdirSync(mixed);
  writeFileSync(join(mixed, "shop.yaml"), SHOP);
  writeFileSync(join(mixed, "quick.yaml"), plumb(["preset", "export", "quick"]).stdout);
  const good = plumb(["lint", mixed]);
  assert.equal(good.code, 0, good.stderr);
  assert.match(good.stdout, /scenario quick, 13 cases.*; 1 Services, 1 EndpointSlices, no Nodes/);
  writeFileSync(join(mixed, "broken.yaml"), "apiVersion: plumbline/v1\nkind: Scenario\n");
  assert.equal(plumb(["lint", mixed]).code, 2);
});

test("run --only judges the thresholds of the selected cases, prints what it wrote, and says how to repeat it", () => {
  const output = join(folder, "only");
  const { code, stdout, stderr } = plumb([
    "run",
    "quick",
    "--only",
    "mode=nftables services=100",
    "--samples",
    "1",
    "--json",
    "-o",
    output,
  ]);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, readFileSync(join(output, "result.json"), "utf8"));
  const record = JSON.parse(stdout) as {
    verdict: { reproduce: string };
    thresholds: unknown[];
    cases: unknown[];
  };
  assert.equal(record.cases.length, 1);
  assert.deepEqual(record.thresholds, []);
  assert.equal(
    record.verdict.reproduce,
    "plumb run quick --only 'mode=nftables services=100' --samples 1 --json",
  );
});

test("run --dry-run prints the resolved scenario and writes nothing", () => {
  const output = join(folder, "never");
  const { code, stdout } = plumb(["run", "quick", "--dry-run", "-o", output, "--seed", "7"]);
  assert.equal(code, 0);
  assert.equal((JSON.parse(stdout) as { seed: number }).seed, 7);
  assert.equal(existsSync(output), false);
});
