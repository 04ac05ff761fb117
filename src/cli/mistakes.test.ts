// Inputs and outputs that cannot be served: one message, the exit code of a mistake, nothing on stdout, nothing written.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { OWN_RULES } from "./own-rules.test-data.js";
import { plumb, PLUMB_PROGRAM } from "./plumb.test-data.js";

const DUAL = `
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { clusterIPs: [10.96.0.9, "fd00:10:96::9"], clusterIP: 10.96.0.9, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Endpoints
metadata: { name: web }
subsets: [{ addresses: [{ ip: 10.244.0.5 }, { ip: "fd00:10:244::5" }], ports: [{ port: 8080 }] }]
`;
const RULES = "*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -m set --match-set banned src -j DROP\nCOMMIT\n";
const PACKET = "tcp 10.244.0.7:40000 > 10.96.0.9:80";
const PACKET_6 = "tcp [fd00:10:244::7]:40000 > [fd00:10:96::9]:80";

let folder = "";
let dual = "";
let rules = "";
const inFolder = (name: string) => join(folder, name);
before(() => {
  folder = mkdtempSync(join(tmpdir(), "plumb-mistakes-"));
  dual = inFolder("dual.yaml");
  rules = inFolder("node.rules");
  writeFileSync(dual, DUAL);
  writeFileSync(rules, RULES);
});
after(() => rmSync(folder, { recursive: true, force: true }));

function refuses(args: readonly string[], message: RegExp): void {
  const { code, stdout, stderr } = plumb(args);
  assert.equal(code, 2, `plumb ${args.join(" ")}: ${stderr}`);
  assert.match(stderr, message);
  assert.equal(stdout, "", "nothing on stdout");
}

test("-o refuses what cannot become a folder, in every command, before anything is done", () => {
  refuses(
    ["compile", "-o", dual, dual],
    /Cannot write into '.*dual\.yaml': it is a file, expected a folder\nhint: /,
  );
  refuses(["compile", "-o", join(dual, "x"), dual], /a part of the path is a file/);
  refuses(["compile", "-o", "", dual], /expected the name of a folder/);
  refuses(["run", "quick", "-o", dual], /it is a file, expected a folder/);
  refuses(["profile", "quick", "-o", dual], /it is a file, expected a folder/);
});

test("-o returns where mkdir would try for ever", {
  skip: existsSync("/proc/self") ? false : "no /proc",
}, () => {
  refuses(["compile", "-o", "/proc/plumb/rules", dual], /Cannot write into '\/proc\/plumb\/rules'/);
});

test("a folder as standard input, as a ruleset or as a configuration is refused", () => {
  for (const command of ["compile", "lint"]) {
    const stdin = openSync(folder, "r");
    const run = spawnSync(process.execPath, [PLUMB_PROGRAM, command, "-"], {
      stdio: [stdin, "pipe", "pipe"],
      encoding: "utf8",
    });
    assert.equal(run.status, 2, run.stderr);
    assert.equal(run.stderr, "Cannot read standard input: it is a folder\n");
  }
  refuses(["trace", "-p", PACKET, "--rules", folder], /it is a folder, expected a file/);
  refuses(["compile", "--config", folder, dual], /it is a folder, expected a file/);
});

test("rulesets that are empty, cut off or compressed are refused with their place", () => {
  const write = (name: string, content: string | Uint8Array) => {
    writeFileSync(inFolder(name), content);
    return inFolder(name);
  };
  const trace = (file: string) => ["trace", "-p", PACKET, "--rules", file];
  refuses(
    trace(write("empty.rules", "")),
    /empty\.rules:1:1: no table, expected '\*nat' or another.*\nhint: .*root/,
  );
  refuses(
    trace(write("cut.rules", RULES.replace("COMMIT\n", ""))),
    /cut\.rules:3:\d+: the text ends inside a table, expected COMMIT/,
  );
  const nft = write("nft.rules", "# dump\ntable inet firewalld {\n\tchain INPUT {\n\t}\n}\n");
  const json = write("nft.json", '{"nftables": [{"metainfo": {"version": "1.0.6"}}]}');
  for (const file of [nft, json])
    for (const args of [trace(file), ["lint", file]])
      refuses(args, /nft\.\w+:1:1: an nftables ruleset, expected a text of iptables-save\nhint: rules that/);
  refuses(
    trace(write("gz.rules", gzipSync(RULES))),
    /gz\.rules:1:2: gzip-compressed data, expected UTF-8 text/,
  );
});

test("trace --rules checks the options that go with it, and says which sets are missing", () => {
  refuses(
    ["trace", "-p", PACKET, "--rules", rules, "--local-address", "10.0.0.1,node-1"],
    /'node-1' is no IP address/,
  );
  refuses(["trace", "-p", PACKET, "--rules", rules, dual], /give FILEs or --rules, not both/);
  refuses(["trace", "-p", PACKET, "--rules", rules, "--mode", "ipvs"], /of mode iptables/);
  const { code, stderr } = plumb(["trace", "-p", PACKET, "--rules", rules]);
  assert.equal(code, 0, stderr);
  assert.equal(stderr, "warning: iptables-save holds no sets: taken to be empty: banned\n");
});

test("trace walks the rules of the packet's family, and refuses to walk another's", () => {
  const verdicts = JSON.parse(plumb(["trace", "-p", PACKET_6, "--json", dual]).stdout) as {
    mode: string;
    targets: string[];
  }[];
  for (const { mode, targets } of verdicts) assert.deepEqual(targets, ["[fd00:10:244::5]:8080"], mode);
  refuses(
    ["trace", "-p", PACKET_6, "--family", "IPv4", dual],
    /through IPv4 rules: it is an IPv6 packet\nhint: /,
  );
  refuses(["trace", "-p", PACKET_6, "--rules", rules], /through IPv4 rules: it is an IPv6 packet/);
  assert.equal(plumb(["trace", "-p", PACKET_6, "--rules", rules, "--family", "IPv6"]).code, 0);
});

test("lint reads a scenario, a ruleset or manifests from standard input", () => {
  const scenario = plumb(["preset", "show", "quick"]).stdout;
  assert.match(plumb(["lint", "-"], scenario).stdout, /^-: scenario quick, \d+ cases/);
  assert.equal(
    plumb(["lint", "-"], RULES).stdout,
    "-: IPv4 iptables ruleset, rules by table: raw 0, mangle 0, nat 0, filter 1\n",
  );
  assert.match(plumb(["lint", "-"], DUAL).stdout, /^-: 1 Services, 2 EndpointSlices/);
});

test("lint takes a custom resource of a kind called Scenario for a manifest", () => {
  const definition =
    "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec:\n  names:\n    kind: Scenario\n";
  const { code, stderr } = plumb(["lint", "-"], definition);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /not read: 1 CustomResourceDefinition/);
});

test("words that every object has are no commands, schemas or topics", () => {
  refuses(["constructor"], /unknown command 'constructor'\n\(plumb help lists the commands\)/);
  refuses(["schema", "toString"], /expected result or scenario/);
  refuses(["help", "__proto__"], /no such command/);
  refuses(["preset", "help"], /\(plumb help preset shows usage and examples\)/);
});

test("made-up nodes have a limit", () => {
  refuses(["compile", "--nodes", "999999999", dual], /expected a whole number from 1 to 10000/);
});

test("a full disk under stdout is told, and is no success", {
  skip: existsSync("/dev/full") ? false : "no /dev/full",
}, () => {
  const run = spawnSync(process.execPath, [PLUMB_PROGRAM, "compile", dual], {
    stdio: ["ignore", openSync("/dev/full", "w"), "pipe"],
    encoding: "utf8",
  });
  assert.equal(run.status, 1);
  assert.match(run.stderr, /^Cannot write to standard output: ENOSPC/);
});

test("compare passes no gate that holds nothing", () => {
  const small = [
    "run",
    "quick",
    ...["--set", "mode=[ipvs]", "--set", "services=[100]", "--samples", "1", "--format", "md"],
  ];
  const run = inFolder("run");
  plumb([...small, "-o", run]);
  refuses(["compare", run, run, "--metric", "first.nonsense"], /no metric is called so\nhint: metrics: /);
  const record = JSON.parse(readFileSync(join(run, "result.json"), "utf8")) as { cases: unknown[] };
  writeFileSync(inFolder("none.json"), JSON.stringify({ ...record, cases: [] }));
  const { code, stderr } = plumb(["compare", run, inFolder("none.json")]);
  assert.equal(code, 14, stderr);
  assert.match(stderr, /no case in common/);
});

test("lint tells every mistake of an iptables-save text, one whose head was cut off included", () => {
  const file = inFolder("two-mistakes.rules");
  writeFileSync(file, "*filter\n:INPUT MAYBE [0:0]\n-A FORWARD -s 10.0.0.300 -j DROP\nCOMMIT\n");
  refuses(
    ["lint", file],
    /two-mistakes\.rules:2:8: policy 'MAYBE'.*\n.*two-mistakes\.rules:3:15: '10\.0\.0\.300'/,
  );
  writeFileSync(file, "[1:60] -A FORWARD -j DROP\nCOMMIT\n");
  refuses(["lint", file], /two-mistakes\.rules:1:1: outside a table, expected '\*filter'/);
});

test("run reads a scenario's inputs before anything runs, and refuses what they are not", () => {
  const scenario = inFolder("own.yaml");
  writeFileSync(scenario, OWN_RULES);
  const texts: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
    ["cut", "*nat\n-A PREROUTING -j ACCEPT\n", /cut:2:24: the text ends inside a table/],
    ["empty", "", /empty:1:1: no table/],
    ["gzip", gzipSync("*nat\nCOMMIT\n"), /gzip:1:\d: gzip-compressed data/],
    ["nft", "table ip nat {\n}\n", /nft:1:1: an nftables ruleset/],
    ["ipset", "create KUBE-X hash:ip family inet\n", /ipset:1:1: sets as ipset save prints them/],
    ["ipvs", "-A -t 10.96.0.1:443 -s rr\n", /ipvs:1:1: virtual servers as ipvsadm-save prints them/],
    [
      "aimless",
      "\uFEFF*nat\r\n-A PREROUTING -j ACCEPT\r\nCOMMIT\r\n",
      /aimless': no nat rule names one address/,
    ],
  ];
  for (const [name, text, message] of texts) {
    writeFileSync(inFolder(name), text);
    const out = inFolder(`out-${name}`);
    refuses(["run", scenario, "--set", `cluster.iptablesSave=${inFolder(name)}`, "-o", out], message);
    assert.equal(existsSync(out), false, name);
    if (name === "ipset" || name === "ipvs") refuses(["lint", inFolder(name)], message);
    writeFileSync(inFolder("linted.yaml"), OWN_RULES.replace("node.rules", name));
    refuses(["lint", inFolder("linted.yaml")], message);
  }
  const set = (path: string) => ["run", scenario, "--set", `cluster.iptablesSave=${path}`];
  refuses(set(inFolder("nowhere")), /Cannot read '.*nowhere': there is no such file/);
  refuses(set(folder), /Cannot read '.*': it is a folder, expected a file/);
  const manifests = inFolder("own-manifests.yaml");
  writeFileSync(manifests, OWN_RULES.replace("iptablesSave: node.rules", "manifests: nowhere.yaml"));
  refuses(["run", manifests], /Cannot read '.*nowhere\.yaml': there is no such file/);
});

test("trace --rules says by line what no packet decides and what would follow, in words and as JSON", () => {
  const file = inFolder("docker.rules");
  writeFileSync(
    file,
    "*filter\n:FORWARD DROP [0:0]\n-A FORWARD -o docker0 -j ACCEPT\n-A FORWARD -j NFQUEUE --queue-num 1\n" +
      "-A FORWARD -m addrtype --dst-type LOCAL -j ACCEPT\nCOMMIT\n",
  );
  const { code, stdout, stderr } = plumb(["trace", "--rules", file, "-p", PACKET]);
  assert.equal(code, 0);
  assert.match(
    stdout,
    /verdict DROP\n {2}not decided at line 3, filter\/FORWARD\/1: -o docker0: taken not to hold; if it does, verdict ACCEPT\n/,
  );
  assert.match(
    stdout,
    /not decided at line 4, filter\/FORWARD\/2: target NFQUEUE: its decision is not modelled/,
  );
  assert.match(stderr, /no address of the node is known, only loopback .*: 1\n/);
  const { undecided } = JSON.parse(plumb(["trace", "--rules", file, "-p", PACKET, "--json"]).stdout);
  assert.deepEqual(undecided[0], {
    line: 3,
    place: "filter/FORWARD/1",
    what: "-o docker0",
    otherwise: { verdict: "ACCEPT", targets: [], targetsPartial: false, masquerade: false },
  });
  const local = plumb(["trace", "--rules", file, "-p", PACKET, "--local-address", "10.96.0.1"]);
  assert.doesNotMatch(local.stderr, /no address of the node/);
});
