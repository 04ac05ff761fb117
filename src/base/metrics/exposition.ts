// Metrics as Prometheus' text format 0.0.4, byte for byte as Go's client library writes it: families by name, series by
// label values, labels by name with "le" last, numbers as Go's shortest %g.
// Source: prometheus/common expfmt/text_create.go; prometheus.io/docs/instrumenting/exposition_formats.
import type { HistogramSeries, MetricFamily } from "./metric-family.js";

type Labels = Readonly<Record<string, string>>;

export function exposition(families: readonly MetricFamily[]): string {
  return [...families]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(familyLines)
    .map((line) => `${line}\n`)
    .join("");
}

function familyLines(family: MetricFamily): string[] {
  const { name, help, type } = family;
  const lines =
    family.type === "histogram"
      ? sorted(family.series).flatMap((series) => histogramLines(name, series))
      : sorted(family.series).map(({ labels, value }) => `${name}${labelText(labels)} ${goFloat(value)}`);
  return [`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${type}`, ...lines];
}

function histogramLines(name: string, series: HistogramSeries): string[] {
  const { labels, upperBounds, cumulativeCounts, count, sum } = series;
  const bucketLine = (bound: number, cumulative: number) =>
    `${name}_bucket${labelText(labels, goFloat(bound))} ${goFloat(cumulative)}`;
  return [
    ...upperBounds.map((bound, bucket) => bucketLine(bound, cumulativeCounts[bucket]!)),
    bucketLine(Number.POSITIVE_INFINITY, count),
    `${name}_sum${labelText(labels)} ${goFloat(sum)}`,
    `${name}_count${labelText(labels)} ${goFloat(count)}`,
  ];
}

function sorted<Series extends { readonly labels: Labels }>(series: readonly Series[]): Series[] {
  return [...series].sort((a, b) => compareLabels(byName(a.labels), byName(b.labels)));
}

type LabelPairs = readonly (readonly [name: string, value: string])[];

/** Both have the same names. */
function compareLabels(a: LabelPairs, b: LabelPairs): number {
  const index = a.findIndex(([, value], at) => value !== b[at]![1]);
  if (index < 0) return 0;
  return a[index]![1] < b[index]![1] ? -1 : 1;
}

function byName(labels: Labels): LabelPairs {
  return Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
}

function labelText(labels: Labels, bound: string | null = null): string {
  const pairs = byName(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  if (bound !== null) pairs.push(`le="${bound}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function escapeLabel(value: string): string {
  return escapeHelp(value).replaceAll('"', '\\"');
}

/** As Go's strconv.FormatFloat(value, 'g', -1, 64): an exponent below -4 and from 6 on, of two digits at least. */
function goFloat(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-4 && size < 1e6)) return String(value);
  return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
}
