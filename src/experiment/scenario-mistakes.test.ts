// Every kind of mistake in a scenario file: where it is said to be, and what is said. One line per mistake, all at once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse } from "yaml";
import { PlumbError } from "../base/errors.js";
import { parseScenario, type ScenarioOptions } from "./scenario.js";
import { scenarioSchema } from "./scenario-schema.js";

const LINES = [
  "apiVersion: plumbline/v1",
  "kind: Scenario",
  "metadata: { name: small, purpose: How much is little? }",
  "spec:",
  "  params:",
  "    services: { type: int, default: 10, max: 1000 }",
  "  matrix:",
  "    axes: { mode: [iptables, ipvs], services: [10, 100] }",
  "    exclude: []",
  "  cluster:",
  `    services: { count: "\${services}" }`,
  "  phases:",
  "    - { kind: program, sync: [full] }",
  "    - { kind: traffic, packets: first-packet, flows: { arrival: { model: closed } } }",
  "  sampling: { samples: 6 }",
  "  thresholds:",
  '    - { metric: first.core_ns, must: "<= 5us", because: a test }',
];

function mistakesOf(text: string, options: Partial<ScenarioOptions> = {}): string[] {
  try {
    parseScenario({ file: "s.yaml", text }, { resolvePreset: () => null, ...options });
  } catch (error) {
    assert.ok(error instanceof PlumbError, String(error));
    assert.equal(error.code, "InvalidInput");
    return error.message.split("\n");
  }
  return [];
}

/** What is said when a line (counted from 1) is replaced. */
function withLine(line: number, text: string, options: Partial<ScenarioOptions> = {}): string[] {
  return mistakesOf(LINES.with(line - 1, text).join("\n"), options);
}

test("the file that the others are made from has no mistake", () => {
  assert.deepEqual(mistakesOf(LINES.join("\n")), []);
});

/** Line to replace, with what, and the only line that is said. `structural`: the published schema refuses it too. */
const MISTAKES: readonly { line: number; text: string; says: string | RegExp; structural?: true }[] = [
  {
    line: 1,
    text: "apiVersion: plumbline/v2",
    says: 's.yaml:1:13 apiVersion: expected the word plumbline/v1, got "plumbline/v2"',
    structural: true,
  },
  {
    line: 3,
    text: "metadata: { name: Small One, purpose: x }",
    says: /^s\.yaml:3:19 metadata\.name: expected lower-case words joined by hyphens, got "Small One"$/,
    structural: true,
  },
  {
    line: 3,
    text: "metadata: { name: small }",
    says: "s.yaml:3:11 metadata.purpose: is missing",
    structural: true,
  },
  {
    line: 15,
    text: "  samplin: { samples: 6 }",
    says: 's.yaml:15:3 spec.samplin: unknown field (did you mean "sampling"?)',
    structural: true,
  },
  {
    line: 15,
    text: "  proxy: { localDetector: { kind: bridge, interface: longer-than-the-kernel-allows } }",
    says: /^s\.yaml:15:54 spec\.proxy\.localDetector\.interface: expected an interface's name, 1 to 15 /,
    structural: true,
  },
  {
    line: 15,
    text: '  proxy: { localDetector: { kind: prefix, prefix: "ve\'th" } }',
    says: /^s\.yaml:15:51 spec\.proxy\.localDetector\.prefix: expected an interface's name, 1 to 15 /,
    structural: true,
  },
  {
    line: 15,
    text: "  proxy: { localDetector: { kind: cidr, cidrs: [10.244.0.0/16, 10.244.0.0/33] } }",
    says: 's.yaml:15:64 spec.proxy.localDetector.cidrs[1]: expected a CIDR such as 10.244.0.0/16, got "10.244.0.0/33"',
  },
  {
    line: 15,
    text: "  proxy: { nodePortAddresses: [10.0.0.0/8, primary] }",
    says: /^s\.yaml:15:31 spec\.proxy\.nodePortAddresses: expected CIDRs, or the one word "primary", got /,
  },
  {
    line: 16,
    text: "  threshholds:",
    says: 's.yaml:16:3 spec.threshholds: unknown field (did you mean "thresholds"?)',
    structural: true,
  },
  {
    line: 15,
    text: "  sampling: { samples: 6, timeBudget: 5 }",
    says: 's.yaml:15:39 spec.sampling.timeBudget: expected a duration with its unit, such as "250us" or "5m", got 5',
    structural: true,
  },
  {
    line: 15,
    text: "  sampling: { samples: 1.5 }",
    says: "s.yaml:15:24 spec.sampling.samples: expected a whole number 1..1000, got 1.5",
    structural: true,
  },
  {
    line: 15,
    text: "  sampling: { order: blokced }",
    says: 's.yaml:15:22 spec.sampling.order: expected one of blocked, random, sequential, got "blokced" (did you mean "blocked"?)',
    structural: true,
  },
  {
    line: 8,
    text: "    axes: { mode: [iptables, nftable], services: [10] }",
    says: 's.yaml:8:30 spec.matrix.axes.mode[1]: unknown mode "nftable" (did you mean "nftables"?)',
  },
  {
    line: 8,
    text: "    axes: { services: [10] }",
    says: /^s\.yaml:8:11 spec\.matrix\.axes: the axis "mode" is missing/,
  },
  {
    line: 8,
    text: "    axes: { mode: [ipvs], services: [10], servces: [1] }",
    says: 's.yaml:8:52 spec.matrix.axes.servces: no parameter has this name (did you mean "services"?)',
  },
  {
    line: 8,
    text: "    axes: { mode: [ipvs], services: [10, 2000] }",
    says: "s.yaml:8:42 spec.matrix.axes.services[1]: 2000 is above max 1000",
  },
  {
    line: 8,
    text: "    axes: { mode: [ipvs], services: [10, 10] }",
    says: "s.yaml:8:42 spec.matrix.axes.services[1]: 10 is there twice",
  },
  {
    line: 9,
    text: "    exclude: [{ mode: [iptables, ipvs] }]",
    says: "s.yaml:8:5 spec.matrix: every combination is excluded",
  },
  {
    line: 9,
    text: "    exclude: [{ mode: nftables }]",
    says: "s.yaml:9:23 spec.matrix.exclude[0].mode: the axis has no value nftables",
  },
  {
    line: 11,
    text: "    services: { count: 10 }",
    says: /^s\.yaml:\d+:\d+ spec\.matrix\.axes\.services: the axis changes nothing: \$\{services\} is in none of cluster, proxy, phases$/,
  },
  {
    line: 11,
    text: `    services: { count: "\${servces}" }`,
    says: /^s\.yaml:11:24 spec\.cluster\.services\.count: unknown parameter "servces" in "\$\{servces\}" \(did you mean "services"\?\)$/,
  },
  {
    line: 11,
    text: `    { services: { count: "\${services}" }, manifests: a.yaml }`,
    says: "s.yaml:11:5 spec.cluster: expected exactly one of services, manifests, iptablesSave",
  },
  {
    line: 11,
    text: `    services: { count: "\${services}", affinityShare: 0.2 }`,
    says: /affinityShare: expected a share with its unit, such as "20%", got 0\.2$/,
    structural: true,
  },
  {
    line: 14,
    text: "    - { kind: traffic, packets: first-packet, flows: { target: last } }",
    says: "s.yaml:14:54 spec.phases[1].flows.arrival: is missing",
    structural: true,
  },
  {
    line: 14,
    text: "    - { kind: traffic, packets: first-packet, flows: { arrival: { model: open, rate: 5000 } } }",
    says: 's.yaml:14:86 spec.phases[1].flows.arrival.rate: expected a rate with its unit, such as "50k/s", got 5000',
    structural: true,
  },
  {
    line: 14,
    text: "    - { kind: trafic }",
    says: /^s\.yaml:14:15 spec\.phases\[1\]\.kind: expected one of program, traffic, .* \(did you mean "traffic"\?\)$/,
    structural: true,
  },
  {
    line: 14,
    text: "    - { kind: traffic, packets: first-packet, flows: { arrival: { model: closed }, protocolMix: { tcp: 50% } } }",
    says: "s.yaml:14:97 spec.phases[1].flows.protocolMix: shares sum to 50%, expected 100%",
  },
  {
    line: 14,
    text: "    - { kind: program }",
    says: "s.yaml:17:17 spec.thresholds[0].metric: no phase of this scenario produces first.core_ns",
  },
  {
    line: 17,
    text: '    - { metric: first.core_nss, must: "<= 5us", because: a test }',
    says: /^s\.yaml:17:17 spec\.thresholds\[0\]\.metric: expected one of .* \(did you mean "first\.core_ns"\?\)$/,
    structural: true,
  },
  {
    line: 17,
    text: '    - { metric: first.rules_evaluated, must: "<= 1s", because: a test }',
    says: /^s\.yaml:17:46 spec\.thresholds\[0\]\.must: expected <, <=, >, >=, == and a bare number or a share .* got "<= 1s"$/,
  },
  {
    line: 17,
    text: '    - { metric: first.core_ns, must: "<= 5", because: a test }',
    says: /must: expected .* a duration such as "250us" or "5m" \(first\.core_ns is in ns\), got "<= 5"$/,
  },
  {
    line: 17,
    text: '    - { metric: first.core_ns, where: { mdoe: ipvs }, must: "<= 5us", because: a test }',
    says: 's.yaml:17:39 spec.thresholds[0].where: no case has a label "mdoe" (did you mean "mode"?)',
  },
  {
    line: 17,
    text: '    - { metric: first.core_ns, where: { services: 7 }, must: "<= 5us", because: a test }',
    says: "s.yaml:17:39 spec.thresholds[0].where: no case has services=7",
  },
  {
    line: 15,
    text: "  regression: { margin: { first.core: 5% } }",
    says: /^s\.yaml:15:39 spec\.regression\.margin\.first\.core: no metric has this name/,
  },
];

for (const { line, text, says } of MISTAKES) {
  test(`line ${line} as ${JSON.stringify(text.trim())} is one mistake with its place`, () => {
    const said = withLine(line, text);
    assert.equal(said.length, 1, said.join("\n"));
    if (typeof says === "string") assert.equal(said[0], says);
    else assert.match(said[0] as string, says);
  });
}

test("the published schema refuses the mistakes that are a matter of form, and accepts the file without them", () => {
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(scenarioSchema);
  assert.ok(validate(parse(LINES.join("\n"))), JSON.stringify(validate.errors));
  const structural = MISTAKES.filter((mistake) => mistake.structural);
  assert.ok(structural.length >= 12);
  for (const { line, text } of structural) {
    assert.equal(validate(parse(LINES.with(line - 1, text).join("\n"))), false, text);
  }
});

test("all mistakes are reported at once, in file order, whichever part they are in", () => {
  const text = LINES.with(2, "metadata: { name: small }")
    .with(7, "    axes: { mode: [iptabels], services: [10] }")
    .with(12, "    - { kind: program, sync: [fulll] }")
    .with(14, "  sampling: { samples: 0, ordr: random }")
    .with(16, "    - { metric: first.core, must: 1, because: a test }");
  assert.deepEqual(
    mistakesOf(text.join("\n")).map((line) => line.split(" ").slice(0, 2).join(" ")),
    [
      "s.yaml:3:11 metadata.purpose:",
      "s.yaml:8:20 spec.matrix.axes.mode[0]:",
      "s.yaml:13:31 spec.phases[0].sync[0]:",
      "s.yaml:15:24 spec.sampling.samples:",
      "s.yaml:15:27 spec.sampling.ordr:",
      "s.yaml:17:17 spec.thresholds[0].metric:",
      "s.yaml:17:35 spec.thresholds[0].must:",
    ],
  );
});

test("broken YAML, an empty file, a list and an alias are mistakes with a place too", () => {
  assert.match(mistakesOf("a: [1,\nb: }")[0] as string, /^s\.yaml:2:\d+: /);
  assert.deepEqual(mistakesOf("# nothing\n"), ["s.yaml:1:1: the file is empty; expected a Scenario"]);
  assert.deepEqual(mistakesOf("- 1\n"), ["s.yaml:1:1: expected a map, got a list"]);
  assert.match(
    withLine(15, "  sampling: &a { samples: *a }").join("\n"),
    /^s\.yaml:15:27 spec\.sampling\.samples: aliases are not supported/m,
  );
  assert.match(
    withLine(2, "apiVersion: plumbline/v1")[0] as string,
    /^s\.yaml:2:1: this key stands twice in one map, expected each key once$/,
  );
  assert.deepEqual(mistakesOf("a: 1\n---\na: 2\n"), [
    "s.yaml:2:1: a second document begins here, expected a Scenario alone in a file",
  ]);
  assert.match(
    mistakesOf("[".repeat(100_000)).join("\n"),
    /^s\.yaml:1:\d+: values are nested too deep to be read/,
  );
  assert.deepEqual(mistakesOf("a:\n\tb: 1\n\tc: 2\n"), [
    "s.yaml:2:1: tabs are not allowed as indentation, expected YAML",
  ]);
});

test("extends names a preset that exists, and never itself", () => {
  const text = "apiVersion: plumbline/v1\nkind: Scenario\nextends: preset:quik\n";
  assert.deepEqual(mistakesOf(text), ['s.yaml:3:10 extends: there is no preset "quik"; see plumb preset ls']);
  assert.match(
    mistakesOf(text.replace("preset:quik", "quick"))[0] as string,
    /expected "preset:NAME", got "quick"/,
  );
  const itself = { file: "p.yaml", text: "apiVersion: plumbline/v1\nkind: Scenario\nextends: preset:loop\n" };
  assert.deepEqual(
    mistakesOf(text, { resolvePreset: () => itself }).at(-1),
    "p.yaml:3:10 extends: preset:loop extends itself",
  );
});

test("a ruleset of someone's own runs in mode iptables only, and has nothing to compile", () => {
  const text = LINES.with(7, "    axes: { mode: [iptables, ipvs] }")
    .with(10, "    iptablesSave: rules.txt")
    .with(4, "")
    .with(5, "");
  assert.deepEqual(mistakesOf(text.join("\n")), [
    "s.yaml:8:19 spec.matrix.axes.mode: mode ipvs cannot run an iptables-save ruleset; leave only iptables (--set mode=iptables)",
    "s.yaml:13:5 spec.phases: a program phase needs Services; in case mode=iptables the cluster is an iptables-save ruleset",
    "s.yaml:13:5 spec.phases: a program phase needs Services; in case mode=ipvs the cluster is an iptables-save ruleset",
  ]);
});

test("a phase that runs in no case is a mistake, and so is a case without a phase", () => {
  const when = (condition: string) =>
    withLine(13, `    - { kind: program, sync: [full], when: { ${condition} } }`);
  assert.deepEqual(when("services: 10"), []);
  assert.deepEqual(when("services: [10, 70]"), []);
  assert.deepEqual(when("services: 7"), ["s.yaml:13:44 spec.phases[0].when: no case has services=7"]);
  const only = LINES.with(
    13,
    "    - { kind: traffic, packets: first-packet, when: { mode: ipvs }, flows: { arrival: { model: closed } } }",
  );
  assert.deepEqual(mistakesOf(only.toSpliced(12, 1).join("\n")), [
    "s.yaml:13:5 spec.phases: no phase is left for the case mode=iptables services=10",
    "s.yaml:13:5 spec.phases: no phase is left for the case mode=iptables services=100",
  ]);
});

test("mistakes in --set name the setting", () => {
  const set = (key: string, value: string) => mistakesOf(LINES.join("\n"), { set: [[key, value]] });
  assert.deepEqual(set("services", "many"), [
    '--set services:1:1 spec.matrix.axes.services[0]: expected a number, got "many"',
    '--set services:1:1 spec.params.services.default: expected a number, got "many"',
    's.yaml:11:24 spec.cluster.services.count: expected a whole number 1..200000, got "many"',
  ]);
  assert.deepEqual(set("samplng.samples", "3"), [
    '--set samplng.samples:1:1 spec.samplng: unknown field (did you mean "sampling"?)',
  ]);
});
