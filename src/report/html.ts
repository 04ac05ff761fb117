// A run as one offline HTML page, made from its record alone.
import type { RunRecord } from "../measure/run-record.js";
import { pageHtml } from "./page.js";
import { type ReportView, reportView, type Section } from "./report-view.js";
import { answerSection } from "./sections/answer.js";
import { badgesLinked } from "./badge.js";
import { controlPlaneSection } from "./sections/controlplane.js";
import { KERNEL_SECTION_ID, kernelSection } from "./sections/kernel.js";
import { latencySection } from "./sections/latency.js";
import { methodSection } from "./sections/method.js";
import { scaleSection } from "./sections/scale.js";
import { schedulerSection, schedulingSection } from "./sections/scheduler.js";
import { scoreboardSection } from "./sections/scoreboard.js";
import { stateSection } from "./sections/state.js";
import { syncSection } from "./sections/sync.js";
import { trustSection } from "./sections/trust.js";
import { verdictSection } from "./sections/verdict.js";
import { whySection } from "./sections/why.js";
import { workersSection } from "./sections/workers.js";

/** In reading order; a section that the record holds nothing for is left out. */
const SECTIONS: readonly ((view: ReportView) => Section | null)[] = [
  answerSection,
  schedulingSection,
  controlPlaneSection,
  trustSection,
  scaleSection,
  whySection,
  syncSection,
  latencySection,
  workersSection,
  stateSection,
  kernelSection,
  schedulerSection,
  scoreboardSection,
  methodSection,
];

/**
 * The whole page as text: no network, no file beside it but the linked result.json. Same record, same bytes.
 * Cost: about a second, most of it drawing charts; usually below 1 MB.
 */
export function reportHtml(record: RunRecord): string {
  const view = reportView(record);
  const { run, scenario, tool } = record;
  return pageHtml({
    title: `${scenario.name} · ${record.verdict.status} · Plumbline`,
    subtitle: `${scenario.name} · ${run.startedAt.slice(0, 10)} · seed ${run.seed}`,
    top: verdictSection(view),
    sections: linked(sectionsOf(view)),
    footer: `Made by ${tool.name} ${tool.version} from run ${run.id}.`,
  });
}

/** A record of nothing but a verification begins with it. */
function sectionsOf(view: ReportView): readonly Section[] {
  const rest = SECTIONS.filter((section) => section !== kernelSection);
  const order = view.record.cases.length === 0 ? [kernelSection, ...rest] : SECTIONS;
  return order.flatMap((section) => section(view) ?? []);
}

/** Where modelled times were held against a kernel, every badge that says "modelled" leads there. */
function linked(sections: readonly Section[]): readonly Section[] {
  if (!sections.some(({ id }) => id === KERNEL_SECTION_ID)) return sections;
  return sections.map((section) =>
    section.id === KERNEL_SECTION_ID
      ? section
      : { ...section, body: badgesLinked(section.body, "modelled", `#${KERNEL_SECTION_ID}`) },
  );
}
