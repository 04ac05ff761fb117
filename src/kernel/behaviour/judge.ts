// Whether what was seen of a conversation is one of its fates, packet by packet, and if not, where it left them.
// A masqueraded packet may have any port of any address of the node, and one whose port was taken any port; all else must
// be exactly as the model says.
import type { Verdict } from "../../netfilter/packet.js";
import type { Tuple } from "../../netfilter/tracer/conntrack.js";
import { clientOf, type Conversation, type HeldConversation } from "./conversation.js";
import { CANONICAL_PORT_FIRST, type Fate, type Fates, type PacketFate } from "./fates.js";

/** What was seen of one packet. */
export interface PacketSight {
  readonly verdict: Verdict;
  /** As it was seen where it came out; null when it did not. */
  readonly sent: Tuple | null;
  /** Seen on the node itself. */
  readonly isLocal: boolean;
  /** How often it came out. */
  readonly copies: number;
}

export type Judgement =
  | { readonly agrees: true }
  | {
      readonly agrees: false;
      /** The first utterance whose packet became what it could not. */
      readonly index: number;
      /** What it could have become, after what became of those before it. */
      readonly expected: readonly PacketFate[];
      /** Fates of the packets before it. */
      readonly before: readonly PacketFate[];
    };

/**
 * @param sights one per packet that was sent
 * @param nodeAddresses which a masqueraded packet may have as its source
 */
export function judge(
  fates: Fates,
  held: HeldConversation,
  sights: readonly PacketSight[],
  nodeAddresses: ReadonlySet<string>,
): Judgement {
  const seen = sights.map((sight) => canonical(sight, held));
  const view = { conversation: held.conversation, seen, nodeAddresses };
  let left = fates.all;
  for (const index of seen.keys()) {
    const fitting = left.filter((fate) => fits(fate, index, view));
    if (fitting.length === 0) {
      const expected = left.flatMap(({ packets }) => packets[index] ?? []);
      const before = left[0]?.packets.slice(0, index) ?? [];
      return { agrees: false, index, expected: distinct(expected), before };
    }
    left = fitting;
  }
  return { agrees: true };
}

interface View {
  readonly conversation: Conversation;
  readonly seen: readonly PacketSight[];
  readonly nodeAddresses: ReadonlySet<string>;
}

function fits({ packets, isOpen }: Fate, index: number, view: View): boolean {
  const { conversation, seen, nodeAddresses } = view;
  const [fate, sight] = [packets[index], seen[index]];
  if (fate === undefined) return isOpen;
  if (sight === undefined || sight.copies > 1) return false;
  // Whether a destination counts as translated depends on the port that masquerading chose: addresses are compared below.
  if (fate.sent === null || sight.sent === null) return fate.verdict === sight.verdict;
  if (fate.isLocal !== sight.isLocal || !sameEnd(fate.sent, sight.sent, "destination")) return false;
  if (fate.masquerade) {
    const { source } = fate.sent;
    // Where a client keeps its address, only its port was taken: the kernel chooses another at random.
    const isRight = nodeAddresses.has(source)
      ? nodeAddresses.has(sight.sent.source)
      : sight.sent.source === source;
    return isRight && isLikeBefore(packets, index, seen);
  }
  // The node shares its ports with those it masquerades: where the same is taken already, the kernel gives it another.
  const isNodes = conversation.utterances[index]?.from === "client" && nodeAddresses.has(fate.sent.source);
  if (!isNodes) return sameEnd(fate.sent, sight.sent, "source");
  return fate.sent.source === sight.sent.source && isLikeBefore(packets, index, seen);
}

/** Packets of one connection leave alike: its port is chosen once. */
function isLikeBefore(packets: readonly PacketFate[], index: number, seen: readonly PacketSight[]): boolean {
  const [fate, sight] = [packets[index], seen[index]];
  if (fate?.isNew) return true;
  return packets.slice(0, index).every((earlier, at) => {
    const other = seen[at]?.sent;
    if (!earlier.sent || !other || !fate?.sent || !sight?.sent) return true;
    const isOneFlow =
      sameEnd(earlier.sent, fate.sent, "source") && sameEnd(earlier.sent, fate.sent, "destination");
    return !isOneFlow || sameEnd(other, sight.sent, "source");
  });
}

function sameEnd(a: Tuple, b: Tuple, end: "source" | "destination"): boolean {
  return a[end] === b[end] && a[`${end}Port`] === b[`${end}Port`];
}

/** The client's ports as fates name them. */
function canonical(sight: PacketSight, { conversation, sourcePorts }: HeldConversation): PacketSight {
  if (sight.sent === null) return sight;
  const client = clientOf(conversation);
  const port = (ip: string, port: number) => {
    const flow = ip === client ? sourcePorts.indexOf(port) : -1;
    return flow < 0 ? port : flow + CANONICAL_PORT_FIRST;
  };
  const { sent } = sight;
  return {
    ...sight,
    sent: {
      ...sent,
      sourcePort: port(sent.source, sent.sourcePort),
      destinationPort: port(sent.destination, sent.destinationPort),
    },
  };
}

function distinct(fates: readonly PacketFate[]): PacketFate[] {
  return [...new Map(fates.map((fate) => [JSON.stringify(fate), fate])).values()];
}
