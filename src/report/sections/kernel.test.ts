import assert from "node:assert/strict";
import { test } from "node:test";
import type { KernelRecord } from "../../measure/kernel-record.js";
import { readRecord, writeRecord } from "../../measure/record-json.js";
import { RUN_SCHEMA_VERSION, type RunRecord } from "../../measure/run-record.js";
import { reportHtml } from "../html.js";
import {
  checkDrawings,
  checkEscaping,
  checkIdsAndLinks,
  checkTables,
  matchesNot,
} from "../page-checks.test-data.js";
import { sampleRecord } from "../sample-record.test-data.js";
import {
  sampleKernelRecord,
  sampleVerificationOnly,
  sampleVerifiedRecord,
} from "./sample-kernel.test-data.js";

const record = sampleVerifiedRecord();
const page = reportHtml(record);
const kernel = sampleKernelRecord();
const sectionOf = (html: string, id: string) =>
  html.split(`<section id="${id}"`)[1]?.split("</section>")[0] ?? "";
/** What a reader sees, on one line. */
const wordsOf = (html: string) =>
  html
    .replace(/<(style|script|svg)[\s\S]*?<\/\1>/g, "")
    .replace(/<[^>]*>/g, " ")
    .replace(/&#39;/g, "'")
    .replace(/\s+/g, " ");
const sectionsOf = (html: string) => [...html.matchAll(/<section id="(\w+)"/g)].map((match) => match[1]);

test("a page without a verification has no section about one, and no links to it", () => {
  const plain = reportHtml(sampleRecord());
  assert.equal(sectionOf(plain, "kernel"), "");
  matchesNot(plain, /href="#kernel/);
});

test("the section tells flows by path, times by path, what was loaded, and what was left out", () => {
  const words = wordsOf(sectionOf(page, "kernel"));
  for (const pattern of [
    /treats 83,997 of 84,000 flows over 5 paths as modelled \(99\.99%\)/,
    /iptables-nft IPv4, every kind of Service 14,000 99\.98% 3 differ 7/,
    /iptables-legacy IPv6, every kind of Service 2,800 100% 7/,
    /29 of 30 Services spread flows .* ■ iptables-nft IPv4, shop\/service-1:http 10 1,000 47\.0 3\.2e-6 differs/,
    /were measured on another machine \(Another example CPU, Linux 6\.18\), 16 days before/,
    /ipvs user-mode, first, as a ratio to iptables-legacy 18 \d[\d.]*% \d[\d.]*% [01]\.\d\d/,
    /iptables-legacy user-mode, established 7 /,
    /Pairs with ipvs are of user-mode Linux/,
    /in user-mode Linux the cycle counter/,
    /58 of 60 pairs of paths/,
    /ipset over ■ iptables-legacy first 100 1,000 no !/,
    /no netfilter first 1\.94 µs 1\.2%/,
    /nftables full, over the same 1,000 5,000 1\.05 MB 1 296 ms 414 ms 0\.71 ✗ 3/,
    /TCP round trip bytes=100 14\.7 µs 40\.3 µs 2\.7 30\.6 µs 20,000/,
    /ipvs in this machine's kernel : no module ip_vs; .* ENV_NO_IPVS/,
    /ipset: ipset v7\.17; iptables: iptables v1\.8\.9/,
  ])
    assert.match(words, pattern);
});

test("a mismatch stands first, with packet, walk and commands to copy", () => {
  const section = sectionOf(page, "kernel");
  const words = wordsOf(section);
  assert.ok(words.indexOf("Where the kernel differs") < words.indexOf("What becomes of packets"));
  assert.match(
    words,
    /Model DNAT: the node > 10\.128\.0\.7:8080|Model DNAT: the node &#62; 10\.128\.0\.7:8080/,
  );
  assert.match(section, /<button[^>]* data-copy="kernel-mismatch-1-repeat"/);
  assert.match(section, /<pre id="kernel-mismatch-1-repeat"[^>]*>ip netns add plumb-again\n/);
  assert.match(words, /nat KUBE-SEP-ABCDEFGHIJKLMNOP 1: -s 10\.128\.0\.7\/32 -j KUBE-MARK-MASQ/);
  matchesNot(
    sectionOf(reportHtml(sampleVerifiedRecord({ clean: true })), "kernel"),
    /Where the kernel differs/,
  );
});

test("mismatches beyond the first few are folded away, and none is dropped", () => {
  const [one] = kernel.behaviour.flatMap(({ mismatches }) => mismatches);
  assert.ok(one);
  const behaviour = kernel.behaviour.map((part) => ({ ...part, mismatches: [one] }));
  const section = sectionOf(
    reportHtml({ ...record, kernelVerification: { ...kernel, behaviour } }),
    "kernel",
  );
  assert.match(section, /<summary>5 more<\/summary><details class="workload" id="kernel-mismatch-6">/);
  assert.equal(section.match(/id="kernel-mismatch-\d+"/g)?.length, 10);
});

test("kernels of different kinds never share a drawing", () => {
  const figures = sectionOf(page, "kernel").match(/<figure[\s\S]*?<\/figure>/g) ?? [];
  assert.equal(figures.length, 2);
  const [native = "", userMode = ""] = figures;
  matchesNot(native, /ipvs/);
  assert.match(
    native,
    /<title>iptables-legacy, first packet, 30,000 Services, last one: modelled \d+ us, measured/,
  );
  assert.match(userMode, /<title>ipvs, established packet, 10,000 Services/);
  matchesNot(userMode, /<title>(?!ipvs|iptables-legacy)/);
});

test("verdict, trust and modelled badges of other sections lead to the section", () => {
  const strip = "checked against Linux 6.18.0-example: 99.99% of 84,000 flows";
  assert.match(
    sectionOf(page, "verdict"),
    new RegExp(`<a href="#kernel"><strong>the kernel differs</strong>: ${strip}`),
  );
  assert.match(wordsOf(sectionOf(page, "trust")), /Checked against Linux .* OUT_OF_TIME .* ENV_NO_IPVS/);
  for (const id of ["answer", "scale", "why"]) {
    assert.match(sectionOf(page, id), /<a class="badge badge-modelled" href="#kernel"/);
    matchesNot(sectionOf(page, id), /<span class="badge badge-modelled"/);
  }
});

test("the section about syncs shows measured load times beside counted bytes", () => {
  const words = wordsOf(sectionOf(page, "sync"));
  assert.match(
    words,
    /Loading rules into Linux 6\.18\.0-example .* iptables-legacy full, empty kernel 1,000 1\.05 MB 102 ms/,
  );
  const untimed = { ...record, kernelVerification: { ...sampleKernelRecord(), programming: [] } };
  matchesNot(sectionOf(reportHtml(untimed), "sync"), /Loading rules/);
});

test("a page of nothing but a verification begins with it and says its sentence once", () => {
  const only = reportHtml(sampleVerificationOnly({ clean: true }));
  assert.deepEqual(sectionsOf(only), ["verdict", "kernel", "trust", "method"]);
  const main = wordsOf(only.split("<main")[1] ?? "");
  assert.equal(main.match(/treats 84,000 of 84,000 flows/g)?.length, 1);
});

test("pages of a verification hold to what all pages do", () => {
  for (const one of [record, sampleVerificationOnly()]) {
    const html = reportHtml(one);
    checkIdsAndLinks(html);
    assert.ok(checkTables(html) >= 8);
    assert.ok(checkDrawings(html) >= 4);
    checkEscaping(reportHtml, one);
  }
});

const NOTHING: Partial<KernelRecord> = { behaviour: [], timing: null, programming: [], userspace: null };
for (const [name, part] of Object.entries({
  "that could do nothing": NOTHING,
  "of verdicts alone": { ...NOTHING, behaviour: kernel.behaviour },
  "of times alone": { ...NOTHING, timing: kernel.timing },
  "without a timed point": {
    ...NOTHING,
    timing: kernel.timing && {
      ...kernel.timing,
      points: [],
      scores: [],
      controls: [],
      crossovers: [],
      order: { agreed: 0, pairs: 0 },
    },
  },
  "without gaps": { ...kernel, notVerified: [] },
  "of no flows": {
    ...NOTHING,
    behaviour: kernel.behaviour.map((one) => ({ ...one, flows: 0, agreed: 0, kinds: {}, distribution: [] })),
  },
} satisfies Record<string, Partial<KernelRecord>>)) {
  test(`a page for a verification ${name} is whole`, () => {
    const html = reportHtml({ ...record, kernelVerification: { ...kernel, ...part } });
    assert.ok(html.endsWith("</html>\n"));
    matchesNot(wordsOf(html), /\b(NaN|undefined|Infinity|\[object)\b/);
    checkTables(html);
    checkIdsAndLinks(html);
  });
}

test("a record with a verification is read as it was written", () => {
  const whole: RunRecord = { ...record, schemaVersion: RUN_SCHEMA_VERSION };
  assert.deepEqual(
    readRecord({ file: "result.json", text: writeRecord(whole) }),
    JSON.parse(writeRecord(whole)),
  );
});
