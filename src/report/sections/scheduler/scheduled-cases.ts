// Cases that schedule Pods, as the parts of the scheduler's section want them: with the record of one sample.
import type { CaseRecord } from "../../../measure/run-record.js";
import type { SchedulingRecord } from "../../../measure/scheduling-record.js";
import { joinMarkup, type Markup, markup } from "../../markup.js";
import { countText } from "../../quantity.js";
import type { ReportView } from "../../report-view.js";
import { type SchedulingRow, schedulingRows } from "../../scheduling-rows.js";

export interface ScheduledCase {
  readonly one: CaseRecord;
  readonly row: SchedulingRow;
  readonly record: SchedulingRecord;
  /** "SchedulingBasic/scale, 5,000 nodes, config=mine" */
  readonly name: string;
  /** For ids of what is drawn of it: "case-workload-…". */
  readonly anchor: string;
}

/** Those of which a sample was finished, in the order of the record. */
export function scheduledCases({ record, anchors }: ReportView): readonly ScheduledCase[] {
  return schedulingRows(record.cases).flatMap((row): readonly ScheduledCase[] => {
    const { one } = row;
    if (one.status !== "ok" || !one.scheduling) return [];
    return [{ one, row, record: one.scheduling, name: caseName(row), anchor: anchors.get(one) ?? "case" }];
  });
}

function caseName({ workload, nodes, variant }: SchedulingRow): string {
  return [workload, sizeText(nodes), variant].filter(Boolean).join(", ");
}

/** The workload, which may be broken between its words, and in small print what else tells the case from others. */
export function caseHead({ workload, nodes, variant }: SchedulingRow): Markup {
  const rest = [sizeText(nodes), variant].filter(Boolean).join(", ");
  return markup`${joinMarkup(workload.split(WORD_ENDS), "<wbr>")} <span class="place">${rest}</span>`;
}

function sizeText(nodes: number | null): string {
  return nodes === null ? "" : `${countText(nodes)} ${nodes === 1 ? "node" : "nodes"}`;
}

const WORD_ENDS = /(?<=[/_])|(?<=[a-z])(?=[A-Z])/;

/** "SchedulingBasic" of "SchedulingBasic/5000Nodes": the test case, whatever its size. */
export function testCaseOf({ workload }: { readonly workload: string }): string {
  return workload.split("/", 1)[0] ?? workload;
}
