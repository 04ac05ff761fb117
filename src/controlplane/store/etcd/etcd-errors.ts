// Our error codes and etcd's: gRPC status and message, which clients compare literally. One table for both directions.
// Source: etcd api/v3rpc/rpctypes/error.go.
import { type ServiceError, status } from "@grpc/grpc-js";
import { StoreError, type StoreErrorCode } from "../store.js";

interface EtcdStatus {
  readonly code: status;
  readonly details: string;
}

const STATUSES: Readonly<Record<StoreErrorCode, EtcdStatus>> = {
  Compacted: { code: status.OUT_OF_RANGE, details: "etcdserver: mvcc: required revision has been compacted" },
  FutureRevision: {
    code: status.OUT_OF_RANGE,
    details: "etcdserver: mvcc: required revision is a future revision",
  },
  LeaseNotFound: { code: status.NOT_FOUND, details: "etcdserver: requested lease not found" },
  LeaseExists: { code: status.FAILED_PRECONDITION, details: "etcdserver: lease already exists" },
  DuplicateKey: { code: status.INVALID_ARGUMENT, details: "etcdserver: duplicate key given in txn request" },
  TooManyOperations: {
    code: status.INVALID_ARGUMENT,
    details: "etcdserver: too many operations in txn request",
  },
  TooLarge: { code: status.INVALID_ARGUMENT, details: "etcdserver: request is too large" },
  NoSpace: { code: status.RESOURCE_EXHAUSTED, details: "etcdserver: mvcc: database space exceeded" },
  Unwritable: { code: status.UNAVAILABLE, details: "etcdserver: cannot write to disk" },
  Locked: { code: status.UNAVAILABLE, details: "etcdserver: data folder is locked" },
  Closed: { code: status.UNAVAILABLE, details: "etcdserver: server stopped" },
  Unavailable: { code: status.UNAVAILABLE, details: "etcdserver: request timed out" },
};

/** Of requests that never reach a store. */
export const REQUEST_STATUSES = {
  emptyKey: { code: status.INVALID_ARGUMENT, details: "etcdserver: key is not provided" },
  keyNotFound: { code: status.INVALID_ARGUMENT, details: "etcdserver: key not found" },
  valueProvided: { code: status.INVALID_ARGUMENT, details: "etcdserver: value is provided" },
  leaseProvided: { code: status.INVALID_ARGUMENT, details: "etcdserver: lease is provided" },
  ttlTooLarge: { code: status.OUT_OF_RANGE, details: "etcdserver: too large lease TTL" },
  unsupported: { code: status.UNIMPLEMENTED, details: "etcdserver: not supported by this server" },
} as const satisfies Record<string, EtcdStatus>;

/** A request that is refused before it reaches the store. */
export class RequestRefused extends Error {
  override readonly name = "RequestRefused";
  readonly status: EtcdStatus;

  constructor(reason: keyof typeof REQUEST_STATUSES) {
    super(REQUEST_STATUSES[reason].details);
    this.status = REQUEST_STATUSES[reason];
  }
}

export function statusOf(error: unknown): EtcdStatus {
  if (error instanceof RequestRefused) return error.status;
  if (error instanceof StoreError) return STATUSES[error.code];
  return { code: status.INTERNAL, details: error instanceof Error ? error.message : String(error) };
}

const BY_DETAILS = new Map(
  Object.entries(STATUSES).map(([code, { details }]) => [details, code as StoreErrorCode]),
);
BY_DETAILS.set(REQUEST_STATUSES.ttlTooLarge.details, "TooLarge");

/** gRPC's own words, of a request so large that etcd never saw it. */
const BEYOND_TRANSPORT = /message larger than max/i;

export function storeErrorOf(error: ServiceError): StoreError {
  const code = BY_DETAILS.get(error.details);
  if (code !== undefined) return new StoreError(code);
  if (BEYOND_TRANSPORT.test(error.details)) return new StoreError("TooLarge");
  return new StoreError("Unavailable", { detail: error.details || error.message });
}
