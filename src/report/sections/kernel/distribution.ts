// How flows to one Service fall on its endpoints: a chi-square test against the model's probabilities. Those that fail
// are in sight, the rest a click away.
import type { BehaviourRecord, DistributionRecord } from "../../../measure/kernel-record.js";
import { badge } from "../../badge.js";
import { pathMarkup } from "../../kernel-paths.js";
import { type Markup, markup } from "../../markup.js";
import { countText } from "../../quantity.js";
import { tableMarkup } from "../../table.js";

interface Tested {
  readonly part: BehaviourRecord;
  readonly test: DistributionRecord;
}

export function distributionPart(behaviour: readonly BehaviourRecord[]): Markup | null {
  const all = behaviour.flatMap((part) => part.distribution.map((test): Tested => ({ part, test })));
  if (all.length === 0) return null;
  const failed = all.filter(({ test }) => !test.agrees);
  const passed = all.filter(({ test }) => test.agrees);
  const lowest = Math.min(...passed.map(({ test }) => test.pValue));
  const verdict = `${countText(passed.length)} of ${countText(all.length)} Services spread flows over their endpoints as the model says`;
  return markup`<h3>Which endpoint flows go to</h3>
<p>${verdict}${passed.length === 0 ? "" : ` (least probability ${probabilityText(lowest)})`}.</p>
${failed.length === 0 ? null : testTable(failed, "Services whose flows fall otherwise")}
${passed.length === 0 ? null : markup`<details><summary>${countText(passed.length)} that agree</summary>${testTable(passed, "Services whose flows fall as modelled")}</details>`}`;
}

function testTable(tested: readonly Tested[], caption: string): Markup {
  return tableMarkup({
    caption,
    hideCaption: true,
    head: [
      "Path, family, Service",
      "Endpoints",
      markup`Flows ${badge("counted")}`,
      "Chi-square",
      markup`<span title="probability of a chi-square at least this large if the model is right">p</span>`,
      "Verdict",
    ],
    rows: tested.map(({ part, test }) => ({
      head: pathMarkup(part.path, part.kernel, `${part.family}, ${test.service}`),
      cells: [
        { content: countText(test.backends) },
        { content: countText(test.flows) },
        { content: test.chiSquare.toFixed(1) },
        { content: probabilityText(test.pValue) },
        { content: test.agrees ? "agrees" : markup`<span class="differs">differs</span>` },
      ],
    })),
  });
}

function probabilityText(p: number): string {
  return p !== 0 && p < 0.001 ? p.toExponential(1) : p.toFixed(3);
}
