// What is given to the tools of one kernel path at one size, made elsewhere: texts, and what was counted in them.
import type { KernelPath, ProgrammingRecord } from "../../measure/kernel-record.js";

/** The paths that tools program. Virtual servers of ipvs are written by kube-proxy itself, over netlink. */
export const PROGRAMMING_PATHS = [
  "iptables-legacy",
  "iptables-nft",
  "nftables",
  "ipset",
] as const satisfies readonly KernelPath[];
export type ProgrammingPath = (typeof PROGRAMMING_PATHS)[number];

export type ProgrammingChange = ProgrammingRecord["change"];

/** What documents are made for. */
export interface ProgrammingCase {
  readonly path: ProgrammingPath;
  readonly services: number;
}

/** A text for one tool. nft's has one command a line, none of which names what a later one makes. */
export interface ToolText {
  readonly part: "iptables" | "ipset" | "nft";
  readonly chunks: readonly string[];
}

/** Counted in the texts. */
export interface DocumentCounts {
  readonly bytes: number;
  readonly rules: number;
  /** Chains declared, and so emptied where they are there. */
  readonly chains: number;
  /** Set and map elements added. */
  readonly elements: number;
}

export interface ChangeDocument extends DocumentCounts {
  /** In the order in which the tools are run. */
  readonly texts: readonly ToolText[];
}

export interface ProgrammingDocuments {
  /** For a namespace that has nothing. */
  readonly full: ChangeDocument;
  /** The same state again, over what `full` left. */
  readonly resync: ChangeDocument;
  /** One Service changed, and changed back. */
  readonly oneService: readonly [there: ChangeDocument, back: ChangeDocument];
}
