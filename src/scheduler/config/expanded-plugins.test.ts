// Plugin sets written at random, held to what kube-scheduler v1.36.3 itself made of them (Framework.ListPlugins, without
// the plugins that are not supported here).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { sourcePath } from "../../base/source-path.js";
import { parseSchedulerConfiguration } from "./parse-configuration.js";
import { EXTENSION_POINTS, type ExtensionPoint } from "./plugin-table.js";

interface Expansion {
  readonly written: unknown;
  /** Names in order, with weights at score: "TaintToleration=3 NodeAffinity=2". */
  readonly expanded: Readonly<Record<ExtensionPoint, string>>;
}

const file = sourcePath(import.meta.url, "./testdata/expanded-plugins.json");
const expansions = JSON.parse(readFileSync(file, "utf8")) as readonly Expansion[];

test("parseSchedulerConfiguration expands plugin sets as kube-scheduler does", () => {
  assert.equal(expansions.length, 20);
  for (const { written, expanded } of expansions) {
    const text = JSON.stringify({
      apiVersion: "kubescheduler.config.k8s.io/v1",
      kind: "KubeSchedulerConfiguration",
      profiles: [{ plugins: written }],
    });
    const sets = parseSchedulerConfiguration({ file: "s.json", text }).profiles[0]?.plugins;
    assert.ok(sets !== undefined);
    for (const point of EXTENSION_POINTS) {
      const names: readonly string[] = sets[point].map(({ name, weight }) =>
        weight === 0 ? name : `${name}=${weight}`,
      );
      assert.equal(names.join(" "), expanded[point], `${point} of ${text}`);
    }
  }
});
