// Whatever is done to an input, it ends in a cluster or in one PlumbError with a place, and soon.
import assert from "node:assert/strict";
import test from "node:test";
import { PlumbError } from "../base/errors.js";
import { Prng } from "../base/prng.js";
import { sourcePath } from "../base/source-path.js";
import { buildClusterObjects } from "./cluster.js";
import { readDocuments } from "./documents.js";
import { loadInputs } from "./inputs.js";

const SEED = Number(process.env["FUZZ_SEED"] ?? 1);
const ROUNDS = Number(process.env["FUZZ_ROUNDS"] ?? 150);

const PIECES = [
  ..."{}[]:,-?&*!|>'\"#%@` \n\t\\",
  "null",
  "-1",
  "1e400",
  "99999999999999999999",
  "true",
  "~",
  "<<: *a\n",
  "&a ",
  "*a",
  "---\n",
  "...\n",
  "!!binary ",
  "!!set ",
  "!!omap ",
  "!!pairs ",
  "? ",
  "__proto__",
  "constructor",
  "\u0000",
  "\ufeff",
  "\ud800",
  "[]",
  "{}",
  '""',
  "0",
  "::",
  "10.0.0.0/8",
];

function mutated(text: string, prng: Prng): string {
  let result = text;
  for (let edit = 1 + prng.below(4); edit > 0; edit--) {
    const at = prng.below(result.length + 1);
    const cut = prng.below(4) === 0 ? prng.below(200) : prng.below(8);
    const piece =
      prng.below(3) === 0
        ? result.slice(prng.below(result.length)).slice(0, prng.below(80))
        : prng.pick(PIECES);
    result = result.slice(0, at) + piece + result.slice(at + cut);
  }
  return result;
}

function takeOrRefuse(text: string, round: number): boolean {
  try {
    buildClusterObjects(readDocuments([{ file: "f", text }]));
    return true;
  } catch (error) {
    // A number that is allowed where it stands may still ask for more than there are addresses.
    const isLimit = error instanceof PlumbError && error.code === "LimitExceeded";
    const isTold =
      error instanceof PlumbError && error.position !== null && /^f:\d+:\d+: ./.test(error.message);
    assert.ok(isTold || isLimit, `seed ${SEED}, round ${round}: ${(error as Error).stack}`);
    return false;
  }
}

function sample(name: string): string {
  const path = sourcePath(import.meta.url, `../../datasets/${name}`);
  return loadInputs([path], { stdin: null })[0]?.text ?? "";
}

for (const name of ["shop/shop.yaml", "small-dump.json"]) {
  test(`readDocuments and buildClusterObjects take or refuse any broken text of ${name}`, () => {
    const original = sample(name);
    const prng = new Prng(SEED);
    const taken = Array.from({ length: ROUNDS }, (_, round) => takeOrRefuse(mutated(original, prng), round));
    assert.ok(taken.includes(false), `seed ${SEED}: no mutation did harm`);
  });
}

const JUNK: readonly unknown[] = [
  null,
  [],
  {},
  "",
  "x",
  "None",
  "10.0.0.1",
  "fd00::1",
  "10.0.0.0/8",
  "IPv6",
  0,
  -1,
  1.5,
  65536,
  1e300,
  true,
  false,
  [null],
  [[]],
  [{}],
  [""],
  [0],
  { a: 1 },
  { "": "" },
  { constructor: "x" },
  "LoadBalancer",
  "ExternalName",
  "Local",
  3,
];

/** Replace, remove or double one value somewhere below `root`. */
function vandalise(root: unknown, prng: Prng): void {
  let parent = root as Record<string, unknown>;
  for (;;) {
    const key = prng.pick(Object.keys(parent));
    const child = parent[key];
    const goesOn = typeof child === "object" && child !== null && Object.keys(child).length > 0;
    if (goesOn && prng.below(6) > 0) {
      parent = child as Record<string, unknown>;
      continue;
    }
    if (Array.isArray(parent) && prng.below(3) === 0) parent.push(structuredClone(child));
    else parent[key] = structuredClone(prng.pick(JUNK));
    return;
  }
}

test("buildClusterObjects takes or refuses any value in any place of a dump", () => {
  const original = sample("small-dump.json");
  const prng = new Prng(SEED);
  const taken = Array.from({ length: ROUNDS * 4 }, (_, round) => {
    const dump: unknown = JSON.parse(original);
    for (let edit = 1 + prng.below(3); edit > 0; edit--) vandalise(dump, prng);
    return takeOrRefuse(JSON.stringify(dump), round);
  });
  assert.ok(taken.includes(false) && taken.includes(true), `seed ${SEED}: all or nothing was refused`);
});
