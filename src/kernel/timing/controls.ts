// A node that tracks connections and does nothing else: a rule at INPUT, where no forwarded packet comes, asks for the
// state of a connection, and so all hooks of conntrack are there.
import type { Command, KernelHost } from "../host/command.js";

const NFT_TEXT = [
  "add table ip plumb",
  "add chain ip plumb input { type filter hook input priority 0 ; }",
  "add rule ip plumb input ct state invalid drop",
  "",
].join("\n");

/** iptables has no table with INPUT alone; security is the one that nobody else uses, and its FORWARD stays empty. */
const LEGACY_RULE = [
  "-t",
  "security",
  "-A",
  "INPUT",
  "-m",
  "conntrack",
  "--ctstate",
  "INVALID",
  "-j",
  "DROP",
];

/** By nft where the kernel has it, otherwise by iptables-legacy, which adds an empty chain to the path. */
export async function conntrackOnly(host: KernelHost, netns: string): Promise<Command> {
  const byNft: Command = { netns, argv: ["nft", "-f", "-"], stdin: () => [NFT_TEXT] };
  const { status } = await host.run({ ...byNft, argv: ["nft", "-c", "-f", "-"] });
  return status === 0 ? byNft : { netns, argv: ["iptables-legacy", ...LEGACY_RULE] };
}
