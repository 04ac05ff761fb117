// etcd's gRPC messages as data: of each the fields that are used here, by number. Both the client and the server are
// made of this table. Names are ours (lower camel case); only numbers and types travel.
// Enumerations are int32: their values are in etcd-convert.ts and serve-kv.ts.
// Source: etcd api/etcdserverpb/rpc.proto, api/mvccpb/kv.proto (the numbers of the v3 protocol).
import protobuf from "protobufjs";
import { assert, present } from "../../../base/assert.js";

/** int64 and uint64: a Long when read; any of them when written. */
export type Int64 = number | string | LongInteger;

interface LongInteger {
  toNumber(): number;
  toString(): string;
}

/** What may be left out of a message that is sent: everything. */
export type Sent<T> = T extends Uint8Array | string | number | boolean | null | LongInteger
  ? T
  : T extends readonly (infer Each)[]
    ? readonly Sent<Each>[]
    : { readonly [Field in keyof T]?: Sent<T[Field]> };

const HEADER = "Header header 1";

/** Message -> its fields: [repeated] type name number. */
const FIELDS = {
  KeyValue:
    "bytes key 1, int64 createRevision 2, int64 modRevision 3, int64 version 4, bytes value 5, int64 lease 6",
  Event: "int32 type 1, KeyValue kv 2, KeyValue prevKv 3",
  Header: "uint64 clusterId 1, uint64 memberId 2, int64 revision 3, uint64 raftTerm 4",

  RangeRequest:
    "bytes key 1, bytes rangeEnd 2, int64 limit 3, int64 revision 4, int32 sortOrder 5, int32 sortTarget 6," +
    "bool serializable 7, bool keysOnly 8, bool countOnly 9, int64 minModRevision 10, int64 maxModRevision 11," +
    "int64 minCreateRevision 12, int64 maxCreateRevision 13",
  RangeResponse: `${HEADER}, repeated KeyValue kvs 2, bool more 3, int64 count 4`,
  PutRequest:
    "bytes key 1, bytes value 2, int64 lease 3, bool prevKv 4, bool ignoreValue 5, bool ignoreLease 6",
  PutResponse: `${HEADER}, KeyValue prevKv 2`,
  DeleteRangeRequest: "bytes key 1, bytes rangeEnd 2, bool prevKv 3",
  DeleteRangeResponse: `${HEADER}, int64 deleted 2, repeated KeyValue prevKvs 3`,
  RequestOp: "RangeRequest range 1, PutRequest put 2, DeleteRangeRequest deleteRange 3, TxnRequest txn 4",
  ResponseOp: "RangeResponse range 1, PutResponse put 2, DeleteRangeResponse deleteRange 3",
  Compare:
    "int32 result 1, int32 target 2, bytes key 3, int64 version 4, int64 createRevision 5, int64 modRevision 6," +
    "bytes value 7, int64 lease 8, bytes rangeEnd 64",
  TxnRequest: "repeated Compare compare 1, repeated RequestOp success 2, repeated RequestOp failure 3",
  TxnResponse: `${HEADER}, bool succeeded 2, repeated ResponseOp responses 3`,
  CompactionRequest: "int64 revision 1, bool physical 2",

  WatchRequest: "WatchCreateRequest create 1, WatchCancelRequest cancel 2, Empty progress 3",
  WatchCreateRequest:
    "bytes key 1, bytes rangeEnd 2, int64 startRevision 3, bool progressNotify 4, repeated int32 filters 5," +
    "bool prevKv 6, int64 watchId 7, bool fragment 8",
  WatchCancelRequest: "int64 watchId 1",
  WatchResponse:
    `${HEADER}, int64 watchId 2, bool created 3, bool canceled 4, int64 compactRevision 5, string cancelReason 6,` +
    "bool fragment 7, repeated Event events 11",

  LeaseGrantRequest: "int64 ttl 1, int64 id 2",
  LeaseTtlResponse: `${HEADER}, int64 id 2, int64 ttl 3`,
  LeaseIdRequest: "int64 id 1",
  LeaseTimeToLiveRequest: "int64 id 1, bool keys 2",
  LeaseTimeToLiveResponse: `${HEADER}, int64 id 2, int64 ttl 3, int64 grantedTtl 4, repeated bytes keys 5`,
  LeaseLeasesResponse: `${HEADER}, repeated LeaseIdRequest leases 2`,

  Member: "uint64 id 1, string name 2, repeated string peerUrls 3, repeated string clientUrls 4",
  MemberListResponse: `${HEADER}, repeated Member members 2`,
  StatusResponse:
    `${HEADER}, string version 2, int64 dbSize 3, uint64 leader 4, uint64 raftIndex 5, uint64 raftTerm 6,` +
    "uint64 raftAppliedIndex 7, int64 dbSizeInUse 9",

  Empty: "",
  HeaderOnly: HEADER,
} as const;

export type MessageName = keyof typeof FIELDS;

export interface Header {
  readonly revision: Int64;
  readonly clusterId: Int64;
  readonly memberId: Int64;
  readonly raftTerm: Int64;
}
export interface Headed {
  /** Null when the sender left it out. */
  readonly header: Header | null;
}
export interface KeyValueMessage {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly createRevision: Int64;
  readonly modRevision: Int64;
  readonly version: Int64;
  readonly lease: Int64;
}
export interface EventMessage {
  readonly type: number;
  readonly kv: KeyValueMessage | null;
  readonly prevKv: KeyValueMessage | null;
}
export interface RangeRequestMessage {
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
  readonly limit: Int64;
  readonly revision: Int64;
  readonly sortOrder: number;
  readonly sortTarget: number;
  readonly keysOnly: boolean;
  readonly countOnly: boolean;
  readonly minModRevision: Int64;
  readonly maxModRevision: Int64;
  readonly minCreateRevision: Int64;
  readonly maxCreateRevision: Int64;
}
export interface RangeResponseMessage extends Headed {
  readonly kvs: readonly KeyValueMessage[];
  readonly more: boolean;
  readonly count: Int64;
}
export interface PutRequestMessage {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly lease: Int64;
  readonly prevKv: boolean;
  readonly ignoreValue: boolean;
  readonly ignoreLease: boolean;
}
export interface PutResponseMessage extends Headed {
  readonly prevKv: KeyValueMessage | null;
}
export interface DeleteRangeRequestMessage {
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
  readonly prevKv: boolean;
}
export interface DeleteRangeResponseMessage extends Headed {
  readonly deleted: Int64;
  readonly prevKvs: readonly KeyValueMessage[];
}
/** One of them is not null. */
export interface RequestOpMessage {
  readonly range: RangeRequestMessage | null;
  readonly put: PutRequestMessage | null;
  readonly deleteRange: DeleteRangeRequestMessage | null;
  readonly txn: TxnRequestMessage | null;
}
export interface ResponseOpMessage {
  readonly range: RangeResponseMessage | null;
  readonly put: PutResponseMessage | null;
  readonly deleteRange: DeleteRangeResponseMessage | null;
}
export interface CompareMessage {
  readonly result: number;
  readonly target: number;
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
  readonly version: Int64;
  readonly createRevision: Int64;
  readonly modRevision: Int64;
  readonly value: Uint8Array;
  readonly lease: Int64;
}
export interface TxnRequestMessage {
  readonly compare: readonly CompareMessage[];
  readonly success: readonly RequestOpMessage[];
  readonly failure: readonly RequestOpMessage[];
}
export interface TxnResponseMessage extends Headed {
  readonly succeeded: boolean;
  readonly responses: readonly ResponseOpMessage[];
}
export interface CompactionRequestMessage {
  readonly revision: Int64;
}
/** One of them is not null. */
export interface WatchRequestMessage {
  readonly create: WatchCreateMessage | null;
  readonly cancel: { readonly watchId: Int64 } | null;
  readonly progress: object | null;
}
export interface WatchCreateMessage {
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
  readonly startRevision: Int64;
  readonly progressNotify: boolean;
  readonly filters: readonly number[];
  readonly prevKv: boolean;
  readonly watchId: Int64;
}
export interface WatchResponseMessage extends Headed {
  readonly watchId: Int64;
  readonly created: boolean;
  readonly canceled: boolean;
  readonly compactRevision: Int64;
  readonly cancelReason: string;
  readonly fragment: boolean;
  readonly events: readonly EventMessage[];
}
export interface LeaseGrantMessage {
  readonly ttl: Int64;
  readonly id: Int64;
}
export interface LeaseIdMessage {
  readonly id: Int64;
}
export interface LeaseTtlMessage extends Headed {
  readonly id: Int64;
  readonly ttl: Int64;
}
export interface LeaseTimeToLiveMessage extends Headed {
  readonly id: Int64;
  readonly ttl: Int64;
  readonly grantedTtl: Int64;
  readonly keys: readonly Uint8Array[];
}
export interface LeaseLeasesMessage extends Headed {
  readonly leases: readonly LeaseIdMessage[];
}
export interface MemberListMessage extends Headed {
  readonly members: readonly {
    readonly id: Int64;
    readonly name: string;
    readonly peerUrls: readonly string[];
    readonly clientUrls: readonly string[];
  }[];
}
export interface StatusMessage extends Headed {
  readonly version: string;
  readonly dbSize: Int64;
  readonly dbSizeInUse: Int64;
  readonly leader: Int64;
  readonly raftIndex: Int64;
  readonly raftTerm: Int64;
  readonly raftAppliedIndex: Int64;
}

export interface Codec<T> {
  encode(message: Sent<T>): Buffer;
  /** Fields that were not sent have their default: 0, "", false, no bytes, [], null. @throws when malformed */
  decode(bytes: Uint8Array): T;
}

const root = rootOf(FIELDS);

export function codecOf<T>(name: MessageName): Codec<T> {
  const type = root.lookupType(name);
  return {
    encode: (message) => Buffer.from(type.encode(message as object).finish()),
    decode: (bytes) => type.decode(bytes) as unknown as T,
  };
}

export function toNumber(value: Int64): number {
  if (typeof value === "number") return value;
  const number = typeof value === "string" ? Number(value) : value.toNumber();
  assert(Number.isSafeInteger(number), `${value} is beyond 2^53`);
  return number;
}

function rootOf(fields: Readonly<Record<string, string>>): protobuf.Root {
  const result = new protobuf.Root();
  for (const [name, declared] of Object.entries(fields)) {
    const type = new protobuf.Type(name);
    for (const each of declared.split(",").map((text) => text.trim()))
      if (each !== "") type.add(fieldOf(each));
    result.add(type);
  }
  result.resolveAll();
  return result;
}

function fieldOf(declared: string): protobuf.Field {
  const match = present(/^(repeated )?(\w+) (\w+) (\d+)$/.exec(declared), `field '${declared}'`);
  const [, repeated, type, name, number] = match;
  return new protobuf.Field(
    present(name, "name"),
    Number(number),
    present(type, "type"),
    repeated === undefined ? undefined : "repeated",
  );
}
