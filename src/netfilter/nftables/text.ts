// A table, or a change to one, as commands for `nft -f`: one command a line, as kube-proxy's transactions have them.
// No line refers to anything that a later line creates, so a text may be cut between lines into several transactions;
// the kernel takes time quadratic in the anonymous maps of one transaction (issues/139513 of kubernetes).
// Printed in chunks: at 50,000 Services the text is tens of megabytes and is never held whole.
import type { NftChain, NftChange, NftMap, NftSet, NftTable, NftVerdict } from "./model.js";
import { quoted, ruleText, verdictText } from "./rule-text.js";

export interface NftTextOptions {
  /** Most elements in one `add element` command, at least 1; 1 is what kube-proxy writes. */
  readonly elementsPerCommand: number;
}

/** The table that a change belongs to. */
export type NftTableName = Pick<NftTable, "family" | "name">;

/**
 * Commands that make `table` in a kernel without it: table, sets, maps, chains, rules, elements.
 *
 * @returns chunks of one or more whole lines
 */
export function* nftTableText(table: NftTable, options: NftTextOptions): Generator<string> {
  const at = place(table);
  yield tableText(at, table);
  for (const set of table.sets.values()) yield setText(at, set, table);
  for (const map of table.maps.values()) yield mapText(at, map, table);
  for (const chain of table.chains.values()) yield chainText(at, chain);
  yield* contentText(at, table, options);
}

/**
 * One transaction that makes `table` of whatever an earlier one of its name holds: everything is emptied and refilled,
 * except sets that packets fill. Chains that are gone are only emptied, as nftChangeText does and for its reason.
 *
 * @returns chunks of one or more whole lines
 */
export function* nftReplacementText(
  table: NftTable,
  gone: Pick<NftChange, "removedChains" | "removedSets">,
  options: NftTextOptions,
): Generator<string> {
  const at = place(table);
  yield tableText(at, table);
  for (const set of table.sets.values()) {
    yield setText(at, set, table);
    if (set.dynamicTimeoutSeconds === null) yield `flush set ${at} ${set.name}\n`;
  }
  for (const map of table.maps.values()) yield `${mapText(at, map, table)}flush map ${at} ${map.name}\n`;
  for (const chain of table.chains.values()) yield `${chainText(at, chain)}flush chain ${at} ${chain.name}\n`;
  yield* contentText(at, table, options);
  yield* goneText(at, gone);
}

function tableText(at: string, { comment }: NftTable): string {
  return `add table ${at}${block(comment === null ? [] : [commentText(comment)])}\n`;
}

/** Rules, then elements. */
function* contentText(at: string, table: NftTable, options: NftTextOptions): Generator<string> {
  for (const chain of table.chains.values()) yield* rulesText(at, chain, table);
  for (const { name, elements } of table.sets.values()) {
    yield* elementsText(`add element ${at} ${name}`, setElements(elements), options);
  }
  for (const { name, elements } of table.maps.values()) {
    yield* elementsText(`add element ${at} ${name}`, mapElements(elements), options);
  }
}

/**
 * One transaction that applies `change`: new objects, chains emptied and refilled, elements deleted and added.
 * Chains that are gone are only emptied: kernels before 6.2 may still see them referred to by a deleted map element.
 * nftDeletionText deletes them, in a transaction of its own a second later.
 *
 * @returns chunks of one or more whole lines
 */
export function* nftChangeText(
  change: NftChange,
  table: NftTableName,
  options: NftTextOptions,
): Generator<string> {
  const at = place(table);
  for (const set of change.addedSets) yield setText(at, set, table);
  for (const chain of change.chains) yield `${chainText(at, chain)}flush chain ${at} ${chain.name}\n`;
  for (const { set, remove } of change.setElements)
    yield* elementsText(`delete element ${at} ${set}`, remove, options);
  for (const { map, remove } of change.mapElements)
    yield* elementsText(`delete element ${at} ${map}`, remove, options);
  for (const chain of change.chains) yield* rulesText(at, chain, table);
  for (const { set, add } of change.setElements) {
    yield* elementsText(
      `add element ${at} ${set}`,
      add.map(({ key, comment }) => elementText(key, comment)),
      options,
    );
  }
  for (const { map, add } of change.mapElements) {
    const texts = add.map(({ key, verdict, comment }) => elementText(key, comment, verdict));
    yield* elementsText(`add element ${at} ${map}`, texts, options);
  }
  yield* goneText(at, change);
}

function* goneText(at: string, gone: Pick<NftChange, "removedChains" | "removedSets">): Generator<string> {
  for (const name of gone.removedChains) yield `flush chain ${at} ${name}\n`;
  for (const name of gone.removedSets) yield `delete set ${at} ${name}\n`;
}

/** The later transaction: delete chains that nftChangeText emptied. */
export function* nftDeletionText(chains: readonly string[], table: NftTableName): Generator<string> {
  const at = place(table);
  for (const name of chains) yield `delete chain ${at} ${name}\n`;
}

function place(table: NftTableName): string {
  return `${table.family === "IPv4" ? "ip" : "ip6"} ${table.name}`;
}

function setText(at: string, set: NftSet, table: NftTableName): string {
  const parts = [`type ${typeText(set.type, table)}`];
  if (set.dynamicTimeoutSeconds !== null)
    parts.push("flags dynamic,timeout", `timeout ${set.dynamicTimeoutSeconds}s`);
  if (set.comment !== null) parts.push(commentText(set.comment));
  return `add set ${at} ${set.name}${block(parts)}\n`;
}

function mapText(at: string, map: NftMap, table: NftTableName): string {
  const parts = [`type ${typeText(map.type, table)} : verdict`];
  if (map.comment !== null) parts.push(commentText(map.comment));
  return `add map ${at} ${map.name}${block(parts)}\n`;
}

function chainText(at: string, { name, base, comment }: NftChain): string {
  const parts = base === null ? [] : [`type ${base.type} hook ${base.hook} priority ${base.priority}`];
  if (comment !== null) parts.push(commentText(comment));
  return `add chain ${at} ${name}${block(parts)}\n`;
}

function* rulesText(at: string, chain: NftChain, table: NftTableName): Generator<string> {
  for (const rule of chain.rules) yield `add rule ${at} ${chain.name} ${ruleText(rule, table.family)}\n`;
}

function* elementsText(
  command: string,
  elements: Iterable<string>,
  options: NftTextOptions,
): Generator<string> {
  let batch: string[] = [];
  for (const element of elements) {
    batch.push(element);
    if (batch.length < options.elementsPerCommand) continue;
    yield `${command} { ${batch.join(" , ")} }\n`;
    batch = [];
  }
  if (batch.length > 0) yield `${command} { ${batch.join(" , ")} }\n`;
}

function* setElements(elements: NftSet["elements"]): Generator<string> {
  for (const [key, comment] of elements) yield elementText(key, comment);
}

function* mapElements(elements: NftMap["elements"]): Generator<string> {
  for (const [key, { verdict, comment }] of elements) yield elementText(key, comment, verdict);
}

function elementText(key: string, comment: string | null, verdict: NftVerdict | null = null): string {
  const commented = comment === null ? key : `${key} ${commentText(comment)}`;
  return verdict === null ? commented : `${commented} : ${verdictText(verdict)}`;
}

function typeText(type: NftSet["type"], table: NftTableName): string {
  const addressType = table.family === "IPv4" ? "ipv4_addr" : "ipv6_addr";
  return type.map((part) => (part === "addr" ? addressType : part)).join(" . ");
}

function commentText(text: string): string {
  return `comment ${quoted(text)}`;
}

function block(parts: readonly string[]): string {
  return parts.length === 0 ? "" : ` { ${parts.map((part) => `${part} ;`).join(" ")} }`;
}
