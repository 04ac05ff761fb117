// How a process in a simulated container asks a name server: kubelets hand it to containers, who answers is bound from
// outside.

export interface NameRecord {
  /** Without the last dot. */
  readonly name: string;
  readonly type: string;
  /** As nslookup prints it: an address, a name, "0 100 443 target", text. */
  readonly text: string;
}

export interface NameAnswer {
  /** "NOERROR", "NXDOMAIN"... */
  readonly rcode: string;
  readonly records: readonly NameRecord[];
}

/**
 * @param server address of the name server
 * @param name in lower case, without the last dot
 * @returns null: nothing answers there
 */
export type NameLookup = (server: string, name: string, type: string) => NameAnswer | null;

/** As without a network. */
export const NO_NAMES: NameLookup = () => null;
