// What one sync of a proxy comes to: what it would hand to the kernel, counted, and what that changes in the rules.
// One shape for all modes, so that sync cost can be compared between them.
import type { RuleChange } from "../netfilter/rule-change.js";

export interface SyncResult {
  /** full: everything is written anew. partial: what the mode resends when a few Services changed. */
  readonly kind: "full" | "partial";
  /** Rules written, statements of deletion (-X) not counted. */
  readonly rules: number;
  /** Chains declared, and so flushed and refilled or created. */
  readonly chains: number;
  /** Set and map elements, virtual and real servers written; 0 where the mode has none. */
  readonly elements: number;
  /** Length of the text in UTF-8. Our texts are ASCII, so characters are bytes. */
  readonly bytes: number;
  /** The text as the mode's tool reads it, in chunks of any size. Made anew on each call. */
  text(): Iterable<string>;
  /**
   * What to apply to the rules that the previous sync left. Null after a full sync, and where a mode has no smaller way:
   * compile the state instead.
   */
  readonly change: RuleChange | null;
  /** Chains out of use that are left for a later sync to delete, where a mode leaves any. */
  readonly staleChains?: Iterable<string>;
}

/** Count the characters of a text in chunks without joining them. */
export function textBytes(chunks: Iterable<string>): number {
  let bytes = 0;
  for (const chunk of chunks) bytes += chunk.length;
  return bytes;
}
