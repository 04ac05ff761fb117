// A store behind etcd's gRPC on loopback, so that etcdctl and any etcd client work on it. It answers as a cluster of one
// member that is its own leader. Not served: nested transactions, compares over ranges, snapshots, users and roles.
import {
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import type { Timers } from "../../../base/timers.js";
import type { Store } from "../store.js";
import { StoreError } from "../store.js";
import { LEASE_TTL_SECONDS_MAX } from "../store-limits.js";
import { headerOf, keyBytes } from "./etcd-convert.js";
import { RequestRefused, statusOf } from "./etcd-errors.js";
import {
  type LeaseGrantMessage,
  type LeaseIdMessage,
  type LeaseTtlMessage,
  type Sent,
  toNumber,
} from "./etcd-messages.js";
import { CLUSTER, type EtcdMethod, KV, LEASE, MAINTENANCE, WATCH } from "./etcd-methods.js";
import { compact, deleteRange, put, range, txn } from "./serve-kv.js";
import { serveWatch } from "./serve-watch.js";

export interface ServeEtcdOptions {
  /** A loopback address: nothing here asks who is calling. */
  readonly host: string;
  /** 0: one that is free. */
  readonly port: number;
  readonly timers: Timers;
}

export interface EtcdServer {
  readonly port: number;
  /** Ends all streams. The store stays open. */
  close(): Promise<void>;
}

/** What a client that asks for the version is told: the protocol is that of etcd 3.5. */
const SERVED_VERSION = "3.5.0";
/** A request above the store's limit must arrive to be refused with etcd's words. */
const MESSAGE_BYTES_MAX = 16 * 1024 * 1024;

/** @throws {StoreError} Unavailable when the port cannot be had */
export async function serveEtcd(store: Store, { host, port, timers }: ServeEtcdOptions): Promise<EtcdServer> {
  const server = new Server({
    "grpc.max_receive_message_length": MESSAGE_BYTES_MAX,
    "grpc.max_send_message_length": -1,
  });
  const served = new Served();
  addKv(served, store);
  addLeases(served, store);
  served.stream(WATCH.watch, (call) => serveWatch(store, timers, call));
  addMembership(served, store, `http://${host}:${port}`);
  server.addService(served.definition, served.implementation);
  const bound = await bind(server, host, port);
  return { port: bound, close: async () => server.forceShutdown() };
}

function bind(server: Server, host: string, port: number): Promise<number> {
  const address = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(new StoreError("Unavailable", { detail: `${address}: ${error.message}` }));
    });
  });
}

type StreamCall<Request, Response> = {
  on(event: "data", listen: (request: Request) => void): unknown;
  on(event: "end" | "cancelled" | "drain" | "error", listen: () => void): unknown;
  /** False: wait for drain. */
  write(response: Sent<Response>): boolean;
  end(): void;
};

/** The methods that are served, as grpc-js wants them. */
class Served {
  readonly definition: Record<string, ServiceDefinition[string]> = {};
  readonly implementation: UntypedServiceImplementation = {};

  unary<Request, Response>(
    method: EtcdMethod<Request, Response>,
    answer: (request: Request) => Promise<Sent<Response>>,
  ): void {
    const handle: handleUnaryCall<Request, Sent<Response>> = (call, callback) => {
      answer(call.request).then(
        (response) => callback(null, response),
        (error: unknown) => callback(statusOf(error)),
      );
    };
    this.definition[method.path] = method.definition;
    this.implementation[method.path] = handle;
  }

  stream<Request, Response>(
    method: EtcdMethod<Request, Response>,
    serve: (call: StreamCall<Request, Response>) => void,
  ): void {
    this.definition[method.path] = method.definition;
    this.implementation[method.path] = serve;
  }
}

function addKv(served: Served, store: Store): void {
  served.unary(KV.range, (request) => range(store, request));
  served.unary(KV.put, (request) => put(store, request));
  served.unary(KV.deleteRange, (request) => deleteRange(store, request));
  served.unary(KV.txn, (request) => txn(store, request));
  served.unary(KV.compact, (request) => compact(store, request));
}

function addLeases(served: Served, store: Store): void {
  const header = () => headerOf(store.revision());
  served.unary(LEASE.grant, async ({ ttl, id }: LeaseGrantMessage) => {
    if (toNumber(ttl) > LEASE_TTL_SECONDS_MAX) throw new RequestRefused("ttlTooLarge");
    const granted = await store.grantLease(toNumber(ttl), id.toString());
    return { header: header(), id: granted.id, ttl: granted.grantedTtlSeconds };
  });
  served.unary(LEASE.revoke, async ({ id }) => {
    await store.revokeLease(id.toString());
    return { header: header() };
  });
  served.unary(LEASE.timeToLive, async ({ id, keys }) => {
    try {
      const found = await store.leaseStatus(id.toString());
      const attached = keys ? found.keys.map(keyBytes) : [];
      const { ttlSeconds: ttl, grantedTtlSeconds: grantedTtl } = found;
      return { header: header(), id: found.id, ttl, grantedTtl, keys: attached };
    } catch (error) {
      if (!isLeaseNotFound(error)) throw error;
      return { header: header(), id: id.toString(), ttl: -1 };
    }
  });
  served.unary(LEASE.leases, async () => ({
    header: header(),
    leases: (await store.leases()).map((id) => ({ id })),
  }));
  served.stream(LEASE.keepAlive, (call) => {
    call.on("data", ({ id }: LeaseIdMessage) => void keepAlive(store, id.toString(), call));
    call.on("end", () => call.end());
    call.on("error", () => {});
  });
}

async function keepAlive(
  store: Store,
  id: string,
  call: StreamCall<LeaseIdMessage, LeaseTtlMessage>,
): Promise<void> {
  try {
    const { grantedTtlSeconds } = await store.keepAliveLease(id);
    call.write({ header: headerOf(store.revision()), id, ttl: grantedTtlSeconds });
  } catch (error) {
    // A lease that is gone has no time left; that is how the protocol says so.
    if (isLeaseNotFound(error)) call.write({ header: headerOf(store.revision()), id, ttl: 0 });
    else call.end();
  }
}

function isLeaseNotFound(error: unknown): boolean {
  return error instanceof StoreError && error.code === "LeaseNotFound";
}

function addMembership(served: Served, store: Store, url: string): void {
  const header = () => headerOf(store.revision());
  served.unary(CLUSTER.memberList, async () => ({
    header: header(),
    members: [{ id: 1, name: "embedded", peerUrls: [url], clientUrls: [url] }],
  }));
  served.unary(MAINTENANCE.alarm, async () => ({ header: header() }));
  served.unary(MAINTENANCE.defragment, async () => ({ header: header() }));
  served.unary(MAINTENANCE.status, async () => {
    const dbSize = await store.sizeBytes();
    const index = store.revision();
    const raft = { leader: 1, raftIndex: index, raftAppliedIndex: index, raftTerm: 1 };
    return { header: header(), version: SERVED_VERSION, dbSize, dbSizeInUse: dbSize, ...raft };
  });
}
