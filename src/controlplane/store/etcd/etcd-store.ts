// A real etcd (or anything that serves its v3 protocol) as a store, over gRPC. Keys may live under a prefix, so that
// several clusters share one etcd.
import { type Client, credentials, Client as GrpcClient, type ServiceError } from "@grpc/grpc-js";
import type { Timers } from "../../../base/timers.js";
import {
  type Compare,
  type KeyValue,
  type LeaseId,
  type LeaseStatus,
  type Operation,
  type OperationResult,
  prefixEnd,
  type RangeRequest,
  type RangeResponse,
  type Revision,
  type Store,
  StoreError,
  type StoreEvent,
  type StoreWatch,
  type Txn,
  type TxnResponse,
  type WatchListener,
  type WatchOptions,
} from "../store.js";
import {
  compareMessage,
  keyText,
  operationMessage,
  operationResultOf,
  rangeRequestMessage,
  rangeResponseOf,
} from "./etcd-convert.js";
import { storeErrorOf } from "./etcd-errors.js";
import { type Headed, type LeaseTtlMessage, type Sent, toNumber } from "./etcd-messages.js";
import { type EtcdMethod, KV, LEASE, MAINTENANCE } from "./etcd-methods.js";
import { EtcdWatches } from "./etcd-watches.js";

export interface EtcdStoreOptions {
  /** host:port */
  readonly address: string;
  /** Of all keys; not seen by the user of the store. */
  readonly prefix: string;
  readonly timers: Timers;
}

/** How long one call may take. etcd's own request timeout is 7 s. */
const CALL_MS_MAX = 10_000;
/** How long the first answer may take. */
const CONNECT_MS_MAX = 5_000;
/** A range answers with everything it found: only the server's memory limits it. */
const CHANNEL_OPTIONS = { "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 };

/** @throws {StoreError} Unavailable when nothing answers there */
export async function openEtcdStore(options: EtcdStoreOptions): Promise<Store> {
  const store = new EtcdStore(options);
  try {
    await store.connect();
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

class EtcdStore implements Store {
  readonly #client: Client;
  readonly #timers: Timers;
  readonly #keys: KeyPrefix;
  readonly #watches: EtcdWatches;
  #revision: Revision = 0;
  #closed = false;

  constructor({ address, prefix, timers }: EtcdStoreOptions) {
    this.#client = new GrpcClient(address, credentials.createInsecure(), CHANNEL_OPTIONS);
    this.#timers = timers;
    this.#keys = new KeyPrefix(prefix);
    this.#watches = new EtcdWatches(this.#client, timers, (revision) => this.#sawRevision(revision));
  }

  async connect(): Promise<void> {
    await this.#call(KV.range, { key: Buffer.from("\0"), countOnly: true }, CONNECT_MS_MAX);
  }

  /** The newest this client has seen. */
  revision(): Revision {
    return this.#revision;
  }

  async range(request: RangeRequest): Promise<RangeResponse> {
    const response = await this.#call(KV.range, rangeRequestMessage(this.#keys.range(request)));
    return this.#keys.rangeAnswer(rangeResponseOf(response));
  }

  async txn(txn: Txn): Promise<TxnResponse> {
    const response = await this.#call(KV.txn, {
      compare: txn.compare.map((each) => compareMessage(this.#keys.one(each))),
      success: txn.success.map((each) => operationMessage(this.#keys.operation(each))),
      failure: txn.failure.map((each) => operationMessage(this.#keys.operation(each))),
    });
    const results = response.responses.map((each) => this.#keys.answer(operationResultOf(each)));
    return { revision: revisionOf(response), succeeded: response.succeeded, results };
  }

  async compact(revision: Revision): Promise<void> {
    await this.#call(KV.compact, { revision });
  }

  watch(options: WatchOptions, listener: WatchListener): StoreWatch {
    if (this.#closed) {
      queueMicrotask(() => listener.onEnd(new StoreError("Closed")));
      return { cancel: () => {}, delivered: () => this.#revision };
    }
    return this.#watches.start(this.#keys.range(options), {
      onEvents: (events, revision) =>
        listener.onEvents(
          events.map((each) => this.#keys.event(each)),
          revision,
        ),
      onEnd: (error) => listener.onEnd(error),
    });
  }

  async grantLease(ttlSeconds: number, id: LeaseId): Promise<LeaseStatus> {
    const granted = await this.#call(LEASE.grant, { ttl: ttlSeconds, id });
    const ttl = toNumber(granted.ttl);
    return { id: granted.id.toString(), grantedTtlSeconds: ttl, ttlSeconds: ttl, keys: [] };
  }

  async revokeLease(id: LeaseId): Promise<void> {
    await this.#call(LEASE.revoke, { id });
  }

  async keepAliveLease(id: LeaseId): Promise<LeaseStatus> {
    const renewed = await this.#renew(id);
    if (toNumber(renewed.ttl) <= 0) throw new StoreError("LeaseNotFound");
    return this.leaseStatus(id);
  }

  async leaseStatus(id: LeaseId): Promise<LeaseStatus> {
    const status = await this.#call(LEASE.timeToLive, { id, keys: true });
    const ttlSeconds = toNumber(status.ttl);
    const grantedTtlSeconds = toNumber(status.grantedTtl);
    if (ttlSeconds < 0 && grantedTtlSeconds === 0) throw new StoreError("LeaseNotFound");
    const keys = status.keys.map((key) => this.#keys.without(keyText(key))).sort();
    return { id, grantedTtlSeconds, ttlSeconds, keys };
  }

  async leases(): Promise<readonly LeaseId[]> {
    return (await this.#call(LEASE.leases, {})).leases.map((each) => each.id.toString());
  }

  async sizeBytes(): Promise<number> {
    return toNumber((await this.#call(MAINTENANCE.status, {})).dbSize);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#watches.close();
    this.#client.close();
  }

  #call<Request, Response extends Headed>(
    method: EtcdMethod<Request, Response>,
    request: NoInfer<Sent<Request>>,
    withinMs = CALL_MS_MAX,
  ): Promise<Response> {
    if (this.#closed) return Promise.reject(new StoreError("Closed"));
    const deadline = this.#timers.wall().getTime() + withinMs;
    return new Promise((resolve, reject) => {
      const answered = (error: ServiceError | null, response?: Response): void => {
        if (error !== null || response === undefined) {
          reject(this.#closed || error === null ? new StoreError("Closed") : storeErrorOf(error));
          return;
        }
        this.#sawRevision(revisionOf(response));
        resolve(response);
      };
      const { path, encodeRequest, decodeResponse } = method;
      this.#client.makeUnaryRequest(path, encodeRequest, decodeResponse, request, { deadline }, answered);
    });
  }

  /** A stream in the protocol; one question and one answer here. */
  #renew(id: LeaseId): Promise<LeaseTtlMessage> {
    const { path, encodeRequest, decodeResponse } = LEASE.keepAlive;
    return new Promise((resolve, reject) => {
      const stream = this.#client.makeBidiStreamRequest(path, encodeRequest, decodeResponse, {
        deadline: this.#timers.wall().getTime() + CALL_MS_MAX,
      });
      stream.on("data", (response: LeaseTtlMessage) => {
        resolve(response);
        stream.end();
      });
      stream.on("error", (error: ServiceError) => reject(storeErrorOf(error)));
      stream.on("end", () => reject(new StoreError("Unavailable")));
      stream.write({ id });
    });
  }

  #sawRevision(revision: Revision): void {
    this.#revision = Math.max(this.#revision, revision);
  }
}

function revisionOf({ header }: Headed): Revision {
  return header === null ? 0 : toNumber(header.revision);
}

/** Puts keys under a prefix and takes it off again. */
class KeyPrefix {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  one<T extends Compare>(compare: T): T {
    return { ...compare, key: this.#prefix + compare.key };
  }

  range<T extends { readonly key: string; readonly rangeEnd?: string }>(request: T): T {
    // etcd takes no empty key; the smallest one is the same start of a range.
    const key = this.#prefix + request.key || "\0";
    if (request.rangeEnd === undefined || request.rangeEnd === "") return { ...request, key };
    if (this.#prefix === "") return { ...request, key };
    const rangeEnd = request.rangeEnd === "\0" ? prefixEnd(this.#prefix) : this.#prefix + request.rangeEnd;
    return { ...request, key, rangeEnd };
  }

  operation(operation: Operation): Operation {
    return operation.op === "put"
      ? { ...operation, key: this.#prefix + operation.key }
      : this.range<Operation>(operation);
  }

  without(key: string): string {
    return key.slice(this.#prefix.length);
  }

  event({ type, kv, prevKv }: StoreEvent): StoreEvent {
    return { type, kv: this.#keyValue(kv), prevKv: prevKv === null ? null : this.#keyValue(prevKv) };
  }

  rangeAnswer(response: RangeResponse): RangeResponse {
    return { ...response, kvs: response.kvs.map((kv) => this.#keyValue(kv)) };
  }

  answer(result: OperationResult): OperationResult {
    switch (result.op) {
      case "range":
        return { ...result, ...this.rangeAnswer(result) };
      case "put":
        return { ...result, prevKv: result.prevKv === null ? null : this.#keyValue(result.prevKv) };
      case "delete":
        return { ...result, prevKvs: result.prevKvs.map((kv) => this.#keyValue(kv)) };
    }
  }

  #keyValue(kv: KeyValue): KeyValue {
    return this.#prefix === "" ? kv : { ...kv, key: this.without(kv.key) };
  }
}
