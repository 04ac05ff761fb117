// The store's shapes and etcd's messages, in both directions. Binary keys are latin1 strings on our side.
import { present } from "../../../base/assert.js";
import type {
  Compare,
  CompareOp,
  KeyValue,
  Operation,
  OperationResult,
  RangeRequest,
  RangeResponse,
  Revision,
  StoreEvent,
} from "../store.js";
import { RequestRefused } from "./etcd-errors.js";
import {
  type CompareMessage,
  type EventMessage,
  type Header,
  type KeyValueMessage,
  type RangeRequestMessage,
  type RangeResponseMessage,
  type RequestOpMessage,
  type ResponseOpMessage,
  type Sent,
  toNumber,
} from "./etcd-messages.js";

/** By number. */
const COMPARE_OPS = ["=", ">", "<", "!="] as const satisfies readonly CompareOp[];
const COMPARE_TARGETS = [
  "version",
  "createRevision",
  "modRevision",
  "value",
  "lease",
] as const satisfies readonly Compare["target"][];
const EVENT_TYPES = ["put", "delete"] as const satisfies readonly StoreEvent["type"][];

const NO_VALUE = new Uint8Array(0);

export function keyBytes(key: string): Buffer {
  return Buffer.from(key, "latin1");
}

export function keyText(bytes: Uint8Array): string {
  return (Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes)).toString("latin1");
}

/** Bytes that were not sent are decoded as an empty list. */
export function valueBytes(bytes: Uint8Array): Uint8Array {
  return bytes.length === 0 ? NO_VALUE : bytes;
}

/** Absent when the message names one key. */
export function rangeEndOf(bytes: Uint8Array): { readonly rangeEnd?: string } {
  return bytes.length === 0 ? {} : { rangeEnd: keyText(bytes) };
}

/** Left out of a message for one key: etcd reads a field that is sent empty as "to the end". */
export function rangeEndField(rangeEnd: string | undefined): { readonly rangeEnd?: Buffer } {
  return rangeEnd === undefined || rangeEnd === "" ? {} : { rangeEnd: keyBytes(rangeEnd) };
}

/** One member that is its own leader. */
export function headerOf(revision: Revision): Header {
  return { clusterId: 1, memberId: 1, revision, raftTerm: 1 };
}

function keyValueOf(message: KeyValueMessage): KeyValue {
  return {
    key: keyText(message.key),
    value: valueBytes(message.value),
    createRevision: toNumber(message.createRevision),
    modRevision: toNumber(message.modRevision),
    version: toNumber(message.version),
    lease: message.lease.toString(),
  };
}

/** Zeros stay out, as in proto3. */
export function keyValueMessage(kv: KeyValue): Sent<KeyValueMessage> {
  return {
    key: keyBytes(kv.key),
    modRevision: kv.modRevision,
    ...(kv.version === 0 ? {} : { createRevision: kv.createRevision, version: kv.version, value: kv.value }),
    ...(kv.lease === "0" ? {} : { lease: kv.lease }),
  };
}

export function eventOf(message: EventMessage): StoreEvent {
  return {
    type: EVENT_TYPES[message.type] ?? "put",
    kv: keyValueOf(present(message.kv, "key of an event")),
    prevKv: message.prevKv === null ? null : keyValueOf(message.prevKv),
  };
}

export function eventMessage({ type, kv, prevKv }: StoreEvent): Sent<EventMessage> {
  return {
    type: EVENT_TYPES.indexOf(type),
    kv: keyValueMessage(kv),
    ...(prevKv === null ? {} : { prevKv: keyValueMessage(prevKv) }),
  };
}

export function rangeRequestOf(message: RangeRequestMessage): RangeRequest {
  return {
    key: keyText(message.key),
    ...rangeEndOf(message.rangeEnd),
    limit: toNumber(message.limit),
    revision: Math.max(0, toNumber(message.revision)),
    countOnly: message.countOnly,
    keysOnly: message.keysOnly,
  };
}

export function rangeRequestMessage(request: RangeRequest): Sent<RangeRequestMessage> {
  return {
    key: keyBytes(request.key),
    ...rangeEndField(request.rangeEnd),
    limit: request.limit ?? 0,
    revision: request.revision ?? 0,
    countOnly: request.countOnly ?? false,
    keysOnly: request.keysOnly ?? false,
  };
}

export function rangeResponseOf(message: RangeResponseMessage): RangeResponse {
  return {
    revision: message.header === null ? 0 : toNumber(message.header.revision),
    kvs: message.kvs.map(keyValueOf),
    count: toNumber(message.count),
    more: message.more,
  };
}

export function compareOf(message: CompareMessage): Compare {
  if (message.rangeEnd.length > 0) throw new RequestRefused("unsupported");
  const key = keyText(message.key);
  const op = COMPARE_OPS[message.result] ?? "=";
  const target = COMPARE_TARGETS[message.target] ?? "version";
  if (target === "value") return { key, op, target, than: valueBytes(message.value) };
  if (target === "lease") return { key, op, target, than: message.lease.toString() };
  return { key, op, target, than: toNumber(message[target]) };
}

export function compareMessage(compare: Compare): Sent<CompareMessage> {
  return {
    key: keyBytes(compare.key),
    result: COMPARE_OPS.indexOf(compare.op),
    target: COMPARE_TARGETS.indexOf(compare.target),
    [compare.target]: compare.than,
  };
}

export function operationMessage(operation: Operation): Sent<RequestOpMessage> {
  const key = keyBytes(operation.key);
  switch (operation.op) {
    case "range":
      return { range: rangeRequestMessage(operation) };
    case "put": {
      const { value, lease = "0", prevKv = false } = operation;
      return { put: { key, value, lease, prevKv } };
    }
    case "delete":
      return {
        deleteRange: { key, ...rangeEndField(operation.rangeEnd), prevKv: operation.prevKv ?? false },
      };
  }
}

export function operationResultOf(message: ResponseOpMessage): OperationResult {
  if (message.range !== null) return { op: "range", ...rangeResponseOf(message.range) };
  if (message.put !== null) {
    const { prevKv } = message.put;
    return { op: "put", prevKv: prevKv === null ? null : keyValueOf(prevKv) };
  }
  const deleted = present(message.deleteRange, "answer to an operation");
  return { op: "delete", deleted: toNumber(deleted.deleted), prevKvs: deleted.prevKvs.map(keyValueOf) };
}
