// The resolver of a process in a container: what its resolv.conf says, asked in order.
// Source: resolv.conf(5).
import type { NameAnswer, NameRecord } from "../../protocol/name-lookup.js";
import { candidateNames } from "../../protocol/search-path.js";
import type { Shell } from "./run-shell.js";

export interface Resolver {
  readonly servers: readonly string[];
  readonly search: readonly string[];
  readonly ndots: number;
}

/** Nobody listens there: whoever asks waits for this long before asking the next. */
export const LOOKUP_TIMEOUT_MS = 5000;
/** As without "options ndots". */
const NDOTS_DEFAULT = 1;

export function readResolver(text: string): Resolver {
  const lines = text.split("\n").map((line) => line.trim().split(/\s+/));
  const last = (keyword: string) => lines.findLast(([word]) => word === keyword)?.slice(1) ?? [];
  const ndots = last("options").find((option) => option.startsWith("ndots:"));
  return {
    servers: lines
      .filter(([word, server]) => word === "nameserver" && server)
      .map(([, server]) => server as string),
    search: last("search"),
    ndots: ndots === undefined ? NDOTS_DEFAULT : Number(ndots.slice("ndots:".length)),
  };
}

export interface Resolved {
  /** Who answered; null: none of the servers. */
  readonly server: string | null;
  /** The name that was found, or of which most is known. */
  readonly name: string;
  readonly rcode: string;
  readonly records: readonly NameRecord[];
  /** How long it took, for servers that did not answer. */
  readonly waitedMs: number;
}

/** The first name of the search path that has records of one of the types. */
export function resolveName(
  shell: Shell,
  { servers, search, ndots }: Resolver,
  name: string,
  types: readonly string[],
): Resolved {
  let empty: Resolved = { server: null, name, rcode: "NXDOMAIN", records: [], waitedMs: 0 };
  for (const candidate of candidateNames(name, { search, ndots })) {
    const found = { ...askAll(shell, servers, candidate, types), name: candidate };
    if (found.server === null || found.records.length > 0) return found;
    // That a name exists without such records says more than that the next does not exist.
    if (empty.server === null || empty.rcode !== "NOERROR") empty = found;
  }
  return empty;
}

function askAll(
  { lookup }: Shell,
  servers: readonly string[],
  name: string,
  types: readonly string[],
): Omit<Resolved, "name"> {
  let waitedMs = 0;
  for (const server of servers) {
    const answers = types.map((type) => lookup(server, name, type)).filter((answer) => answer !== null);
    if (answers.length > 0) return { server, waitedMs, ...together(answers) };
    waitedMs += LOOKUP_TIMEOUT_MS;
  }
  return { server: null, rcode: "SERVFAIL", records: [], waitedMs };
}

/** Answers to questions for several types of one name. */
function together(answers: readonly NameAnswer[]): NameAnswer {
  const found = new Map<string, NameRecord>();
  for (const { records } of answers)
    for (const record of records) found.set(`${record.name} ${record.type} ${record.text}`, record);
  const rcode = answers.find((answer) => answer.rcode !== "NOERROR")?.rcode ?? "NOERROR";
  return { rcode, records: [...found.values()] };
}
