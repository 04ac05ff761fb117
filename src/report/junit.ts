// A run as JUnit XML, which CI systems show as tests: a case is a test, a threshold is a test, and what could not be
// judged fails. Skipped and unsupported cases are skipped tests with their reason.
import { pairsByName } from "./grid.js";
import type { CaseRecord, RunRecord, ThresholdRecord } from "../measure/run-record.js";

/** Cases, then thresholds, then the verdict. */
export function junitXml(record: RunRecord): string {
  const tests = [...record.cases.map(caseTest), ...record.thresholds.map(thresholdTest), verdictTest(record)];
  const count = (kind: Outcome["kind"]) => tests.filter((test) => test.outcome.kind === kind).length;
  const name = escapeXml(record.scenario.name);
  const totals = `tests="${tests.length}" failures="${count("failed")}" skipped="${count("skipped")}" errors="0"`;
  const cases = tests.map((test) => testText(test, name)).join("\n");
  const suite = `<testsuite name="${name}" ${totals} timestamp="${escapeXml(record.run.startedAt)}">\n${cases}\n</testsuite>`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suite}\n</testsuites>\n`;
}

interface Outcome {
  readonly kind: "passed" | "failed" | "skipped";
  readonly message: string;
}

interface Test {
  readonly group: "case" | "threshold" | "verdict";
  readonly name: string;
  readonly outcome: Outcome;
}

function caseTest({ id, status, reason }: CaseRecord): Test {
  const message = reason ?? "no reason recorded";
  const kind = status === "ok" ? "passed" : status === "failed" ? "failed" : "skipped";
  return { group: "case", name: id, outcome: { kind, message } };
}

function thresholdTest({ metric, where, must, because, ok, got }: ThresholdRecord): Test {
  const place = pairsByName(where)
    .map(([label, value]) => ` ${label}=${value}`)
    .join("");
  const found = got === null ? "could not be evaluated" : `got ${got}`;
  const outcome: Outcome = {
    kind: ok === true ? "passed" : "failed",
    message: `must be ${must}, ${found}: ${because}`,
  };
  return { group: "threshold", name: `${metric}${place} ${must}`, outcome };
}

function verdictTest({ verdict }: RunRecord): Test {
  const kind =
    verdict.status === "fail" ? "failed" : verdict.status === "inconclusive" ? "skipped" : "passed";
  const message = `${verdict.status}: ${verdict.reasons.join("; ")}. Repeat it: ${verdict.reproduce}`;
  return { group: "verdict", name: "verdict", outcome: { kind, message } };
}

function testText({ group, name, outcome }: Test, suite: string): string {
  const open = `  <testcase classname="${suite}.${group}" name="${escapeXml(name)}"`;
  if (outcome.kind === "passed") return `${open}/>`;
  const tag = outcome.kind === "failed" ? "failure" : "skipped";
  return `${open}><${tag} message="${escapeXml(outcome.message)}"/></testcase>`;
}

/** XML 1.0 forbids most control characters even when escaped. */
function escapeXml(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, " ")
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
