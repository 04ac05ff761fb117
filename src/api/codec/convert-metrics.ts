// Metrics of autoscalers: flat in autoscaling/v1 (where they travel in annotations), nested in v2.
// Source: kubernetes pkg/apis/autoscaling/v1/conversion.go.

type Json = Readonly<Record<string, unknown>>;

/** [field of v1, path in v2, what v1 writes when v2 says nothing]. */
type Row = readonly [v1: string, v2: string, whenAbsent?: string];

const NAME: Row = ["metricName", "metric.name"];
const SELECTOR: Row = ["selector", "metric.selector"];

const SPECS: Readonly<Record<string, readonly Row[]>> = {
  object: [
    ["target", "describedObject"],
    NAME,
    ["targetValue", "target.value", "0"],
    SELECTOR,
    ["averageValue", "target.averageValue"],
  ],
  pods: [NAME, ["targetAverageValue", "target.averageValue", "0"], SELECTOR],
  resource: [
    ["name", "name"],
    ["targetAverageUtilization", "target.averageUtilization"],
    ["targetAverageValue", "target.averageValue"],
  ],
  containerResource: [
    ["name", "name"],
    ["targetAverageUtilization", "target.averageUtilization"],
    ["targetAverageValue", "target.averageValue"],
    ["container", "container"],
  ],
  external: [
    NAME,
    ["metricSelector", "metric.selector"],
    ["targetValue", "target.value"],
    ["targetAverageValue", "target.averageValue"],
  ],
};

const STATUSES: Readonly<Record<string, readonly Row[]>> = {
  object: [
    ["target", "describedObject"],
    NAME,
    ["currentValue", "current.value", "0"],
    SELECTOR,
    ["averageValue", "current.averageValue"],
  ],
  pods: [NAME, ["currentAverageValue", "current.averageValue", "0"], SELECTOR],
  resource: [
    ["name", "name"],
    ["currentAverageUtilization", "current.averageUtilization"],
    ["currentAverageValue", "current.averageValue", "0"],
  ],
  containerResource: [
    ["name", "name"],
    ["currentAverageUtilization", "current.averageUtilization"],
    ["currentAverageValue", "current.averageValue", "0"],
    ["container", "container"],
  ],
  external: [
    NAME,
    ["metricSelector", "metric.selector"],
    ["currentValue", "current.value", "0"],
    ["currentAverageValue", "current.averageValue"],
  ],
};

/** A metric of v2's spec as v1 writes it into its annotation. */
export function metricToV1(metric: Json): Json {
  return convertSources(metric, SPECS, flatten);
}

/** A metric of v1's annotation as v2's spec has it. */
export function metricToV2(metric: Json): Json {
  return convertSources(metric, SPECS, (source, rows, name) => {
    const nested = nest(source, rows);
    return { ...nested, target: targetOf(name, nested["target"] as Json | undefined) };
  });
}

export function metricStatusToV1(metric: Json): Json {
  return convertSources(metric, STATUSES, flatten);
}

export function metricStatusToV2(metric: Json): Json {
  return convertSources(metric, STATUSES, nest);
}

type ConvertSource = (source: Json, rows: readonly Row[], name: string) => Json;

function convertSources(metric: Json, table: typeof SPECS, convert: ConvertSource): Json {
  const entries = Object.entries(metric).map(([name, value]) => {
    const rows = Object.hasOwn(table, name) ? table[name] : undefined;
    return [name, rows === undefined || !isRecord(value) ? value : convert(value, rows, name)] as const;
  });
  return Object.fromEntries(entries);
}

function flatten(source: Json, rows: readonly Row[]): Json {
  const flat: Record<string, unknown> = {};
  for (const [v1, v2, whenAbsent] of rows) {
    const value = valueAt(source, v2) ?? whenAbsent;
    if (value !== undefined) flat[v1] = value;
  }
  return flat;
}

function nest(source: Json, rows: readonly Row[]): Json {
  const nested: Record<string, unknown> = {};
  for (const [v1, v2] of rows) {
    const value = source[v1];
    if (value === undefined || value === null) continue;
    const [first = "", second] = v2.split(".");
    nested[first] =
      second === undefined ? value : { ...(nested[first] as Json | undefined), [second]: value };
  }
  return nested;
}

function valueAt(source: Json, path: string): unknown {
  const [first = "", second] = path.split(".");
  const value = source[first];
  return second === undefined ? value : isRecord(value) ? value[second] : undefined;
}

/** v1 does not say which kind of target it is: it follows from which values are there. */
function targetOf(source: string, target: Json = {}): Json {
  const { value, averageValue, averageUtilization } = target;
  if (source === "resource" || source === "containerResource")
    return { type: averageUtilization === undefined ? "AverageValue" : "Utilization", ...target };
  if (source === "external") return { type: value === undefined ? "AverageValue" : "Value", ...target };
  if (averageValue === undefined) return { type: "Value", ...target };
  // v1 cannot leave the value out and writes 0 instead.
  const { value: zero, ...rest } = target;
  return { type: "AverageValue", ...(zero === "0" ? rest : target) };
}

function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
