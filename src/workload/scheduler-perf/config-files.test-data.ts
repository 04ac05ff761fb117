// Configurations on disk: finds them, and makes every object that a workload's operations ask for.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { KubeObject } from "../../api/types.js";
import { GeneratedNames, makeObject, type Making } from "./made-objects.js";
import { makeNamespaces, makeNodes } from "./make-nodes.js";
import { podMaker } from "./make-pods.js";
import { TemplateStore } from "./object-template.js";
import type { Op } from "./ops.js";
import { readPerformanceConfig } from "./performance-config.js";
import type { TestCase } from "./test-case.js";

/** Paths of every performance-config.yaml below `folder`. */
export function configsBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith("performance-config.yaml"))
    .map((name) => join(folder, name))
    .sort();
}

export function readConfigFile(file: string): readonly TestCase[] {
  return readPerformanceConfig({ file, text: readFileSync(file, "utf8"), folder: dirname(file) });
}

export function newMaking(): Making {
  return { templates: new TemplateStore((path) => readFileSync(path, "utf8")), names: new GeneratedNames() };
}

/** What an operation makes or writes, the first `most` of each kind. */
export function objectsOf(op: Op, opIndex: number, making: Making, most: number): readonly KubeObject[] {
  const indices = (count: number) => Array.from({ length: Math.min(count, most) }, (_, index) => index);
  switch (op.opcode) {
    case "createNodes": {
      const { nodes, csiNodes } = makeNodes({ ...op, count: Math.min(op.count, most) }, opIndex, making);
      return [...nodes, ...csiNodes];
    }
    case "createNamespaces":
      return makeNamespaces({ ...op, count: Math.min(op.count, most) }, making);
    case "createPods": {
      const make = podMaker(op, making);
      return indices(op.count).flatMap((index) =>
        Object.values(make(index)).filter((object): object is KubeObject => object !== null),
      );
    }
    case "createAny":
    case "updateAny":
      return indices(op.count).map((index) => makeObject({ templateParams: {}, ...op, index }, making));
    case "churn":
      return op.templatePaths.map((templatePath) =>
        makeObject({ templatePath, namespace: op.namespace, index: 0, count: 1, templateParams: {} }, making),
      );
    default:
      return [];
  }
}
