// Commands that ask for names: nslookup as busybox prints it, getent as glibc does.
// Source: busybox networking/nslookup.c; getent(1).
import { canonicalIp, familyOf } from "../../../base/ip.js";
import type { NameRecord } from "../../protocol/name-lookup.js";
import { LOOKUP_TIMEOUT_MS, readResolver, type Resolved, resolveName, type Resolver } from "./resolver.js";
import type { Command, Invocation, Process, Shell } from "./run-shell.js";

const RESOLV_CONF = "/etc/resolv.conf";
const HOSTS = "/etc/hosts";
const ADDRESS_TYPES = ["A", "AAAA"];
/** getent: one or more of the supplied keys could not be found. */
const KEY_NOT_FOUND = 2;
const GETENT_MISUSED = 1;
const ADDRESS_COLUMN = 16;

const RECORD_PHRASES: Readonly<Record<string, string>> = {
  CNAME: "canonical name",
  PTR: "name",
  SRV: "service",
  TXT: "text",
  NS: "nameserver",
};

function* nslookup({ shell, args }: Invocation): Process {
  const [name, serverName] = args.filter((word) => !word.startsWith("-"));
  if (name === undefined) {
    yield { is: "print", to: 2, text: "Usage: nslookup [-type=QUERY_TYPE] [-debug] HOST [DNS_SERVER]\n" };
    return 1;
  }
  const resolver = resolverOf(shell);
  const server = serverName === undefined ? null : addressOf(shell, resolver, serverName);
  if (serverName !== undefined && server === null) {
    yield { is: "print", to: 2, text: `nslookup: can't resolve '${serverName}'\n` };
    return 1;
  }
  const asked = server === null ? resolver : { ...resolver, servers: [server] };
  const found = lookedUp(shell, asked, name, typesOf(args));
  if (found.server === null) return yield* timedOut(found);
  yield { is: "print", to: 1, text: `Server:\t\t${found.server}\nAddress:\t${found.server}:53\n\n` };
  if (found.records.length === 0) {
    yield { is: "print", to: 1, text: nothingText(found) };
    return 1;
  }
  yield { is: "print", to: 1, text: `${found.records.map(recordText).join("")}\n` };
  return 0;
}

function nothingText({ name, rcode }: Resolved): string {
  if (rcode === "NOERROR") return `*** Can't find ${name}: No answer\n\n`;
  return `** server can't find ${name}: ${rcode}\n\n`;
}

function* timedOut({ waitedMs }: Resolved): Process {
  yield { is: "wait", ms: Math.max(waitedMs, LOOKUP_TIMEOUT_MS) };
  yield { is: "print", to: 1, text: ";; connection timed out; no servers could be reached\n\n" };
  return 1;
}

/** An address is asked for as its reverse name. */
function lookedUp(shell: Shell, resolver: Resolver, name: string, types: readonly string[]): Resolved {
  const ip = canonicalIp(name);
  if (ip === null) return resolveName(shell, resolver, name, types);
  return resolveName(shell, resolver, `${reverseName(ip)}.`, ["PTR"]);
}

function typesOf(args: readonly string[]): readonly string[] {
  const type = args
    .map((word) => /^-(?:query)?type=(.+)$|^-q=(.+)$/.exec(word))
    .find((match) => match !== null);
  return type === undefined ? ADDRESS_TYPES : [(type[1] ?? type[2] ?? "").toUpperCase()];
}

function recordText({ name, type, text }: NameRecord): string {
  const phrase = RECORD_PHRASES[type];
  return phrase === undefined ? `Name:\t${name}\nAddress: ${text}\n` : `${name}\t${phrase} = ${text}\n`;
}

function* getent({ shell, args }: Invocation): Process {
  const [database = "", ...keys] = args;
  if (!["hosts", "ahosts", "ahostsv4"].includes(database) || keys.length === 0) {
    yield { is: "print", to: 2, text: `Unknown database: ${database}\n` };
    return GETENT_MISUSED;
  }
  let code = 0;
  for (const key of keys) {
    const { lines, waitedMs } = hostLines(shell, key);
    if (waitedMs > 0) yield { is: "wait", ms: waitedMs };
    if (lines.length === 0) code = KEY_NOT_FOUND;
    for (const [address, name] of lines)
      yield { is: "print", to: 1, text: `${address.padEnd(ADDRESS_COLUMN)}${name}\n` };
  }
  return code;
}

interface HostLines {
  readonly lines: readonly (readonly [address: string, name: string])[];
  readonly waitedMs: number;
}

/** Of /etc/hosts first, then of the name server. */
function hostLines(shell: Shell, key: string): HostLines {
  const local = hostsEntries(shell).filter(([address, ...names]) => address === key || names.includes(key));
  if (local.length > 0)
    return { lines: local.map(([address = "", ...names]) => [address, names.join(" ")]), waitedMs: 0 };
  const { records, waitedMs } = lookedUp(shell, resolverOf(shell), key, ADDRESS_TYPES);
  const lines = records.flatMap(({ name, type, text }) => {
    if (type === "PTR") return [[key, text] as const];
    return ADDRESS_TYPES.includes(type) ? [[text, name] as const] : [];
  });
  return { lines, waitedMs };
}

function hostsEntries(shell: Shell): readonly (readonly string[])[] {
  const lines = (shell.files.read(HOSTS) ?? "").split("\n");
  return lines
    .map((line) => line.replace(/#.*/, "").trim())
    .filter(Boolean)
    .map((line) => line.split(/\s+/));
}

function resolverOf(shell: Shell): Resolver {
  return readResolver(shell.files.read(RESOLV_CONF) ?? "");
}

function addressOf(shell: Shell, resolver: Resolver, name: string): string | null {
  const ip = canonicalIp(name);
  if (ip !== null) return ip;
  return resolveName(shell, resolver, name, ["A"]).records.find(({ type }) => type === "A")?.text ?? null;
}

function reverseName(ip: string): string {
  if (familyOf(ip) === "IPv4") return `${ip.split(".").reverse().join(".")}.in-addr.arpa`;
  const groups = ip.split("::").map((part) => (part === "" ? [] : part.split(":")));
  const missing = 8 - groups.flat().length;
  const [head = [], tail = []] = groups;
  const all = [...head, ...Array.from({ length: missing }, () => "0"), ...tail];
  const digits = all.map((group) => group.padStart(4, "0")).join("");
  return `${[...digits].reverse().join(".")}.ip6.arpa`;
}

export const NAME_COMMANDS: readonly (readonly [string, Command])[] = [
  ["nslookup", nslookup],
  ["getent", getent],
];
