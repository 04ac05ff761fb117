// What the API server asks of its store: etcd's v3 semantics, as far as an API server uses them and etcdctl can see.
//
// One revision counts all changes; a transaction is one revision. Every key carries the revisions of its creation and of
// its last change and its version (changes since creation); a deletion ends the version. Ranges read the newest state or,
// down to the compaction, an older one. Watches deliver every change from a revision on, in order, each once.
// Keys are compared bytewise; they are strings here, of code units 0..255 for clients that use binary keys (latin1).
// Source: etcd api/etcdserverpb/rpc.proto, etcd docs "KV API guarantees".

/** int64 upstream; a number is exact up to 2^53 revisions. */
export type Revision = number;

export interface KeyValue {
  readonly key: string;
  readonly value: Uint8Array;
  readonly createRevision: Revision;
  readonly modRevision: Revision;
  /** 1 at creation, +1 each change. */
  readonly version: number;
  /** Lease id, 0 for none. */
  readonly lease: LeaseId;
}

/** Random, unique; as a decimal string, since etcd's are 63 bits wide. "0": none. */
export type LeaseId = string;

export interface RangeRequest {
  readonly key: string;
  /** Exclusive; absent: only `key`; "\0": to the end. */
  readonly rangeEnd?: string;
  /** 0 or absent: all. */
  readonly limit?: number;
  /** 0 or absent: newest. */
  readonly revision?: Revision;
  readonly countOnly?: boolean;
  readonly keysOnly?: boolean;
}

export interface RangeResponse {
  /** The store's revision when it answered. */
  readonly revision: Revision;
  readonly kvs: readonly KeyValue[];
  /** Keys in the range, whatever the limit. */
  readonly count: number;
  readonly more: boolean;
}

/** One condition of a transaction. */
export type Compare =
  | {
      readonly key: string;
      readonly target: "modRevision" | "createRevision" | "version";
      readonly op: CompareOp;
      readonly than: number;
    }
  | { readonly key: string; readonly target: "value"; readonly op: CompareOp; readonly than: Uint8Array }
  | { readonly key: string; readonly target: "lease"; readonly op: CompareOp; readonly than: LeaseId };

export type CompareOp = "=" | "!=" | ">" | "<";

export type Operation =
  | ({ readonly op: "range" } & RangeRequest)
  | {
      readonly op: "put";
      readonly key: string;
      readonly value: Uint8Array;
      readonly lease?: LeaseId;
      readonly prevKv?: boolean;
    }
  | { readonly op: "delete"; readonly key: string; readonly rangeEnd?: string; readonly prevKv?: boolean };

export type OperationResult =
  | ({ readonly op: "range" } & RangeResponse)
  | { readonly op: "put"; readonly prevKv: KeyValue | null }
  | { readonly op: "delete"; readonly deleted: number; readonly prevKvs: readonly KeyValue[] };

export interface Txn {
  readonly compare: readonly Compare[];
  readonly success: readonly Operation[];
  readonly failure: readonly Operation[];
}

export interface TxnResponse {
  readonly revision: Revision;
  readonly succeeded: boolean;
  readonly results: readonly OperationResult[];
}

export interface StoreEvent {
  readonly type: "put" | "delete";
  /** Of a deletion: the key and the revision it was deleted at, no value. */
  readonly kv: KeyValue;
  /** Before the change; null for a creation, or when it was compacted. Only when asked for. */
  readonly prevKv: KeyValue | null;
}

export interface WatchOptions {
  readonly key: string;
  readonly rangeEnd?: string;
  /** First revision to deliver; 0: from now on. */
  readonly startRevision: Revision;
  readonly prevKv: boolean;
}

export interface WatchListener {
  /** All changes of one or more whole revisions, in order. Must not throw. */
  onEvents(events: readonly StoreEvent[], revision: Revision): void;
  /** The watch is over: compacted, closed, or the listener fell too far behind. */
  onEnd(error: StoreError | null): void;
}

export interface StoreWatch {
  /** No call of the listener after this. */
  cancel(): void;
  /** Every change of the range up to here was delivered. Grows without events too. */
  delivered(): Revision;
}

const STORE_ERRORS = {
  Compacted: "required revision has been compacted",
  FutureRevision: "required revision is a future revision",
  LeaseNotFound: "requested lease not found",
  LeaseExists: "lease already exists",
  DuplicateKey: "duplicate key given in txn request",
  TooManyOperations: "too many operations in txn request",
  TooLarge: "request is too large",
  NoSpace: "database space exceeded",
  /** The disk refused: nothing was acknowledged, reading goes on. */
  Unwritable: "cannot write to disk",
  Locked: "data folder is in use by another process",
  Closed: "store is closed",
  Unavailable: "store cannot be reached",
} as const;

export type StoreErrorCode = keyof typeof STORE_ERRORS;

export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;
  /** Of Compacted: the oldest revision that can be read. */
  readonly compactRevision: Revision;

  constructor(code: StoreErrorCode, options: { detail?: string; compactRevision?: Revision } = {}) {
    super(options.detail === undefined ? STORE_ERRORS[code] : `${STORE_ERRORS[code]}: ${options.detail}`);
    this.code = code;
    this.compactRevision = options.compactRevision ?? 0;
  }
}

export interface LeaseStatus {
  readonly id: LeaseId;
  readonly grantedTtlSeconds: number;
  /** Rounded down; -1 when it has expired. */
  readonly ttlSeconds: number;
  readonly keys: readonly string[];
}

/** All methods reject with StoreError. A write is durable when its promise resolves. */
export interface Store {
  /** Of the last change. */
  revision(): Revision;
  range(request: RangeRequest): Promise<RangeResponse>;
  txn(txn: Txn): Promise<TxnResponse>;
  /** Forgets states older than this; watches and ranges below it fail afterwards. */
  compact(revision: Revision): Promise<void>;
  watch(options: WatchOptions, listener: WatchListener): StoreWatch;
  /** @param id "0": the store chooses one */
  grantLease(ttlSeconds: number, id: LeaseId): Promise<LeaseStatus>;
  /** Deletes its keys in one revision. */
  revokeLease(id: LeaseId): Promise<void>;
  keepAliveLease(id: LeaseId): Promise<LeaseStatus>;
  leaseStatus(id: LeaseId): Promise<LeaseStatus>;
  leases(): Promise<readonly LeaseId[]>;
  /** Bytes on disk, or in memory. */
  sizeBytes(): Promise<number>;
  /** Writes that were acknowledged are on disk; the folder is free. */
  close(): Promise<void>;
}

/** The end of the range of all keys that begin with this. */
export function prefixEnd(prefix: string): string {
  for (let index = prefix.length - 1; index >= 0; index--) {
    const code = prefix.charCodeAt(index);
    if (code < 0xff) return prefix.slice(0, index) + String.fromCharCode(code + 1);
  }
  return "\0";
}
