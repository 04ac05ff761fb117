// Where workloads are looked up: the configurations that ship below bench/scheduler_perf, and files of others in the
// same format. A file is read once per catalogue.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { suggestion } from "../../base/document/suggestion.js";
import { PlumbError } from "../../base/errors.js";
import { packageRoot } from "../../base/source-path.js";
import { readPerformanceConfig } from "../../workload/scheduler-perf/performance-config.js";
import type { TestCase, Workload } from "../../workload/scheduler-perf/test-case.js";

const FOLDER = join(packageRoot, "bench", "scheduler_perf");
const FILE = "performance-config.yaml";

export interface WorkloadFile {
  readonly path: string;
  readonly testCases: readonly TestCase[];
}

export interface CatalogueEntry {
  readonly path: string;
  readonly testCase: TestCase;
}

export class WorkloadCatalogue {
  readonly #files = new Map<string, WorkloadFile>();

  /** @throws {PlumbError} NotFound; InvalidInput with every mistake of the file */
  file(path: string): WorkloadFile {
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    const testCases = readPerformanceConfig({ file: path, text: textOf(path), folder: dirname(path) });
    const file = { path, testCases };
    this.#files.set(path, file);
    return file;
  }

  builtIn(): readonly WorkloadFile[] {
    return builtInPaths().map((path) => this.file(path));
  }

  /**
   * @param path of the configuration; null: the first of ours that has the case
   * @throws {PlumbError} NotFound when there is no such case
   */
  find(path: string | null, name: string): CatalogueEntry {
    const files = path === null ? this.builtIn() : [this.file(path)];
    const entries = files.flatMap((file) =>
      file.testCases.map((testCase) => ({ path: file.path, testCase })),
    );
    const found = entries.find(({ testCase }) => testCase.name === name);
    if (found !== undefined) return found;
    const names = entries.map(({ testCase }) => testCase.name);
    throw new PlumbError(
      "NotFound",
      `there is no case ${JSON.stringify(name)}${suggestion(name, names) || `; there are ${names.join(", ")}`}`,
    );
  }
}

/** @throws {PlumbError} NotFound */
export function findWorkload({ workloads }: TestCase, name: string): Workload {
  const found = workloads.find((workload) => workload.name === name);
  if (found !== undefined) return found;
  const names = workloads.map((workload) => workload.name);
  throw new PlumbError(
    "NotFound",
    `the case has no workload ${JSON.stringify(name)}${suggestion(name, names) || `; it has ${names.join(", ")}`}`,
  );
}

/** The values that a workload gives parameters; what is no scalar is left out. */
export function paramsOf({ params }: Workload): Record<string, number | string | boolean> {
  const values = [...params].flatMap(([key, { node }]) =>
    node.kind === "scalar" && node.value !== null ? [[key, node.value] as const] : [],
  );
  return Object.fromEntries(values);
}

function builtInPaths(): readonly string[] {
  const folders = readdirSync(FOLDER, { recursive: true, encoding: "utf8" });
  return folders
    .filter((name) => name.endsWith(FILE))
    .map((name) => resolve(FOLDER, name))
    .sort();
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new PlumbError("NotFound", `Cannot read '${path}': ${(error as Error).message}`);
  }
}
