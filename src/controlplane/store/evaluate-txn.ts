// A transaction on the newest state: check it whole, compare, then carry out one branch at one revision. A transaction
// that is refused has changed nothing.
// Source: etcd server/etcdserver/txn and api/v3rpc/key.go, whose order of checks a client can see.
import { assert, unreachable } from "../../base/assert.js";
import { rangeHolds } from "./key-range.js";
import { NO_LEASE, type RevisionIndex } from "./revision-index.js";
import {
  type Compare,
  type CompareOp,
  type KeyValue,
  type LeaseId,
  type Operation,
  type OperationResult,
  StoreError,
  type StoreEvent,
  type Txn,
  type TxnResponse,
} from "./store.js";
import type { StoreLimits } from "./store-limits.js";

export interface Evaluated {
  readonly response: TxnResponse;
  /** All of one revision, response.revision; empty when nothing was changed. */
  readonly changes: readonly StoreEvent[];
}

/** What the state alone does not know. */
export interface TxnSurroundings {
  readonly limits: StoreLimits;
  hasLease(id: LeaseId): boolean;
}

/** @throws {StoreError} before anything was changed */
export function evaluateTxn(index: RevisionIndex, txn: Txn, surroundings: TxnSurroundings): Evaluated {
  checkShape(txn, surroundings.limits);
  const succeeded = txn.compare.every((each) => holds(index.get(each.key), each));
  const operations = succeeded ? txn.success : txn.failure;
  for (const operation of operations) checkOperation(index, operation, surroundings);

  const revision = index.newest + 1;
  const changes: StoreEvent[] = [];
  const results = operations.map((operation) => carryOut(index, operation, revision, changes));
  assert(index.newest === (changes.length === 0 ? revision - 1 : revision), "a transaction is one revision");
  return { response: { revision: index.newest, succeeded, results }, changes };
}

/** @throws {StoreError} Compacted or FutureRevision when this state cannot be read; 0 can always */
export function checkReadable(index: RevisionIndex, revision: number, newest: number): void {
  if (revision === 0) return;
  if (revision > newest) throw new StoreError("FutureRevision");
  if (revision < index.compacted) throw new StoreError("Compacted", { compactRevision: index.compacted });
}

function carryOut(
  index: RevisionIndex,
  operation: Operation,
  revision: number,
  changes: StoreEvent[],
): OperationResult {
  switch (operation.op) {
    case "range":
      return {
        op: "range",
        revision: index.newest,
        ...index.range(operation, operation.revision || index.newest),
      };
    case "put": {
      const change = index.put(revision, operation.key, operation.value, operation.lease ?? NO_LEASE);
      changes.push(change);
      return { op: "put", prevKv: operation.prevKv ? change.prevKv : null };
    }
    case "delete": {
      const deleted = index.keys(operation).map((key) => index.delete(revision, key));
      for (const each of deleted) changes.push(each);
      const prevKvs = operation.prevKv ? deleted.map((each) => each.prevKv).filter((kv) => kv !== null) : [];
      return { op: "delete", deleted: deleted.length, prevKvs };
    }
    default:
      return unreachable(operation, "operation");
  }
}

function checkShape(txn: Txn, limits: StoreLimits): void {
  const { txnOperationsMax, requestBytesMax } = limits;
  const most = Math.max(txn.compare.length, txn.success.length, txn.failure.length);
  if (most > txnOperationsMax) throw new StoreError("TooManyOperations");
  const bytes = bytesOf(txn.success) + bytesOf(txn.failure);
  if (bytes > requestBytesMax)
    throw new StoreError("TooLarge", { detail: `${bytes} bytes, limit ${requestBytesMax}` });
  checkDuplicates(txn.success);
  checkDuplicates(txn.failure);
}

function bytesOf(operations: readonly Operation[]): number {
  let bytes = 0;
  for (const each of operations) bytes += each.key.length + (each.op === "put" ? each.value.length : 0);
  return bytes;
}

/** A key is put once, and not also deleted: the order of changes within a revision must not matter. */
function checkDuplicates(operations: readonly Operation[]): void {
  if (operations.length < 2) return;
  const puts = new Set<string>();
  for (const each of operations) {
    if (each.op !== "put") continue;
    if (puts.has(each.key)) throw new StoreError("DuplicateKey");
    puts.add(each.key);
  }
  for (const each of operations)
    if (each.op === "delete")
      for (const key of puts) if (rangeHolds(each, key)) throw new StoreError("DuplicateKey");
}

const BINARY = /^[\0-\xff]*$/;

function checkOperation(
  index: RevisionIndex,
  operation: Operation,
  { hasLease, limits }: TxnSurroundings,
): void {
  if (operation.op === "range") checkReadable(index, operation.revision ?? 0, index.newest);
  if (operation.op !== "put") return;
  assert(BINARY.test(operation.key), `key '${operation.key}' has code units above 255`);
  const lease = operation.lease ?? NO_LEASE;
  if (lease !== NO_LEASE && !hasLease(lease)) throw new StoreError("LeaseNotFound");
  if (index.bytes + operation.value.length > limits.storeBytesMax) throw new StoreError("NoSpace");
}

function holds(kv: KeyValue | null, compare: Compare): boolean {
  switch (compare.target) {
    case "value":
      // Of a key that does not exist no value is equal, unequal, above or below.
      return kv !== null && ordered(Buffer.compare(kv.value, compare.than), compare.op);
    case "lease":
      return ordered(Number(BigInt(kv?.lease ?? NO_LEASE) - BigInt(compare.than)), compare.op);
    default:
      return ordered((kv?.[compare.target] ?? 0) - compare.than, compare.op);
  }
}

function ordered(difference: number, op: CompareOp): boolean {
  switch (op) {
    case "=":
      return difference === 0;
    case "!=":
      return difference !== 0;
    case ">":
      return difference > 0;
    case "<":
      return difference < 0;
    default:
      return unreachable(op, "compare operator");
  }
}
