// plumb compare: runs against one another, or the cases of one run by a label.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { PlumbError } from "../../base/errors.js";
import { compareCases, compareRuns } from "../../measure/compare.js";
import { type Comparison, type GatePolicy, regressionsOf } from "../../measure/comparison.js";
import { formatComparison } from "../../measure/comparison-text.js";
import type { RunRecord } from "../../measure/run-record.js";
import { compareHtml } from "../../report/compare-html.js";
import { compareMarkdown } from "../../report/compare-markdown.js";
import type { CommandContext } from "../context.js";
import { attempt, makeOutputFolder } from "../output-folder.js";
import { readRun } from "../run-folder.js";

interface CompareOptions {
  readonly by?: string;
  readonly baseline?: string;
  readonly margin?: number;
  readonly metric?: readonly string[];
  readonly policy: GatePolicy;
  readonly failOn: readonly FailOn[];
  readonly output?: string;
  readonly json?: boolean;
}

const FAIL_ON = ["regression", "inconclusive"] as const;
type FailOn = (typeof FAIL_ON)[number];

const EXIT_REGRESSION = 11;
const EXIT_INCONCLUSIVE = 13;

const EXAMPLES = `
Examples:
  plumb compare reports/before reports/after                  exit 11 when something regressed
  plumb compare before/result.json after/result.json --margin 10% --metric 'first.*'
  plumb compare reports/quick --by mode --baseline iptables   modes of one run against each other
  plumb compare old new --fail-on regression,inconclusive --json

Verdicts: identical, improved or regressed (likely, confirmed), no meaningful change, inconclusive.
Counted values are compared exactly; timings by one value per process, never below the machine's noise floor.`;

export function registerCompare(program: Command, context: CommandContext): void {
  program
    .command("compare <runs...>")
    .description("compare runs (the first is the baseline), or with --by the cases of one run")
    .option("--by <label>", "compare the cases of one run that differ in this label only, such as mode")
    .option("--baseline <value>", "with --by: the label's value to compare with (default: the first)")
    .option("--margin <percent>", "relative change that does not matter, for timings", percent)
    .option(
      "--metric <patterns>",
      "metrics that take part in the verdict: names or prefix.*, comma separated",
      list,
    )
    .addOption(
      new Option("--policy <policy>", "what counts as a regression")
        .choices(["likely", "confirmed", "any"])
        .default("likely"),
    )
    .option("--fail-on <list>", `what to exit non-zero for: ${FAIL_ON.join(", ")}`, failOnList, [
      "regression",
    ])
    .option("-o, --output <dir>", "write compare.html and compare.md into this folder")
    .option("--json", "print the comparison as JSON")
    .addHelpText("after", EXAMPLES)
    .action((runs: string[], options: CompareOptions) => compareCommand(runs, options, context));
}

function compareCommand(runs: readonly string[], options: CompareOptions, context: CommandContext): void {
  const { terminal } = context;
  const records = runs.map((path) => readRun(path).record);
  const comparison = comparisonOf(records, options);
  assertGated(comparison, options);
  if (options.output !== undefined) writePages(options.output, comparison, records);
  terminal.print(options.json ? JSON.stringify(comparison) : formatComparison(comparison));
  const failed = (what: FailOn) => options.failOn.includes(what);
  // Modes differ by nature: telling them apart is the purpose of --by, not a failure.
  if (options.by !== undefined) return;
  if (failed("regression") && regressionsOf(comparison, options.policy).length > 0)
    context.exitCode = EXIT_REGRESSION;
  else if (
    failed("inconclusive") &&
    comparison.rows.some(({ verdict, gated }) => gated && verdict === "inconclusive")
  ) {
    context.exitCode = EXIT_INCONCLUSIVE;
  }
}

/** A gate that holds nothing is not passed: the runs share no case, or no metric is called so. */
function assertGated({ rows }: Comparison, { metric: patterns }: CompareOptions): void {
  if (rows.some(({ gated }) => gated)) return;
  const metrics = [...new Set(rows.map(({ metric }) => metric))];
  if (patterns === undefined || metrics.length === 0) {
    const why = metrics.length === 0 ? "the runs have no case in common" : "no metric can be compared";
    throw new PlumbError("NotComparable", `Cannot compare: ${why}`, {
      hint: "plumb report shows a run's cases and metrics",
    });
  }
  throw new PlumbError("Usage", `Cannot compare by metric '${patterns.join(",")}': no metric is called so`, {
    hint: `metrics: ${metrics.join(", ")}`,
  });
}

function writePages(folder: string, comparison: Comparison, records: readonly RunRecord[]): void {
  makeOutputFolder(folder);
  attempt(folder, () => {
    writeFileSync(join(folder, "compare.html"), compareHtml(comparison, records));
    writeFileSync(join(folder, "compare.md"), compareMarkdown(comparison));
  });
}

function comparisonOf(records: readonly RunRecord[], options: CompareOptions): Comparison {
  const compare = {
    ...(options.margin === undefined ? {} : { margins: { default: options.margin } }),
    ...(options.metric === undefined ? {} : { gate: options.metric }),
  };
  if (options.by === undefined) return compareRuns(records, compare);
  const [record, ...others] = records;
  if (record === undefined || others.length > 0) {
    throw new PlumbError(
      "Usage",
      `Cannot compare by '${options.by}' in ${records.length} runs: give exactly one`,
    );
  }
  return compareCases(
    record,
    { label: options.by, ...(options.baseline === undefined ? {} : { baseline: options.baseline }) },
    compare,
  );
}

function percent(text: string): number {
  const match = /^(\d{1,3}(?:\.\d+)?)%$/.exec(text);
  if (match === null) throw new InvalidArgumentError("expected a percentage, for example 5%");
  return Number(match[1]) / 100;
}

function list(text: string): readonly string[] {
  return text.split(",").map((part) => part.trim());
}

function failOnList(text: string): readonly FailOn[] {
  return list(text).map((part) => {
    const known = FAIL_ON.find((name) => name === part);
    if (known === undefined) throw new InvalidArgumentError(`'${part}' is none of ${FAIL_ON.join(", ")}`);
    return known;
  });
}
