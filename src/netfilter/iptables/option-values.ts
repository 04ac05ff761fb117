// What an extension was given on one rule line, and the readers for the values that options share.
import { canonicalIp, type Family, familyOf } from "../../base/ip.js";
import type { IpRange, Negatable, Range } from "./model.js";
import { quoteWord } from "./quote.js";

/** One "! --option arg arg" as written. */
export interface OptionValue {
  readonly name: string;
  readonly negated: boolean;
  readonly args: readonly string[];
  /** Where the option stands in its line, from 0. */
  readonly offset: number;
}

/** Lets a row of the extension tables refuse a value at its place. */
export interface RowContext {
  readonly family: Family;
  fail(offset: number, message: string): never;
  warn(offset: number, message: string): void;
}

/** Options back as text: "! --limit 3/min --limit-burst 5". */
export function optionsText(values: readonly OptionValue[]): string {
  return values
    .map(({ name, negated, args }) => [...(negated ? ["!"] : []), name, ...args.map(quoteWord)].join(" "))
    .join(" ");
}

export function find(values: readonly OptionValue[], ...names: string[]): OptionValue | undefined {
  return values.find(({ name }) => names.includes(name));
}

export function firstArg(value: OptionValue): string {
  return value.args[0] ?? "";
}

/** An option's argument read by `read`, with the option's negation; null when the option is absent. */
export function negatable<T>(
  value: OptionValue | undefined,
  context: RowContext,
  read: (text: string, value: OptionValue, context: RowContext) => T,
): Negatable<T> | null {
  return value ? { value: read(firstArg(value), value, context), negated: value.negated } : null;
}

/** A whole number in decimal, octal (0...) or hexadecimal (0x...), as strtoul reads it. */
export function readNumber(
  text: string,
  { name, offset }: OptionValue,
  context: RowContext,
  numberMax = 0xffffffff,
): number {
  const value = /^0[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number(text);
  if (!/^(0x[0-9a-f]{1,8}|\d{1,10})$/i.test(text) || !(value <= numberMax)) {
    context.fail(offset, `${name} '${text}', expected a number from 0 to ${numberMax}`);
  }
  return value;
}

/** "0x4000/0xff00"; without a mask all bits count. */
export function readMaskedMark(
  text: string,
  value: OptionValue,
  context: RowContext,
): { value: number; mask: number } {
  const [mark = "", mask, ...rest] = text.split("/");
  if (rest.length > 0) context.fail(value.offset, `${value.name} '${text}', expected VALUE or VALUE/MASK`);
  return {
    value: readNumber(mark, value, context),
    mask: mask === undefined ? 0xffffffff : readNumber(mask, value, context),
  };
}

/** "80", "80:90", ":90" or "80:", ports by number or by their common names; `separator` stands between the ends. */
export function readPortRange(
  text: string,
  value: OptionValue,
  context: RowContext,
  separator: ":" | "-" = ":",
): Range {
  const [low = "", high, ...rest] = text.split(separator);
  const first = low === "" && high !== undefined ? 0 : readPort(low);
  const last = high === undefined ? first : high === "" ? 65535 : readPort(high);
  if (rest.length > 0 || first === null || last === null || first > last) {
    const range = separator === ":" ? "80:90" : "80-90";
    context.fail(
      value.offset,
      `${value.name} '${text}', expected a port (0 to 65535) or a range such as ${range}`,
    );
  }
  return { first, last };
}

/** "10.0.0.1-10.0.0.9" or one address. */
export function readIpRange(text: string, value: OptionValue, context: RowContext): IpRange {
  const [first = "", last, ...rest] = text.split("-");
  const firstIp = readIp(first, value, context);
  const lastIp = last === undefined ? firstIp : readIp(last, value, context);
  if (rest.length > 0) context.fail(value.offset, `${value.name} '${text}', expected FIRST-LAST`);
  return { first: firstIp, last: lastIp };
}

/** A canonical address of the ruleset's family. */
export function readIp(text: string, { name, offset }: OptionValue, context: RowContext): string {
  const ip = canonicalIp(text);
  if (ip === null || familyOf(ip) !== context.family) {
    context.fail(offset, `${name} '${text}', expected an ${context.family} address`);
  }
  return ip;
}

const PORT_NAMES: Readonly<Record<string, number>> = {
  "ftp-data": 20,
  ftp: 21,
  ssh: 22,
  telnet: 23,
  smtp: 25,
  domain: 53,
  bootps: 67,
  bootpc: 68,
  tftp: 69,
  http: 80,
  pop3: 110,
  sunrpc: 111,
  ntp: 123,
  "netbios-ns": 137,
  "netbios-dgm": 138,
  "netbios-ssn": 139,
  imap2: 143,
  snmp: 161,
  bgp: 179,
  ldap: 389,
  https: 443,
  "microsoft-ds": 445,
  syslog: 514,
  submission: 587,
  ldaps: 636,
  imaps: 993,
  pop3s: 995,
  mysql: 3306,
  postgresql: 5432,
};

function readPort(text: string): number | null {
  const port = PORT_NAMES[text.toLowerCase()] ?? (/^\d{1,5}$/.test(text) ? Number(text) : -1);
  return port >= 0 && port <= 65535 ? port : null;
}
