// ipset sets, as `ipset save` lists them: the types kube-proxy uses, and those common beside it.

export const SET_TYPES = [
  "hash:ip",
  "hash:net",
  "hash:ip,port",
  "hash:ip,port,ip",
  "hash:ip,port,net",
  "bitmap:port",
] as const;
export type SetType = (typeof SET_TYPES)[number];

export interface IpSet {
  readonly name: string;
  readonly type: SetType;
  readonly family: "inet" | "inet6";
  /** hash types: initial buckets (a power of two) and the most elements it may hold. */
  readonly hashSize: number;
  readonly elementsMax: number;
  /** bitmap:port: inclusive range. */
  readonly range: { readonly first: number; readonly last: number } | null;
  readonly comment: string | null;
  /** Element texts in ipset's own form: "10.96.0.1,tcp:443", "10.0.0.1,tcp:80,10.0.0.0/8", "30080", "10.0.0.1". */
  readonly elements: Set<string>;
}
