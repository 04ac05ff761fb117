import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { PlumbError } from "../../base/errors.js";
import { sourcePath } from "../../base/source-path.js";
import type { Match, Rule, Target } from "./model.js";
import { parseIptablesSave } from "./parse.js";
import { countRules } from "./ruleset.js";
import { printSave } from "./text.js";

const testdata = (name: string) => readFileSync(sourcePath(import.meta.url, `./testdata/${name}`), "utf8");

/** The rules of filter INPUT made of `lines`. */
function inputRules(...lines: string[]): readonly Rule[] {
  const text = `*filter\n${lines.map((line) => `-A INPUT ${line}`).join("\n")}\nCOMMIT\n`;
  return parseIptablesSave({ file: "t", text }).ruleset.tables.get("filter")!.chains.get("INPUT")!.rules;
}

function only(line: string): { match: Match | undefined; target: Target | null } {
  const [rule] = inputRules(line);
  return { match: rule?.matches.at(-1), target: rule?.target ?? null };
}

const rulesOf = (text: string) =>
  text.split("\n").filter((line) => line.startsWith("-A") || line.startsWith("*"));

test("parseIptablesSave then printSave gives back what the real iptables-save printed", () => {
  for (const name of ["docker.save", "ufw.save", "calico.save", "ip6.save"]) {
    const text = testdata(name);
    const { ruleset } = parseIptablesSave({ file: name, text });
    const printed = [...printSave(ruleset)].join("");
    const byTable = (lines: readonly string[]) => tablesOf(lines);
    assert.deepEqual(byTable(rulesOf(printed)), byTable(rulesOf(text.replace(/^\[\d+:\d+\] /gm, ""))), name);
  }
});

/** Lines by table: tables may come in any order, rules may not. */
function tablesOf(lines: readonly string[]): Record<string, string[]> {
  const tables: Record<string, string[]> = {};
  let current: string[] = [];
  for (const line of lines) {
    if (line.startsWith("*")) tables[line] = current = [];
    else current.push(line);
  }
  return tables;
}

test("parseIptablesSave of what printSave printed is the same ruleset", () => {
  for (const name of ["docker.save", "ufw.save", "calico.save", "ip6.save"]) {
    const first = parseIptablesSave({ file: name, text: testdata(name) }).ruleset;
    const text = [...printSave(first)].join("");
    assert.deepEqual(parseIptablesSave({ file: name, text, family: first.family }).ruleset, first, name);
  }
});

test("parseIptablesSave finds the family by header or by address", () => {
  assert.equal(parseIptablesSave({ file: "t", text: testdata("ip6.save") }).ruleset.family, "IPv6");
  assert.equal(parseIptablesSave({ file: "t", text: testdata("docker.save") }).ruleset.family, "IPv4");
  const bare = parseIptablesSave({ file: "t", text: "*filter\n-A INPUT -s fd00::/8 -j DROP\nCOMMIT\n" });
  assert.equal(bare.ruleset.family, "IPv6");
  assert.equal(parseIptablesSave({ file: "t", text: "" }).ruleset.family, "IPv4");
});

test("parseIptablesSave keeps policies, counters aside", () => {
  const { ruleset } = parseIptablesSave({ file: "t", text: testdata("docker.save") });
  assert.equal(ruleset.tables.get("filter")?.chains.get("FORWARD")?.policy, "DROP");
  assert.equal(ruleset.tables.get("filter")?.chains.get("DOCKER-USER")?.policy, null);
  assert.equal(countRules(ruleset, "nat"), 6);
  assert.equal(countRules(ruleset, "filter"), 15);
});

test("parseIptablesSave names what it cannot decide, once, with place and count", () => {
  const { warnings } = parseIptablesSave({ file: "t", text: testdata("ufw.save") });
  assert.deepEqual(warnings, [
    {
      message: "match 'limit' is not decided by a packet: taken to be false",
      line: 26,
      column: 55,
      count: 4,
    },
  ]);
  const unknown = parseIptablesSave({
    file: "t",
    text: "*filter\n:X - [0:0]\n-A INPUT -m wat --is 1 --so -m comment --comment c -j NOSUCH\n-A X -j OTHER --opt 3\nCOMMIT\n",
  });
  assert.deepEqual(
    unknown.warnings.map(({ message, line, column }) => `${line}:${column} ${message}`),
    [
      "3:13 unknown match 'wat' is not decided by a packet: taken to be false",
      "4:9 unknown target 'OTHER': without effect",
      "3:55 'NOSUCH' in table 'filter' is neither a chain nor a known target: without effect",
    ],
  );
});

test("parseIptablesSave takes opaque matches to hold when told so", () => {
  const text = "*filter\n-A INPUT -m limit --limit 3/min -j DROP\nCOMMIT\n";
  const rule = (opaqueHolds: boolean) =>
    parseIptablesSave({ file: "t", text, opaqueHolds }).ruleset.tables.get("filter")!.chains.get("INPUT")!
      .rules[0];
  assert.deepEqual(rule(false)?.matches, [
    { kind: "opaque", extension: "limit", text: "--limit 3/min", assumed: false },
  ]);
  assert.deepEqual(rule(true)?.matches, [
    { kind: "opaque", extension: "limit", text: "--limit 3/min", assumed: true },
  ]);
});

test("parseIptablesSave reads options in kube-proxy's order, after the address they are mixed with", () => {
  const [rule] = inputRules(
    '-m comment --comment "a b" -m tcp -p tcp -d 10.0.0.1 --dport 80 ! -s 10.0.0.0/8 -j DROP',
  );
  assert.equal(rule?.matches.length, 2);
  assert.equal(rule?.destination?.value.text, "10.0.0.1/32");
  assert.equal(rule?.source?.negated, true);
});

test("parseIptablesSave loads the match that a protocol implies", () => {
  assert.equal(only("-p tcp --dport 80").match?.kind, "port");
  assert.equal(only("-p icmp --icmp-type 8").match?.kind, "icmp");
  const syn = only("-p tcp ! --syn").match;
  assert.deepEqual(syn?.kind === "port" ? syn.tcpFlags : null, { value: 2, mask: 23, negated: true });
});

test("parseIptablesSave reads every spelling of MARK as (mark & ~mask) ^ value", () => {
  const mark = (options: string) => {
    const { target } = only(`-j MARK ${options}`);
    return target?.kind === "mark" ? [target.value, target.mask] : null;
  };
  assert.deepEqual(mark("--set-mark 0x1"), [1, 0xffffffff]);
  assert.deepEqual(mark("--set-mark 0x1/0xf0"), [1, 0xf1]);
  assert.deepEqual(mark("--set-xmark 0x1/0xf0"), [1, 0xf0]);
  assert.deepEqual(mark("--or-mark 16"), [16, 16]);
  assert.deepEqual(mark("--and-mark 0xff"), [0, 0xffffff00]);
  assert.deepEqual(mark("--xor-mark 010"), [8, 0]);
});

test("parseIptablesSave reads translations of every form", () => {
  const to = (options: string) => {
    const { target } = only(options);
    return target?.kind === "dnat" || target?.kind === "snat"
      ? { ...target.to, options: target.options }
      : target;
  };
  assert.deepEqual(to("-p tcp -j DNAT --to-destination 1.2.3.4:80"), {
    first: "1.2.3.4",
    last: null,
    ports: { first: 80, last: 80 },
    options: "",
  });
  assert.deepEqual(to("-p tcp -j SNAT --to-source 1.2.3.4-1.2.3.9:100-200 --persistent"), {
    first: "1.2.3.4",
    last: "1.2.3.9",
    ports: { first: 100, last: 200 },
    options: "--persistent",
  });
  assert.deepEqual(to("-p tcp -j DNAT --to-destination :81"), {
    first: null,
    last: null,
    ports: { first: 81, last: 81 },
    options: "",
  });
  assert.deepEqual(to("-p tcp -j REDIRECT --to-ports 15001"), {
    kind: "redirect",
    ports: { first: 15001, last: 15001 },
    options: "",
  });
});

test("parseIptablesSave reads commands of a restore document in order", () => {
  const text =
    "*filter\n-N A\n-A A -j DROP\n-I A -j ACCEPT\n-I A 2 -j RETURN\n-P INPUT DROP\n-N B\n-X B\n-A INPUT -s 10.0.0.1,10.0.0.2 -j A\nCOMMIT\n";
  const { chains } = parseIptablesSave({ file: "t", text }).ruleset.tables.get("filter")!;
  assert.deepEqual(
    chains.get("A")?.rules.map((rule) => rule.target?.kind),
    ["accept", "return", "drop"],
  );
  assert.equal(chains.get("INPUT")?.policy, "DROP");
  assert.equal(chains.has("B"), false);
  assert.equal(chains.get("INPUT")?.rules.length, 2);
});

test("parseIptablesSave turns a netmask into a prefix, and keeps one with holes as text", () => {
  assert.equal(inputRules("-s 10.1.2.3/255.255.0.0")[0]?.source?.value.text, "10.1.0.0/16");
  const [rule] = inputRules("-d 10.0.0.1/255.0.0.255 -j DROP");
  assert.deepEqual(rule?.matches, [
    { kind: "opaque", extension: "", text: "-d 10.0.0.1/255.0.0.255", assumed: false },
  ]);
});

test("parseIptablesSave shares equal parts between rules", () => {
  const [first, second] = inputRules(
    "-s 10.0.0.1 -p tcp --dport 80 -j DROP",
    "-s 10.0.0.1 -p tcp --dport 80 -j DROP",
  );
  assert.equal(first?.source, second?.source);
  assert.equal(first?.matches[0], second?.matches[0]);
  assert.equal(first?.target, second?.target);
});

const MALFORMED: readonly [string, string][] = [
  ["-A INPUT -j DROP\n", "t:1:1: outside a table, expected '*filter' or another first"],
  ["*nosuch\n", "t:1:1: table 'nosuch', expected one of raw, mangle, nat, filter"],
  ["*filter\n*nat\n", "t:2:1: '*nat' before the end of the table, expected COMMIT"],
  ["COMMIT\n", "t:1:1: COMMIT outside a table, expected '*filter' or another first"],
  ["*filter\n:INPUT\n", "t:2:7: the line ends, expected a policy: ACCEPT, DROP or -"],
  ["*filter\n:INPUT MAYBE\n", "t:2:8: policy 'MAYBE' of built-in chain 'INPUT', expected ACCEPT or DROP"],
  ["*filter\nhello\n", "t:2:1: 'hello', expected *TABLE, :CHAIN, -A, -I, -N, -F, -X, -P or COMMIT"],
  ["*filter\n-A\n", "t:2:3: the line ends, expected a chain"],
  [
    "*filter\n-A INPUT -s 10.0.0.300 -j DROP\n",
    "t:2:13: '10.0.0.300', expected an address, ADDRESS/LENGTH or ADDRESS/MASK",
  ],
  [
    "*filter\n-A INPUT -s 10.0.0.1\n-A INPUT -s ::1\n",
    "t:3:13: '::1' is an IPv6 address, expected IPv4 as before it",
  ],
  [
    "*filter\n-A INPUT -p tcp --dport 99999\n",
    "t:2:17: --dport '99999', expected a port (0 to 65535) or a range such as 80:90",
  ],
  [
    "*filter\n-A INPUT --dport 80\n",
    "t:2:10: unknown option '--dport', expected one of the extensions named before it",
  ],
  ["*filter\n-A INPUT -j\n", "t:2:12: the line ends, expected an argument of '-j'"],
  ['*filter\n-A INPUT -m comment --comment "abc\n', 't:2:31: quote is never closed, expected "..."'],
  ["*filter\n-A INPUT ! -j DROP\n", "t:2:12: '!' before '-j', expected an option that can be inverted"],
  ["*filter\n-A INPUT -j DROP -j DROP\n", "t:2:18: second target, expected one -j or -g"],
  [
    "*filter\n-A INPUT -m conntrack --ctstate OLD\n",
    "t:2:23: --ctstate 'OLD', expected a list of INVALID, NEW, ESTABLISHED, RELATED, UNTRACKED, SNAT, DNAT",
  ],
  [
    "*filter\n-A INPUT -m statistic --mode random --probability 2\n",
    "t:2:37: --probability '2', expected a number from 0 to 1",
  ],
  ["*filter\n-A INPUT -j DNAT\n", "t:2:13: translation without a destination, expected --to-destination"],
  [
    "*filter\n-A INPUT -I nonsense\n",
    "t:2:10: unknown option '-I', expected one of the extensions named before it",
  ],
];

test("parseIptablesSave refuses each malformed line with its place and what was expected", () => {
  for (const [text, message] of MALFORMED) {
    assert.throws(
      () => parseIptablesSave({ file: "t", text }),
      (error: unknown) => {
        assert.ok(error instanceof PlumbError, String(error));
        assert.equal(error.message.split("\n")[0], message);
        assert.equal(error.code, "InvalidInput");
        return true;
      },
      text,
    );
  }
});

function refusalOf(text: string): readonly string[] {
  try {
    parseIptablesSave({ file: "t", text });
  } catch (error) {
    if (error instanceof PlumbError) return error.message.split("\n");
  }
  return [];
}

test("parseIptablesSave tells every malformed line, and what one mistake brings with it only once", () => {
  const text =
    "*filter\n:INPUT MAYBE [0:0]\n-A FORWARD -s 10.0.0.300 -j DROP\n-A FORWARD -p tcp --dport 99999\n*nat\n" +
    '-A PREROUTING -m comment --comment "abc\nCOMMIT\n-A INPUT -j DROP\n-A INPUT -j DROP\nCOMMIT\n*nope\n-A X -j Y\n' +
    "COMMIT\n*raw\n-A PREROUTING -j DR";
  assert.deepEqual(refusalOf(text), [
    "t:2:8: policy 'MAYBE' of built-in chain 'INPUT', expected ACCEPT or DROP",
    "t:3:15: '10.0.0.300', expected an address, ADDRESS/LENGTH or ADDRESS/MASK",
    "t:4:19: --dport '99999', expected a port (0 to 65535) or a range such as 80:90",
    "t:5:1: '*nat' before the end of the table, expected COMMIT",
    't:6:36: quote is never closed, expected "..."',
    "t:8:1: outside a table, expected '*filter' or another first",
    "t:11:1: table 'nope', expected one of raw, mangle, nat, filter",
    "t:15:20: the text ends inside a table, expected COMMIT (is it cut off?)",
  ]);
});

test("parseIptablesSave lists twenty mistakes, counts the others and clips what they quote", () => {
  const said = refusalOf(`*filter\n${"-A INPUT -s 10.0.0.300\n".repeat(50)}COMMIT\n`);
  assert.equal(said.length, 21);
  assert.equal(said.at(-1), "and 30 more");
  const hopeless = refusalOf(`*filter\n${"-A INPUT -s 10.0.0.300\n".repeat(10_001)}`);
  assert.equal(hopeless.at(-1), "and 9980 more; the rest was not read");
  const [long = ""] = refusalOf(`*filter\n-A INPUT -s \u001b[31m${"1".repeat(100_000)}\nCOMMIT\n`);
  assert.match(
    long,
    /^t:2:13: '\\u\{1b\}\[31m1+\.\.\. \(\d+ characters left out\) \.\.\.1+', expected an address/,
  );
  assert.ok(long.length < 500);
});

test("parseIptablesSave stops at the other family's text, and says when a table begins again", () => {
  assert.deepEqual(refusalOf(`${testdata("docker.save")}${testdata("ip6.save")}`), [
    "t:43:1: an IPv6 ruleset begins here, expected IPv4 as before it: the rest is not read",
  ]);
  const nat = "*nat\n-A PREROUTING -j ACCEPT\nCOMMIT\n";
  assert.deepEqual(
    parseIptablesSave({ file: "t", text: nat + nat }).warnings.map(
      ({ line, message }) => `${line} ${message}`,
    ),
    ["4 table 'nat' begins again: a chain that is declared again starts empty, as iptables-restore has it"],
  );
});

test("parseIptablesSave passes on what iptables-save says that it leaves out", () => {
  const text =
    "# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\n" +
    "# Table `nat' is incompatible, use 'nft' tool.\n*filter\nCOMMIT\n";
  assert.deepEqual(
    parseIptablesSave({ file: "t", text }).warnings.map(({ line, message }) => `${line} ${message}`),
    [
      "1 the node has rules of iptables-legacy too, which this text does not hold",
      "2 table 'nat' holds rules of nft, which iptables-save leaves out with it",
    ],
  );
});
