// The process that is killed: writes to a store in a folder as fast as it can, and reports each write before and after.
// Reports are written to the pipe at once, so what was acknowledged is known even if the process dies in the next moment.
// Arguments: folder, seed, number of the first operation.
import { writeSync } from "node:fs";
import { argv } from "node:process";
import { present } from "../../../base/assert.js";
import { Prng } from "../../../base/prng.js";
import { realTimers } from "../../../base/timers.js";
import { openStore } from "../open-store.js";
import { prefixEnd, type Store } from "../store.js";
import { batchOf, batchPrefix, type CrashReport, putsOf } from "./crash-operations.test-data.js";

const WRITERS_COUNT = 8;
/** How many operations between two compactions, and how far behind they stay. */
const COMPACT_EVERY = 40;
const REVISIONS_KEPT = 15;
/** Of ten operations, how many delete what an earlier one put. */
const DELETES_OF_TEN = 2;

const [, , folder, seedText, firstText] = argv;
const seed = Number(seedText);
const prng = new Prng(seed).fork(`writer ${firstText}`);
const store = await openStore(`file:${present(folder, "folder")}`, { timers: realTimers });
const deletable: number[] = [];
let nextOperation = Number(firstText);

await Promise.all(Array.from({ length: WRITERS_COUNT }, () => write(store)));

async function write(to: Store): Promise<never> {
  for (;;) {
    const operation = nextOperation++;
    const deletes = prng.below(10) < DELETES_OF_TEN ? (deletable.shift() ?? null) : null;
    report({ is: "try", operation, deletes });
    const success = deletes === null ? putsOf(batchOf(seed, operation)) : [deletionOf(deletes)];
    const { revision } = await to.txn({ compare: [], success, failure: [] });
    report({ is: "ack", operation, revision });
    if (deletes === null) deletable.push(operation);
    // Not waited for: the kill may hit a compaction and writes at once.
    if (operation % COMPACT_EVERY === 0) void to.compact(revision - REVISIONS_KEPT).catch(() => {});
  }
}

function deletionOf(operation: number) {
  const key = batchPrefix(operation);
  return { op: "delete", key, rangeEnd: prefixEnd(key) } as const;
}

function report(what: CrashReport): void {
  writeSync(1, `${JSON.stringify(what)}\n`);
}
