// Conversations as a shell script that holds them again: throwaway namespaces, the same commands, the same bytes.
// Packets are written in octal, which printf of any shell turns into bytes. An answer is made of the packet that came
// out: its ends swapped, a few bytes put in; checksums of such packets are wrong, so conntrack is told not to look.
//
//   packets | exchange PORTS | od > /run/seen   then awk: what came out, as text
import { commandText, type Command } from "../host/command.js";
import { namespacesOf, makeNode } from "../host/topology.js";
import { injectorProgram } from "../injector/build.js";
import { MARK, portText, recordHeader } from "../injector/exchange.js";
import type { Packet } from "../../netfilter/packet.js";
import { packetText } from "../../netfilter/tracer/index.js";
import {
  askedBefore,
  type Conversation,
  flowsOf,
  type HeldConversation,
  packetOf,
  type Utterance,
} from "./conversation.js";
import { acknowledged, wireNumber, wirePacket } from "./hold.js";
import { type NodePlan, portOf, portsOf } from "./tested-node.js";
import { encodePacket, SCTP_CHUNKS } from "./wire-packet.js";

/** Rules larger than this are not printed, but named. */
const RULES_CHARS_MAX = 200_000;

/** Awk: bytes in decimal -> a line per packet seen. */
const SHOW = [
  "{ for (i = 1; i <= NF; i++) b[n++] = $i }",
  "function word(at) { return b[at] * 256 + b[at + 1] }",
  'function ip4(at) { return b[at] "." b[at + 1] "." b[at + 2] "." b[at + 3] }',
  'function ip6(at,  t, i) { for (i = 0; i < 16; i += 2) t = t (i ? ":" : "") sprintf("%x", word(at + i)); return "[" t "]" }',
  "END {",
  "  for (at = 0; at + 8 <= n; at += 8 + size) {",
  "    size = b[at + 4] + 256 * b[at + 5]; port = b[at] + 256 * b[at + 1]; o = at + 8",
  "    if (port == 65535) continue",
  "    six = b[o] >= 96; protocol = six ? b[o + 6] : b[o + 9]; h = o + (six ? 40 : 20)",
  "    from = six ? ip6(o + 8) : ip4(o + 12); to = six ? ip6(o + 24) : ip4(o + 16)",
  "    if (protocol == 58 ? b[h] > 4 : protocol != 1 && protocol != 6 && protocol != 17 && protocol != 132) continue",
  '    if (protocol == 1 || protocol == 58) what = "icmp type " b[h] " code " b[h + 1] ", " from " > " to',
  '    else what = (protocol == 6 ? "tcp " : protocol == 17 ? "udp " : "sctp ") from ":" word(h) " > " to ":" word(h + 2)',
  '    split(places, place); print "  came out at " place[port + 1] ": " what; seen++',
  "  }",
  '  if (!seen) print "  nothing came out"',
  "}",
];

/** Awk: the first packet that came out beyond, ends swapped and bytes put in ("offset value ...", behind the IP header). */
const REPLY = [
  "{ for (i = 1; i <= NF; i++) b[n++] = $i }",
  "function swap(a, c, count,  i, t) { for (i = 0; i < count; i++) { t = b[a + i]; b[a + i] = b[c + i]; b[c + i] = t } }",
  "function ours(o,  p) { p = b[o] >= 96 ? b[o + 6] : b[o + 9]; return p == 6 || p == 17 || p == 132 }",
  "END {",
  "  for (at = 0; at + 8 <= n; at += 8 + b[at + 4] + 256 * b[at + 5])",
  "    if (b[at] + 256 * b[at + 1] == beyond && ours(at + 8)) break",
  "  if (at + 8 > n) exit",
  "  size = b[at + 4] + 256 * b[at + 5]; o = at + 8; six = b[o] >= 96; h = o + (six ? 40 : 20)",
  "  if (six) swap(o + 8, o + 24, 16); else swap(o + 12, o + 16, 4)",
  "  swap(h, h + 2, 2)",
  '  count = split(edits, edit, " ")',
  "  for (i = 1; i < count; i += 2) b[h + edit[i]] = edit[i + 1]",
  '  for (i = at; i < o + size; i++) printf "\\\\%03o", b[i]',
  "}",
];

/** @returns lines of a script for sh; root, or the user of a new user namespace, runs it */
export function repeatScript(plan: NodePlan, conversations: readonly Conversation[]): string[] {
  const places = [...plan.node.interfaces, "beyond", "node"].join(" ");
  const beyond = plan.node.interfaces.length;
  const { node } = namespacesOf(plan.node);
  const noChecksums: Command = {
    netns: node,
    argv: ["sysctl", "-qw", "net.netfilter.nf_conntrack_checksum=0"],
  };
  return [
    `# sh, as root; others put 'unshare --user --map-root-user' in front. The program is src/kernel/injector/exchange.c.`,
    `exchange='${injectorProgram("exchange")}' unshare --mount --net sh -s <<'PLUMB'`,
    "set -e",
    "mount --make-rprivate /; mount -t tmpfs plumb /run; mkdir /run/netns; ip link set lo up",
    ...[...makeNode(plan.node), ...plan.load, noChecksums].flatMap(commandLines),
    `ports='${portsOf(plan).map(portText).join(" ")}'`,
    `show() { awk -v places='${places}' '`,
    ...SHOW,
    "' /run/seen; }",
    `reply() { awk -v beyond=${beyond} -v edits="$1" '`,
    ...REPLY,
    "' /run/seen; }",
    `send() { { printf "$1"; printf '${octal(recordHeader(MARK, 0))}'; } | "$exchange" $ports | od -An -v -tu1 > /run/seen; show; }`,
    ...sendLines(plan, conversations),
    "PLUMB",
  ];
}

/** A command with its input written out below it. */
function commandLines(command: Command): string[] {
  const text = command.stdin === undefined ? "" : [...command.stdin()].join("");
  if (text === "") return [commandText(command)];
  const line = commandText(command).replace(/ < rules$/, "");
  if (text.length > RULES_CHARS_MAX)
    return [`# ${line} < rules   (${text.length} characters, as 'plumb compile' prints them)`];
  return [`${line} <<'RULES'`, ...text.replace(/\n$/, "").split("\n"), "RULES"];
}

/** Ports count up from here, over all conversations. */
const PORT_FIRST = 1024;

function sendLines(plan: NodePlan, conversations: readonly Conversation[]): string[] {
  let port = PORT_FIRST;
  return conversations.flatMap((conversation, at) => {
    const sourcePorts = Array.from({ length: flowsOf(conversation) }, () => port++);
    const held: HeldConversation = { conversation, number: at + 1, sourcePorts };
    return conversation.utterances.flatMap((utterance, index) => sayLines(plan, held, utterance, index));
  });
}

function sayLines(plan: NodePlan, held: HeldConversation, utterance: Utterance, index: number): string[] {
  if (utterance.from === "target") {
    const asked = held.conversation.utterances[askedBefore(held.conversation, index)];
    const protocol = asked?.from === "client" ? asked.packet.protocol : "tcp";
    const flags = protocol === "tcp" ? ` with flags ${utterance.tcpFlags}` : "";
    return [
      `echo 'the answer of whoever got the last one${flags}'`,
      `send "$(reply '${answerEdits(held, index, { protocol, tcpFlags: utterance.tcpFlags })}')"`,
    ];
  }
  const packet = packetOf(utterance, held.sourcePorts);
  const bytes = encodePacket(wirePacket(held, index, packet));
  const record = [...recordHeader(portOf(plan, packet.inInterface), bytes.length), ...bytes];
  return [`echo '${packetText(packet)}'`, `send '${octal(record)}'`];
}

/** "offset value ..." for the bytes in which an answer differs from the packet it answers, ends apart. */
function answerEdits(
  held: HeldConversation,
  index: number,
  { protocol, tcpFlags }: Pick<Packet, "protocol" | "tcpFlags">,
): string {
  const own = wireNumber(held.number, index);
  const heard = acknowledged(held, askedBefore(held.conversation, index), protocol);
  const word = (at: number, value: number) =>
    [24, 16, 8, 0].map((shift, byte) => `${at + byte} ${(value >>> shift) & 255}`);
  switch (protocol) {
    case "tcp":
      return [...word(4, own), ...word(8, heard), `13 ${tcpFlags}`].join(" ");
    case "sctp":
      return [...word(4, heard), `12 ${SCTP_CHUNKS["INIT-ACK"]}`, ...word(16, own)].join(" ");
    default:
      return word(8, own).join(" ");
  }
}

function octal(bytes: Iterable<number>): string {
  return [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
}
