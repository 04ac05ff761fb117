// Nodes that tell whether a machine is busy with something else, and what a packet costs before there are rules: `none`
// forwards; `conntrack` also tracks connections. There a rule at INPUT, where no forwarded packet comes, asks for the state
// of a connection, and so all hooks of conntrack are there.
import type { ControlRecord } from "../../measure/kernel-record.js";
import type { Command, KernelHost } from "../host/command.js";
import { runCommand, runCommands } from "../host/run-commands.js";
import { makeNode, namespacesOf, type NodeSpec } from "../host/topology.js";
import type { TimedRounds } from "./time-rounds.js";

export const CONTROLS = ["none", "conntrack"] as const satisfies readonly ControlRecord["control"][];

/** What the controls took, whose cases come before all others, in the order of CONTROLS. */
export function controlRecords(
  { cases, noise }: TimedRounds,
  of: Pick<ControlRecord, "kernel" | "packet">,
): ControlRecord[] {
  return CONTROLS.map((control, index) => ({
    control,
    ...of,
    ns: cases[index]?.ns as number,
    noise: noise[index] as number,
  }));
}

/** @throws {PlumbError} Internal when the node cannot be made */
export async function makeControl(
  host: KernelHost,
  control: ControlRecord["control"],
  spec: NodeSpec,
): Promise<void> {
  await runCommands(host, makeNode(spec));
  if (control === "conntrack") await runCommand(host, await conntrackOnly(host, namespacesOf(spec).node));
}

/** Both, in the order of CONTROLS. @throws as makeControl */
export async function makeControls(
  host: KernelHost,
  specOf: (name: string) => NodeSpec,
): Promise<NodeSpec[]> {
  const specs = CONTROLS.map(specOf);
  for (const [index, control] of CONTROLS.entries())
    await makeControl(host, control, specs[index] as NodeSpec);
  return specs;
}

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
async function conntrackOnly(host: KernelHost, netns: string): Promise<Command> {
  const byNft: Command = { netns, argv: ["nft", "-f", "-"], stdin: () => [NFT_TEXT] };
  const { status } = await host.run({ ...byNft, argv: ["nft", "-c", "-f", "-"] });
  return status === 0 ? byNft : { netns, argv: ["iptables-legacy", ...LEGACY_RULE] };
}
