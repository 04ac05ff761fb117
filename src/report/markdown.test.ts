import assert from "node:assert/strict";
import { test } from "node:test";
import type { CaseRecord } from "../measure/run-record.js";
import { reportMarkdown } from "./markdown.js";
import { sampleRecord } from "./sample-record.test-data.js";
import { sampleVerificationOnly, sampleVerifiedRecord } from "./sections/sample-kernel.test-data.js";

const record = sampleRecord({ modes: ["iptables", "ipvs"] });

test("reportMarkdown opens with the verdict, the answer and the command, then the table of the largest size", () => {
  const lines = reportMarkdown(record).split("\n").filter(Boolean);
  assert.equal(lines[0], "## quick: pass");
  assert.match(lines[1] ?? "", /^\*\*At 10,000 Services .*\(modelled kernel time\)\.\*\*$/);
  assert.ok(lines.includes("Repeat it: `plumb run quick --seed 42`"));
  assert.ok(lines.some((line) => line.startsWith("| at 10,000 Services | Rules, first packet `counted` |")));
  assert.ok(lines.some((line) => line.startsWith("| ipvs | **9** |")));
});

test("reportMarkdown sets failures before the answer's table", () => {
  const cases = record.cases.map(
    (one, index): CaseRecord => (index === 0 ? { ...one, status: "failed", reason: "no rules" } : one),
  );
  const thresholds = record.thresholds.map((one) => ({ ...one, ok: null, got: null }));
  const text = reportMarkdown({ ...record, cases, thresholds });
  assert.match(text, /\*\*threshold\*\* `first\.rules_evaluated` .*could not be evaluated/);
  assert.ok(text.indexOf("no rules") < text.indexOf("| at 10,000"), "failures come after the table");
});

test("reportMarkdown stays below 60,000 characters and says what it left out", () => {
  const many = sampleRecord({ sizes: Array.from({ length: 120 }, (_, index) => 100 + index * 50) });
  const text = reportMarkdown(many);
  assert.ok(text.length < 60_000, `${text.length} characters`);
  assert.match(text, /scoreboard is too long/);
});

test("reportMarkdown lets no text of the record be read as markup", () => {
  const evil = "x|y <img src=x> **b** [a](http://evil) @all `c`\n# d";
  const text = reportMarkdown({
    ...record,
    scenario: { ...record.scenario, name: evil },
    verdict: { ...record.verdict, reasons: [evil], reproduce: evil },
  });
  assert.doesNotMatch(text.replace(/`[^\n]*`/g, ""), /<img|[^\\]\[a\]|[^\\]@all|^# d/m);
  assert.match(text, /^## x\\\|y &lt;img/);
});

test("reportMarkdown tells what a kernel agreed to, where it differs and what it was not asked", () => {
  const text = reportMarkdown(sampleVerifiedRecord());
  assert.match(text, /### Kernel verification\n\nLinux 6\.18\.0-example treats 83,997 of 84,000 flows/);
  assert.match(text, /^\| iptables-nft \| 16,797 of 16,800 \| \d+ of 24 \|$/m);
  assert.match(text, /^\| ipvs \(user-mode\) \| 16,800 of 16,800 \| \d+ of 24 \|$/m);
  assert.match(text, /- \*\*iptables-nft\*\* differs \(hairpin\) for `tcp 10\.128\.0\.7:40000 > /);
  assert.match(text, /- not verified: iptables-nft 30,000 Services \(`OUT_OF_TIME`\)/);
  assert.match(text, /checked against Linux 6\.18\.0-example: 99\.99% of 84,000 flows/);
});

test("reportMarkdown of nothing but a verification says its sentence once", () => {
  const text = reportMarkdown(sampleVerificationOnly({ clean: true }));
  assert.equal(text.match(/treats 84,000 of 84,000 flows/g)?.length, 1);
});
