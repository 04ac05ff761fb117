// Packets that kernel and model treat differently: each with what was expected, what was seen, the walk that led to the
// expectation, and the commands that show it again.
import type { BehaviourRecord, MismatchRecord } from "../../../measure/kernel-record.js";
import { pathText } from "../../kernel-paths.js";
import { type Markup, markup } from "../../markup.js";

const IN_SIGHT = 5;

export function mismatchPart(behaviour: readonly BehaviourRecord[]): Markup | null {
  const all = behaviour.flatMap((part) => part.mismatches.map((mismatch) => ({ part, mismatch })));
  if (all.length === 0) return null;
  const items = all.map(({ part, mismatch }, index) => mismatchMarkup(part, mismatch, index));
  const rest = items.slice(IN_SIGHT);
  const more = markup`<details><summary>${rest.length} more</summary>${rest}</details>`;
  return markup`<h3>Where the kernel differs</h3>
${items.slice(0, IN_SIGHT)}${rest.length === 0 ? null : more}`;
}

function mismatchMarkup(
  { path, kernel, family }: BehaviourRecord,
  { kind, packet, expected, observed, walk, repeat }: MismatchRecord,
  index: number,
): Markup {
  const id = `kernel-mismatch-${index + 1}`;
  const commands =
    repeat.length === 0
      ? null
      : markup`<p class="table-head">See it again <button type="button" class="js-only" data-copy="${id}-repeat">Copy</button></p>
<pre id="${id}-repeat" tabindex="0">${repeat.join("\n")}</pre>`;
  return markup`<details class="workload" id="${id}"><summary><strong>${pathText(path, kernel)}, ${family}, ${kind}</strong>: <code>${packet}</code></summary>
<dl class="pairs"><dt>Model</dt><dd>${expected}</dd><dt>Kernel</dt><dd class="differs">${observed}</dd></dl>
<p class="table-head">The model's walk</p><pre tabindex="0">${walk.join("\n")}</pre>
${commands}</details>\n`;
}
