// House rules that a compiler does not know: layers, cycles, dead files and exports, banned calls, sizes.
// Every finding reads `path:line: what`. Exit 1 when there is one.
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const LINES_MAX = 500;
const LAYERS = JSON.parse(readFileSync("tools/layers.json", "utf8"));
/** Calls that hide time, chance or output, with the places that may make them. */
const BANNED = [
  {
    call: /\bDate\.now\(|\bnew Date\(\)/,
    allowed: ["src/base/clock.ts"],
    instead: "a Clock from base/clock",
  },
  { call: /\bMath\.random\(/, allowed: [], instead: "a Prng from base/prng" },
  {
    call: /\bperformance\.now\(|\bhrtime\b/,
    allowed: ["src/base/clock.ts"],
    instead: "a Clock from base/clock",
  },
  {
    call: /\bsetTimeout\(|\bsetInterval\(/,
    allowed: ["src/cli/", "src/base/timers.ts"],
    instead: "Timers from base/timers",
  },
  { call: /\bconsole\./, allowed: ["src/cli/", "bench/"], instead: "a writer handed in by src/cli" },
  {
    call: /@ts-ignore|@ts-expect-error|\bas any\b|biome-ignore/,
    allowed: ["asm/"],
    instead: "a type that is true",
  },
];
/** Files that nothing imports because a person or a worker starts them. */
const ENTRIES = [/^src\/cli\/main\.ts$/, /\.test\.ts$/, /^bench\//, /^asm\/[^/]+\/index\.ts$/];
/** Layers that drive a core of asm/. */
const ABI_READERS = ["dataplane", "scheduler", "bench"];
/** Layout constants document a record whole, used or not. */
const LAYOUTS = /^asm\/abi\//;

const findings = [];
const report = (path, line, what) => findings.push(`${path}:${line}: ${what}`);

const files = new Map();
for (const folder of ["src", "asm", "bench"]) {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    if (entry.isFile() && path.endsWith(".ts")) files.set(path, readFileSync(path, "utf8"));
  }
}

const imports = new Map([...files].map(([path, text]) => [path, importsOf(path, text)]));
for (const [path, text] of files) {
  checkSize(path, text);
  checkBanned(path, text);
  checkLayer(path);
}
checkCycles();
checkDead();

for (const finding of findings.sort()) console.error(finding);
console.error(`tidy: ${files.size} files, ${findings.length} findings`);
process.exit(findings.length === 0 ? 0 : 1);

/** Imports and re-exports of repository files: {target, line, names}; names null means all (import * or side effect). */
function importsOf(path, text) {
  const found = [];
  const pattern =
    /^(?:import|export)\s+(?:type\s+)?([^;"']*?)\s*(?:from\s+)?["'](\.[^"']*(?:\.js|\/[^"'./]+))["']/gm;
  for (const match of text.matchAll(pattern)) {
    const target = resolve(path, match[2]);
    const braces = /\{([^}]*)\}/.exec(match[1]);
    const names =
      braces === null || match[1].includes("*")
        ? null
        : braces[1]
            .split(",")
            .map(
              (name) =>
                name
                  .trim()
                  .replace(/^type\s+/, "")
                  .split(/\s+as\s+/)[0],
            )
            .filter(Boolean);
    found.push({ target, names, line: lineOf(text, match.index), loads: true });
  }
  for (const match of text.matchAll(/import\(["'](\.[^"']*\.js)["']\)|new URL\(["'](\.[^"']*\.js)["']/g)) {
    // A file named by URL runs in a process or thread of its own: it is in use, but no import cycle can go through it.
    found.push({
      target: resolve(path, match[1] ?? match[2]),
      names: null,
      line: lineOf(text, match.index),
      loads: false,
    });
  }
  return found;
}

function resolve(from, specifier) {
  const base = normalize(join(dirname(from), specifier)).replace(/\.js$/, "");
  return [`${base}.ts`, `${base}/index.ts`, base].find((candidate) => files.has(candidate)) ?? `${base}.ts`;
}

function lineOf(text, index) {
  return text.slice(0, index).split("\n").length;
}

function checkSize(path, text) {
  const lines = text.split("\n").length - 1;
  if (lines > LINES_MAX)
    report(path, LINES_MAX, `${lines} lines; one idea a file, ${LINES_MAX} lines at most`);
}

function checkBanned(path, text) {
  text.split("\n").forEach((line, index) => {
    if (/^\s*(\/\/|\*|\/\*)/.test(line)) return;
    for (const rule of BANNED) {
      if (rule.allowed.some((prefix) => path.startsWith(prefix))) continue;
      const found = rule.call.exec(line);
      if (found) report(path, index + 1, `${found[0]} is banned here; use ${rule.instead}`);
    }
  });
}

/** Rooms of a folder that has rules between them are layers of their own: the longest name in layers.json counts. */
function layerOf(path) {
  const [top, second, third] = path.split("/");
  if (top !== "src") return top;
  const room = `${second}/${third}`;
  return room in LAYERS ? room : second;
}

function checkLayer(path) {
  const layer = layerOf(path);
  for (const { target, line } of imports.get(path)) {
    const other = layerOf(target);
    if (!files.has(target)) report(path, line, `imports ${target}, which does not exist`);
    else if (other === layer) continue;
    else if (other === "asm") {
      if (!target.startsWith("asm/abi/"))
        report(path, line, `imports ${target}; from asm only asm/abi may be imported`);
      else if (!ABI_READERS.includes(layer))
        report(path, line, `layer ${layer} may not import asm/abi; only ${ABI_READERS.join(", ")} do`);
    } else if (!LAYERS[layer]?.includes(other))
      report(path, line, `layer ${layer} may not import layer ${other} (tools/layers.json)`);
  }
}

function checkCycles() {
  const state = new Map();
  const visit = (path, trail) => {
    if (state.get(path) === "done" || !files.has(path)) return;
    if (state.get(path) === "open") {
      report(path, 1, `import cycle: ${[...trail.slice(trail.indexOf(path)), path].join(" -> ")}`);
      return;
    }
    state.set(path, "open");
    for (const { target, loads } of imports.get(path)) if (loads) visit(target, [...trail, path]);
    state.set(path, "done");
  };
  for (const path of files.keys()) if (!path.startsWith("asm/")) visit(path, []);
}

function checkDead() {
  const used = new Map();
  for (const [, list] of imports) {
    for (const { target, names } of list) {
      if (!used.has(target)) used.set(target, new Set());
      for (const name of names ?? ["*"]) used.get(target).add(name);
    }
  }
  for (const [path, text] of files) {
    if (ENTRIES.some((entry) => entry.test(path))) continue;
    const names = used.get(path);
    if (names === undefined) {
      report(path, 1, "dead file: nothing imports it");
      continue;
    }
    if (names.has("*") || LAYOUTS.test(path)) continue;
    for (const match of text.matchAll(
      /^export (?:async )?(?:abstract )?(?:const|function\*?|class|interface|type|let)\s+([A-Za-z_$][\w$]*)/gm,
    )) {
      if (names.has(match[1])) continue;
      // A type named in the signature of a used export is part of its contract.
      const isType = /^export (interface|type)/.test(match[0]);
      if (isType && text.split(new RegExp(`\\b${match[1].replaceAll("$", "\\$")}\\b`)).length > 2) continue;
      report(path, lineOf(text, match.index), `dead export: ${match[1]}`);
    }
  }
}
