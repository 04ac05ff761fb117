// Rules, verdicts and statements in nft's own language, as `nft -f` reads it.
// Source: nft(8); statement forms of kube-proxy pkg/proxy/nftables.
import { type Family, joinHostPort } from "../../base/ip.js";
import type { NftAddress, NftField, NftRule, NftStatement, NftVerdict } from "./model.js";

export function ruleText(rule: NftRule, family: Family): string {
  const statements = rule.statements.map((statement) => statementText(statement, family)).join(" ");
  return rule.comment === null ? statements : `${statements} comment ${quoted(rule.comment)}`;
}

export function verdictText(verdict: NftVerdict): string {
  return verdict.kind === "jump" || verdict.kind === "goto"
    ? `${verdict.kind} ${verdict.chain}`
    : verdict.kind;
}

/** nft strings have no escapes; a comment is cut off at a quote, of which Kubernetes names have none. */
export function quoted(text: string): string {
  return `"${text.replaceAll('"', "'")}"`;
}

function statementText(statement: NftStatement, family: Family): string {
  switch (statement.kind) {
    case "match":
      return `${fieldText(statement.field, family)} ${not(statement.negated)}${valuesText(statement)}`;
    case "lookup":
      return `${fieldsText(statement.fields, family)} ${not(statement.negated)}@${statement.set}`;
    case "ctstate":
      return `ct state ${not(statement.negated)}${statement.states.join(",").toLowerCase()}`;
    case "ctstatus":
      return `ct status ${statement.status}`;
    case "fib":
      return `fib ${statement.side} type ${not(statement.negated)}${statement.type}`;
    case "mark":
      return `mark and ${hex(statement.mask)} ${statement.negated ? "!=" : "=="} ${statement.value === 0 ? "0" : hex(statement.value)}`;
    case "setmark":
      return `mark set mark ${statement.operation} ${hex(statement.value)}`;
    case "vmap":
      return `${fieldsText(statement.fields, family)} vmap @${statement.map}`;
    case "numgen-vmap":
      return `${numgen(statement.verdicts.length)} vmap { ${numbered(statement.verdicts, verdictText)} }`;
    case "numgen-dnat":
      return `dnat ${ip(family)} addr . port to ${numgen(statement.targets.length)} map { ${numbered(statement.targets, concatenated)} }`;
    case "dnat":
      return `dnat to ${joinHostPort(statement.target.ip, statement.target.port)}`;
    case "masquerade":
      return statement.fullyRandom ? "masquerade fully-random" : "masquerade";
    case "update":
      return `update @${statement.set} { ${ip(family)} saddr }`;
    case "verdict":
      return verdictText(statement.verdict);
  }
}

function not(negated: boolean): string {
  return negated ? "!= " : "";
}

function ip(family: Family): "ip" | "ip6" {
  return family === "IPv4" ? "ip" : "ip6";
}

function fieldText(field: NftField, family: Family): string {
  return field.startsWith("ip ") ? `${ip(family)}${field.slice(2)}` : field;
}

function fieldsText(fields: readonly NftField[], family: Family): string {
  return fields.map((field) => fieldText(field, family)).join(" . ");
}

function valuesText(statement: Extract<NftStatement, { kind: "match" }>): string {
  const values = statement.field === "iifname" ? statement.values.map(quoted) : statement.values;
  return values.length === 1 && !statement.braced ? String(values[0]) : `{ ${values.join(", ")} }`;
}

function numgen(count: number): string {
  return `numgen random mod ${count}`;
}

function numbered<T>(items: readonly T[], text: (item: T) => string): string {
  return items.map((item, index) => `${index} : ${text(item)}`).join(" , ");
}

function concatenated(address: NftAddress): string {
  return `${address.ip} . ${address.port}`;
}

/** A mark as kube-proxy prints it: 0x00004000. */
function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, "0")}`;
}
