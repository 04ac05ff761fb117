import assert from "node:assert/strict";
import { test } from "node:test";
import type { CpuProfile } from "../../measure/cpu-profile.js";
import { PROFILE } from "./flamegraph.test-data.js";
import { flamegraphHtml } from "./flamegraph-page.js";

const page = (profile: CpuProfile) => flamegraphHtml({ title: "a case", notes: ["A note."], profile });

test("flamegraphHtml nests callees below callers, as wide as their share, escaped, without idle and narrow ones", () => {
  const graph = /<div class="flame".*?<\/div>/s.exec(page(PROFILE))?.[0];
  assert.equal(
    graph,
    [
      '<div class="flame" id="flame"><ul aria-label="Calls">',
      '<li style="--w:100.000" data-us="100000"><span class="engine" title="all: 100 ms, 100%">all</span><ul>',
      '<li style="--w:90.000" data-us="90000"><span class="own" title="decide src/scheduler/cycle.js:10: 90.0 ms, 90.0%, own 20.0 ms">decide src/scheduler/cycle.js:10</span><ul>',
      '<li style="--w:44.444" data-us="40000"><span class="wasm" title="asm/scheduler/filter/filterFit (wasm): 40.0 ms, 40.0%">asm/scheduler/filter/filterFit (wasm)</span></li>',
      '<li style="--w:33.333" data-us="30000"><span class="own" title="&#60;score&#62; &#38; &#34;more&#34; src/scheduler/score.js:10: 30.0 ms, 30.0%, own 29.9 ms">&#60;score&#62; &#38; &#34;more&#34; src/scheduler/score.js:10</span></li>',
      "</ul></li>",
      '<li style="--w:10.000" data-us="10000"><span class="engine" title="(garbage collector): 10.0 ms, 10.0%">(garbage collector)</span></li>',
      "</ul></li></ul></div>",
    ].join(""),
  );
});

test("flamegraphHtml lists functions by their own time", () => {
  const rows = [...page(PROFILE).matchAll(/<tr><th scope="row">(.*?)<\/th>/g)].map(([, name]) => name);
  assert.equal(rows[0], "asm/scheduler/filter/filterFit (wasm)");
  assert.equal(rows.length, 5);
});

test("flamegraphHtml says so when a profile holds no time", () => {
  assert.match(page({ nodes: [], samples: [], timeDeltas: [] }), /holds no time/);
});

test("flamegraphHtml stays below 2 MB, when the profile is large and deep", () => {
  const nodes: CpuProfile["nodes"][number][] = [];
  const samples: number[] = [];
  for (let stack = 0; stack < 900; stack++)
    for (let depth = 0; depth < 100; depth++) {
      const id = 2 + stack * 100 + depth;
      const url = `file:///home/x/dist/src/a/rather/long/path/to/a/file-${stack}.js`;
      const callFrame = { functionName: `someFunctionOfDepth${depth}`, url, lineNumber: depth };
      nodes.push({ id, callFrame, children: depth < 99 ? [id + 1] : [] });
      if (depth === 99) samples.push(id);
    }
  const children = Array.from({ length: 900 }, (_, stack) => 2 + stack * 100);
  const root = { id: 1, callFrame: { functionName: "(root)", url: "", lineNumber: 0 }, children };
  const timeDeltas = samples.map((_, index) => 1000 + index);
  const html = page({ nodes: [root, ...nodes], samples, timeDeltas });
  assert.ok(html.length < 2e6, `${html.length} bytes`);
});
