// Numbers on the page and the badge that says where they came from. No number of a metric is printed without one:
// beside it, or in the head of its column.
import { METRICS, type MetricName, PROVENANCES, type Provenance } from "../measure/metrics.js";
import type { MetricRecord } from "../measure/run-record.js";
import { type Markup, markup, trustedMarkup } from "./markup.js";
import { type Digits, intervalText, quantity, supportedDigits } from "./quantity.js";
import type { Unit } from "../measure/metrics.js";

export function badge(provenance: Provenance): Markup {
  return markup`<span class="badge badge-${provenance}" title="${provenance}: ${PROVENANCES[provenance]}">${provenance}</span>`;
}

/**
 * The same page part with its badges of one provenance as links. What is looked for is this file's own markup, which
 * no text of a record can contain: it would be escaped.
 */
export function badgesLinked(body: Markup, provenance: Provenance, href: string): Markup {
  const link = markup`<a class="badge badge-${provenance}" href="${href}" title="${provenance}: ${PROVENANCES[provenance]}; checked against a kernel on this page">${provenance}</a>`;
  return trustedMarkup(body.text.replaceAll(badge(provenance).text, () => link.text));
}

/** Head of a column of one metric: title, badge, what it means on hover. */
export function metricHead(name: MetricName): Markup {
  const row = METRICS[name];
  return markup`<span class="metric-title" title="${row.meaning}">${row.title}</span> ${badge(row.provenance)}`;
}

/** A number with unit, marked with its provenance and its exact value. */
export function numberMarkup(value: number, unit: Unit, digits: Digits, provenance: Provenance): Markup {
  const printed = quantity(value, unit, digits);
  const suffix = printed.unit === "" ? "" : markup` <span class="unit">${unitSign(printed.unit)}</span>`;
  return markup`<data class="value" data-provenance="${provenance}" value="${value}">${printed.number}${suffix}</data>`;
}

/** The metric's value, a star when it is the best, and its interval below when it has one. */
export function metricMarkup(metric: MetricRecord, { best = false } = {}): Markup {
  const value = numberMarkup(metric.summary.median, metric.unit, supportedDigits(metric), metric.provenance);
  const interval = intervalText(metric);
  const star = best ? BEST_MARK : null;
  if (interval === null) return markup`${value}${star}`;
  const hint = `95% interval of the median of ${metric.summary.n} processes`;
  return markup`${value}${star} <span class="interval" title="${hint}">${prettyUnits(interval)}</span>`;
}

/** A sign beside the value; read out as a word. */
const BEST_MARK = markup`<span class="best-mark" title="best of its column, or not distinguishable from it"><span aria-hidden="true">★</span><span class="visually-hidden"> best</span></span>`;

/** Units kept on the line of their number, microseconds with their sign; plain-text outputs keep "us" and breaks. */
export function prettyUnits(text: string): string {
  return text.replace(
    /(\d) (us|ns|ms|s)\b/g,
    (_, digit: string, unit: string) => `${digit}\u00a0${unitSign(unit)}`,
  );
}

function unitSign(unit: string): string {
  return unit === "us" ? "µs" : unit;
}
