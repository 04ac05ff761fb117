// The matrix of a scenario: axes checked against parameters, multiplied out, exclusions taken away.
import { LIMITS } from "../base/limits.js";
import { MODES } from "../netfilter/rule-model.js";
import type { Problem, SourceNode } from "../base/document/source-tree.js";
import type { Matrix, Parameter } from "./scenario-schema.js";
import type { Labels, LabelValue } from "./scenario-types.js";
import { suggestion } from "../base/document/suggestion.js";

/** Says what is wrong with a value of a parameter, or null. */
export function parameterFault({ type, min, max }: Parameter, value: LabelValue): string | null {
  if (type === "text" || type === "path")
    return typeof value === "string" ? null : `expected text, got ${value}`;
  if (typeof value !== "number" || !Number.isFinite(value))
    return `expected a number, got ${JSON.stringify(value)}`;
  if (type === "int" && !Number.isInteger(value)) return `expected a whole number, got ${value}`;
  if (min !== null && value < min) return `${value} is below min ${min}`;
  return max !== null && value > max ? `${value} is above max ${max}` : null;
}

/**
 * Report axes that name nothing, values that do not fit, and exclusions that exclude nothing.
 * @returns the matrix without the values that do not fit, so that nothing is said about them twice
 */
export function checkMatrix(
  { axes, exclude }: Matrix,
  params: Readonly<Record<string, Parameter>>,
  placed: { readonly node: SourceNode; readonly problems: Problem[] },
): Matrix {
  const { node, problems } = placed;
  const complain = (path: readonly (string | number)[], message: string) =>
    problems.push({
      at: placeOf(node, path),
      path: ["spec.matrix", ...path].join(".").replace(/\.(\d+)/g, "[$1]"),
      message,
    });
  const fitting: Record<string, readonly LabelValue[]> = {};
  if (axes["mode"] === undefined)
    complain(["axes"], `the axis "mode" is missing; its values are among ${MODES.join(", ")}`);
  for (const [axis, values] of Object.entries(axes)) {
    const known = ["mode", ...Object.keys(params)];
    if (!known.includes(axis)) {
      complain(
        ["axes", axis],
        `no parameter has this name${suggestion(axis, known) || `; known: ${known.join(", ")}`}`,
      );
      continue;
    }
    fitting[axis] = values.filter((value, index) => {
      const fault =
        values.indexOf(value) < index ? `${value} is there twice` : valueFault(value, params[axis]);
      if (fault !== null) complain(["axes", axis, index], fault);
      return fault === null;
    });
  }
  exclude.forEach((rule, index) => {
    for (const [axis, wanted] of Object.entries(rule)) {
      const values = axes[axis];
      if (values === undefined) complain(["exclude", index, axis], `there is no such axis`);
      else if (!asList(wanted).some((value) => values.includes(value))) {
        complain(["exclude", index, axis], `the axis has no value ${asList(wanted).join(" or ")}`);
      }
    }
  });
  return { axes: fitting, exclude };
}

function valueFault(value: LabelValue, parameter: Parameter | undefined): string | null {
  if (parameter !== undefined) return parameterFault(parameter, value);
  if (MODES.some((mode) => mode === value)) return null;
  return `unknown mode ${JSON.stringify(value)}${suggestion(String(value), MODES) || `; expected ${MODES.join(", ")}`}`;
}

/** Every combination not excluded, labels in axis order, the last axis varying fastest. */
export function expandMatrix({ axes, exclude }: Matrix): Labels[] {
  let combinations: Labels[] = [{}];
  for (const [axis, values] of Object.entries(axes)) {
    combinations = combinations.flatMap((labels) => values.map((value) => ({ ...labels, [axis]: value })));
    if (combinations.length > 100 * LIMITS.CASES_MAX) break;
  }
  return combinations.filter((labels) => !exclude.some((rule) => isExcluded(labels, rule)));
}

function isExcluded(labels: Labels, rule: Matrix["exclude"][number]): boolean {
  return Object.entries(rule).every(([axis, wanted]) => asList(wanted).includes(labels[axis] as LabelValue));
}

function asList(wanted: LabelValue | readonly LabelValue[]): readonly LabelValue[] {
  return typeof wanted === "object" ? wanted : [wanted];
}

/** Where a key or list entry below `node` stands; the nearest node above it when it is not there. */
export function placeOf(node: SourceNode, path: readonly (string | number)[]): SourceNode["at"] {
  const [step, ...rest] = path;
  if (step === undefined) return node.at;
  const child =
    node.kind === "map"
      ? node.entries.get(String(step))?.node
      : node.kind === "list"
        ? node.items[Number(step)]
        : undefined;
  return child === undefined ? node.at : placeOf(child, rest);
}
