// Cells of a trace as values: what each may say, and what is reported when it says something else.
import { parseQuantity } from "../../base/document/quantities.js";
import { nearestWord } from "../../base/nearest-word.js";
import { quantityMilliValue, quantityValue } from "../../api/quantity.js";
import { checkValue, SUBDOMAIN_NAME } from "../field-rules.js";
import type { Problems } from "../problems.js";
import { type CsvTable, HEADER } from "./csv.js";

/** What a cell may say. */
export interface CellKind<T> {
  readonly expected: string;
  /** Undefined when `text` is not of this kind. */
  readonly parse: (text: string) => T | undefined;
  /** Stands in for a value that was reported; nobody sees it. */
  readonly standIn: T;
}

const DECIMAL = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;

export const TEXT: CellKind<string> = { expected: "text", parse: (text) => text, standIn: "" };

export const NAME: CellKind<string> = {
  expected: SUBDOMAIN_NAME.kind === "value" ? SUBDOMAIN_NAME.expected : "a name",
  parse: (text) => {
    let isName = true;
    checkValue(text, SUBDOMAIN_NAME, [], () => {
      isName = false;
    });
    return isName ? text : undefined;
  },
  standIn: "",
};

/** A whole number; "4.0" is one too, as tables with gaps are often exported. */
export function whole(least: number, most: number): CellKind<number> {
  return {
    expected: `a whole number, ${least}..${most}`,
    parse: (text) => {
      const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
      return Number.isInteger(value) && value >= least && value <= most ? value : undefined;
    },
    standIn: least,
  };
}

/** A time in ms, written in seconds or with a unit. */
export const TIME_MS: CellKind<number> = {
  expected: 'seconds, or a number with a unit (ms, s, m, h, d) such as "1.5h"',
  parse: (text) => {
    if (DECIMAL.test(text)) return Number(text) * 1000;
    const isNegative = text.startsWith("-");
    const ns = parseQuantity("duration", isNegative ? text.slice(1) : text);
    return ns === null ? undefined : (isNegative ? -ns : ns) / 1e6;
  },
  standIn: 0,
};

/** Length of a time in ms: as TIME_MS, and not below 0. */
export const DURATION_MS: CellKind<number> = {
  expected: `${TIME_MS.expected}, not below 0`,
  parse: (text) => {
    const ms = TIME_MS.parse(text);
    return ms !== undefined && ms >= 0 ? ms : undefined;
  },
  standIn: 0,
};

/** A quantity as Kubernetes writes it, kept as written. */
export const QUANTITY: CellKind<string> = {
  expected: 'a quantity such as "500m", "1.5" or "4Gi", not below 0',
  parse: (text) => ((quantityValue(text) ?? -1) >= 0 && !text.startsWith("-") ? text : undefined),
  standIn: "0",
};

/** A quantity without a fraction: extended resources are counted. */
export const COUNT_QUANTITY: CellKind<string> = {
  expected: 'a whole quantity such as "4" or "2k", not below 0',
  parse: (text) =>
    QUANTITY.parse(text) !== undefined && (quantityMilliValue(text) ?? 1) % 1000 === 0 ? text : undefined,
  standIn: "0",
};

/** A cell that may be empty, which is null. */
export function optional<T>(kind: CellKind<T>): CellKind<T | null> {
  return {
    expected: `${kind.expected}, or nothing`,
    parse: (text) => (text === "" ? null : kind.parse(text)),
    standIn: null,
  };
}

/** A column whose name is a prefix and a key: "label:tier". */
export interface KeyedColumn {
  readonly column: string;
  readonly key: string;
}

/** Reads cells by column name. A column that is not there reads as empty. */
export class CellReader {
  readonly table: CsvTable;
  readonly #problems: Problems;
  readonly #columns: ReadonlyMap<string, number>;

  /** Columns of `required` that are missing are added to `problems`. */
  constructor(table: CsvTable, required: readonly string[], problems: Problems) {
    this.table = table;
    this.#problems = problems;
    this.#columns = new Map(table.columns.map((name, index) => [name, index]));
    for (const name of required) {
      if (this.#columns.has(name)) continue;
      const near = nearestWord(name, table.columns);
      const hint = near === null ? "" : ` (is it the column called "${near}"?)`;
      problems.add(`column "${name}" is missing, expected ${required.join(", ")}${hint}`, () =>
        table.positionOf(HEADER, 0),
      );
    }
  }

  /** The value of a cell, or a stand-in when it is none of this kind, which is reported. */
  read<T>(row: number, column: string, kind: CellKind<T>): T {
    const index = this.#columns.get(column);
    const text = index === undefined ? "" : this.table.cell(row, index);
    const value = kind.parse(text);
    if (value !== undefined) return value;
    // A missing column was reported once, and not again for every row.
    if (index !== undefined) {
      this.report(
        row,
        column,
        `is ${text === "" ? "empty" : JSON.stringify(text)}, expected ${kind.expected}`,
      );
    }
    return kind.standIn;
  }

  /** Add a problem of a cell. `problem` reads on behind the column's name. */
  report(row: number, column: string, problem: string): void {
    this.#problems.add(`${column} ${problem}`, () =>
      this.table.positionOf(row, this.#columns.get(column) ?? 0),
    );
  }

  lineOf(row: number): number {
    return this.table.positionOf(row, 0).line;
  }

  /** The columns whose names begin with `prefix`, each with the rest of its name. */
  keyedColumns(prefix: string): readonly KeyedColumn[] {
    return this.table.columns
      .filter((column) => column.startsWith(prefix))
      .map((column) => ({ column, key: column.slice(prefix.length) }));
  }

  /** Report the columns that are neither of `names` nor a key behind one of `prefixes`. */
  checkKnown(names: readonly string[], prefixes: readonly string[]): void {
    for (const [index, column] of this.table.columns.entries()) {
      const isKeyed = prefixes.some((prefix) => column.startsWith(prefix) && column.length > prefix.length);
      if (isKeyed || names.includes(column)) continue;
      const near = nearestWord(column, names);
      const expected = [...names, ...prefixes.map((prefix) => `${prefix}KEY`)].join(", ");
      const hint = near === null ? "" : ` (did you mean "${near}"?)`;
      this.#problems.add(`column "${column}" is unknown, expected one of ${expected}${hint}`, () =>
        this.table.positionOf(HEADER, index),
      );
    }
  }
}
