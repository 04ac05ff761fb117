// etcd's gRPC methods that are used here, as data.
import type { MethodDefinition } from "@grpc/grpc-js";
import type * as message from "./etcd-messages.js";
import { codecOf, type MessageName, type Sent } from "./etcd-messages.js";

/** Both sides of a call: what is sent may leave fields out, what is read has them all. */
export interface EtcdMethod<Request, Response> {
  readonly path: string;
  readonly definition: MethodDefinition<Request, Sent<Response>>;
  readonly encodeRequest: (request: Sent<Request>) => Buffer;
  readonly decodeResponse: (bytes: Buffer) => Response;
}

export const KV = {
  range: method<message.RangeRequestMessage, message.RangeResponseMessage>(
    "KV/Range",
    "RangeRequest",
    "RangeResponse",
  ),
  put: method<message.PutRequestMessage, message.PutResponseMessage>("KV/Put", "PutRequest", "PutResponse"),
  deleteRange: method<message.DeleteRangeRequestMessage, message.DeleteRangeResponseMessage>(
    "KV/DeleteRange",
    "DeleteRangeRequest",
    "DeleteRangeResponse",
  ),
  txn: method<message.TxnRequestMessage, message.TxnResponseMessage>("KV/Txn", "TxnRequest", "TxnResponse"),
  compact: method<message.CompactionRequestMessage, message.Headed>(
    "KV/Compact",
    "CompactionRequest",
    "HeaderOnly",
  ),
};

export const WATCH = {
  watch: method<message.WatchRequestMessage, message.WatchResponseMessage>(
    "Watch/Watch",
    "WatchRequest",
    "WatchResponse",
    { streams: true },
  ),
};

export const LEASE = {
  grant: method<message.LeaseGrantMessage, message.LeaseTtlMessage>(
    "Lease/LeaseGrant",
    "LeaseGrantRequest",
    "LeaseTtlResponse",
  ),
  revoke: method<message.LeaseIdMessage, message.Headed>("Lease/LeaseRevoke", "LeaseIdRequest", "HeaderOnly"),
  keepAlive: method<message.LeaseIdMessage, message.LeaseTtlMessage>(
    "Lease/LeaseKeepAlive",
    "LeaseIdRequest",
    "LeaseTtlResponse",
    { streams: true },
  ),
  timeToLive: method<message.LeaseIdMessage & { readonly keys: boolean }, message.LeaseTimeToLiveMessage>(
    "Lease/LeaseTimeToLive",
    "LeaseTimeToLiveRequest",
    "LeaseTimeToLiveResponse",
  ),
  leases: method<object, message.LeaseLeasesMessage>("Lease/LeaseLeases", "Empty", "LeaseLeasesResponse"),
};

export const CLUSTER = {
  memberList: method<object, message.MemberListMessage>("Cluster/MemberList", "Empty", "MemberListResponse"),
};

export const MAINTENANCE = {
  /** Only ever answers that there are none. */
  alarm: method<object, message.Headed>("Maintenance/Alarm", "Empty", "HeaderOnly"),
  status: method<object, message.StatusMessage>("Maintenance/Status", "Empty", "StatusResponse"),
  defragment: method<object, message.Headed>("Maintenance/Defragment", "Empty", "HeaderOnly"),
};

function method<Request, Response>(
  name: string,
  requestName: MessageName,
  responseName: MessageName,
  { streams } = { streams: false },
): EtcdMethod<Request, Response> {
  const request = codecOf<Request>(requestName);
  const response = codecOf<Response>(responseName);
  const path = `/etcdserverpb.${name}`;
  return {
    path,
    encodeRequest: request.encode,
    decodeResponse: response.decode,
    definition: {
      path,
      requestStream: streams,
      responseStream: streams,
      // A server only reads requests and only sends responses.
      requestSerialize: (message) => request.encode(message as Sent<Request>),
      requestDeserialize: request.decode,
      responseSerialize: response.encode,
      responseDeserialize: (bytes) => response.decode(bytes) as Sent<Response>,
    },
  };
}
