// etcd's KV requests on a store. What a store does not do itself is done here on its answers: other orders than by key,
// bounds on revisions, and puts that keep the value or the lease.
import type { KeyValue, Operation, OperationResult, RangeRequest, RangeResponse, Store } from "../store.js";
import {
  compareOf,
  headerOf,
  keyText,
  keyValueMessage,
  rangeEndOf,
  rangeRequestOf,
  valueBytes,
} from "./etcd-convert.js";
import { RequestRefused } from "./etcd-errors.js";
import {
  type CompactionRequestMessage,
  type DeleteRangeRequestMessage,
  type DeleteRangeResponseMessage,
  type Headed,
  type PutRequestMessage,
  type PutResponseMessage,
  type RangeRequestMessage,
  type RangeResponseMessage,
  type RequestOpMessage,
  type ResponseOpMessage,
  type Sent,
  toNumber,
  type TxnRequestMessage,
  type TxnResponseMessage,
} from "./etcd-messages.js";

type Order = (left: KeyValue, right: KeyValue) => number;

/** By number of the sort target. */
const ORDERS: readonly Order[] = [
  (left, right) => (left.key < right.key ? -1 : Number(left.key > right.key)),
  (left, right) => left.version - right.version,
  (left, right) => left.createRevision - right.createRevision,
  (left, right) => left.modRevision - right.modRevision,
  (left, right) => Buffer.compare(left.value, right.value),
];
const SORT_BY_KEY = 0;
const DESCENDING = 2;

export async function range(store: Store, message: RangeRequestMessage): Promise<Sent<RangeResponseMessage>> {
  const response = await store.range(rangeToAsk(message));
  return { header: headerOf(response.revision), ...rangeToAnswer(message, response) };
}

export async function put(store: Store, message: PutRequestMessage): Promise<Sent<PutResponseMessage>> {
  for (;;) {
    const operation = await putOperation(store, message);
    const compare = operation.unchangedSince === null ? [] : [operation.unchangedSince];
    const { succeeded, revision, results } = await store.txn({
      compare,
      success: [operation.put],
      failure: [],
    });
    // The key changed since its value was read: read it again.
    if (!succeeded) continue;
    return { header: headerOf(revision), ...(answerOf(results[0], null).put ?? {}) };
  }
}

export async function deleteRange(
  store: Store,
  message: DeleteRangeRequestMessage,
): Promise<Sent<DeleteRangeResponseMessage>> {
  const success = [deleteOperation(message)];
  const { revision, results } = await store.txn({ compare: [], success, failure: [] });
  return { header: headerOf(revision), ...(answerOf(results[0], null).deleteRange ?? {}) };
}

export async function txn(store: Store, message: TxnRequestMessage): Promise<Sent<TxnResponseMessage>> {
  const compare = message.compare.map((each) => {
    assertKey(each.key);
    return compareOf(each);
  });
  const success = message.success.map(operationOf);
  const failure = message.failure.map(operationOf);
  const response = await store.txn({ compare, success, failure });
  const asked = response.succeeded ? message.success : message.failure;
  return {
    header: headerOf(response.revision),
    succeeded: response.succeeded,
    responses: response.results.map((result, index) => answerOf(result, asked[index]?.range ?? null)),
  };
}

export async function compact(store: Store, { revision }: CompactionRequestMessage): Promise<Sent<Headed>> {
  await store.compact(toNumber(revision));
  return { header: headerOf(store.revision()) };
}

function operationOf(message: RequestOpMessage): Operation {
  if (message.range !== null) return { op: "range", ...rangeToAsk(message.range) };
  if (message.deleteRange !== null) return deleteOperation(message.deleteRange);
  if (message.put === null || message.put.ignoreValue || message.put.ignoreLease)
    throw new RequestRefused("unsupported");
  return plainPut(message.put);
}

function deleteOperation({ key, rangeEnd, prevKv }: DeleteRangeRequestMessage): Operation {
  assertKey(key);
  return { op: "delete", key: keyText(key), ...rangeEndOf(rangeEnd), prevKv };
}

function plainPut({ key, value, lease, prevKv }: PutRequestMessage): Operation & { op: "put" } {
  assertKey(key);
  return { op: "put", key: keyText(key), value: valueBytes(value), lease: lease.toString(), prevKv };
}

async function putOperation(store: Store, message: PutRequestMessage) {
  const plain = plainPut(message);
  if (!message.ignoreValue && !message.ignoreLease) return { put: plain, unchangedSince: null };
  if (message.ignoreValue && message.value.length > 0) throw new RequestRefused("valueProvided");
  if (message.ignoreLease && plain.lease !== "0") throw new RequestRefused("leaseProvided");
  const [now] = (await store.range({ key: plain.key })).kvs;
  if (now === undefined) throw new RequestRefused("keyNotFound");
  const value = message.ignoreValue ? now.value : plain.value;
  const lease = message.ignoreLease ? now.lease : (plain.lease ?? "0");
  const unchangedSince = {
    key: plain.key,
    target: "modRevision" as const,
    op: "=" as const,
    than: now.modRevision,
  };
  return { put: { ...plain, value, lease }, unchangedSince };
}

/** Everything when the answer is to be sorted or filtered: only then is it known which are the first. */
function rangeToAsk(message: RangeRequestMessage): RangeRequest {
  assertKey(message.key);
  const request = rangeRequestOf(message);
  if (!isShaped(message)) return request;
  // Sorting by value needs the values; they are left out of the answer.
  return { ...request, limit: 0, keysOnly: false };
}

function rangeToAnswer(message: RangeRequestMessage, response: RangeResponse): Sent<RangeResponseMessage> {
  const { count } = response;
  if (!isShaped(message)) return { kvs: response.kvs.map(keyValueMessage), more: response.more, count };
  const order = ORDERS[message.sortTarget] ?? (ORDERS[SORT_BY_KEY] as Order);
  const sign = message.sortOrder === DESCENDING ? -1 : 1;
  const sorted = response.kvs
    .filter((kv) => isWithin(kv.modRevision, message.minModRevision, message.maxModRevision))
    .filter((kv) => isWithin(kv.createRevision, message.minCreateRevision, message.maxCreateRevision))
    .sort((left, right) => sign * order(left, right));
  const limit = toNumber(message.limit) || sorted.length;
  const kvs = sorted
    .slice(0, limit)
    .map((kv) => keyValueMessage(message.keysOnly ? { ...kv, value: valueBytes(new Uint8Array(0)) } : kv));
  return { kvs, more: sorted.length > limit, count };
}

function isShaped(message: RangeRequestMessage): boolean {
  const bounds = [
    message.minModRevision,
    message.maxModRevision,
    message.minCreateRevision,
    message.maxCreateRevision,
  ];
  return (
    message.sortTarget !== SORT_BY_KEY ||
    message.sortOrder === DESCENDING ||
    bounds.some((each) => toNumber(each) !== 0)
  );
}

function isWithin(
  revision: number,
  min: PutRequestMessage["lease"],
  max: PutRequestMessage["lease"],
): boolean {
  return revision >= toNumber(min) && (toNumber(max) === 0 || revision <= toNumber(max));
}

/** @param asked of a range: how its answer is to be shaped */
function answerOf(
  result: OperationResult | undefined,
  asked: RangeRequestMessage | null,
): Sent<ResponseOpMessage> {
  switch (result?.op) {
    case "range":
      return asked === null
        ? {}
        : { range: { header: headerOf(result.revision), ...rangeToAnswer(asked, result) } };
    case "put":
      return { put: result.prevKv === null ? {} : { prevKv: keyValueMessage(result.prevKv) } };
    case "delete":
      return { deleteRange: { deleted: result.deleted, prevKvs: result.prevKvs.map(keyValueMessage) } };
    default:
      return {};
  }
}

function assertKey(key: Uint8Array): void {
  if (key.length === 0) throw new RequestRefused("emptyKey");
}
