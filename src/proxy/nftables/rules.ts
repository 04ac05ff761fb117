// Short constructors for the statements that kube-proxy's nftables rules are made of.
import type {
  NftChain,
  NftField,
  NftRule,
  NftStatement,
  NftVerdict,
} from "../../netfilter/nftables/model.js";

export function rule(statements: readonly NftStatement[], comment: string | null = null): NftRule {
  return { statements, comment };
}

export function chain(name: string, rules: readonly NftRule[], comment: string | null = null): NftChain {
  return { name, base: null, comment, rules };
}

export function match(field: NftField, values: readonly string[]): NftStatement {
  return { kind: "match", field, negated: false, values };
}

export function matchNot(field: NftField, values: readonly string[]): NftStatement {
  return { kind: "match", field, negated: true, values };
}

/** `field { values }`: a list that may grow. */
export function matchAny(field: NftField, values: readonly string[]): NftStatement {
  return { kind: "match", field, negated: false, values, braced: true };
}

export function matchNone(field: NftField, values: readonly string[]): NftStatement {
  return { kind: "match", field, negated: true, values, braced: true };
}

export function lookup(fields: readonly NftField[], set: string): NftStatement {
  return { kind: "lookup", fields, negated: false, set };
}

export function vmap(fields: readonly NftField[], map: string): NftStatement {
  return { kind: "vmap", fields, map };
}

export function jump(name: string): NftStatement {
  return { kind: "verdict", verdict: { kind: "jump", chain: name } };
}

export function goto(name: string): NftStatement {
  return { kind: "verdict", verdict: gotoVerdict(name) };
}

export function gotoVerdict(name: string): NftVerdict {
  return { kind: "goto", chain: name };
}

export const CT_NEW: NftStatement = { kind: "ctstate", states: ["new"], negated: false };
export const CT_DNAT: NftStatement = { kind: "ctstatus", status: "dnat" };
export const REJECT: NftStatement = { kind: "verdict", verdict: { kind: "reject" } };
export const DROP: NftStatement = { kind: "verdict", verdict: { kind: "drop" } };
export const RETURN: NftStatement = { kind: "verdict", verdict: { kind: "return" } };
export const MASQUERADE: NftStatement = { kind: "masquerade", fullyRandom: true };

export function fibLocal(side: "saddr" | "daddr"): NftStatement {
  return { kind: "fib", side, type: "local", negated: false };
}
