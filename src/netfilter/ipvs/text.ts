// ipvsadm's own text: what `ipvsadm --save -n` prints and `ipvsadm-restore` reads, one command a line.
//   -A -t 10.96.0.1:80 -s rr -p 10800
//   -a -t 10.96.0.1:80 -r 10.0.0.1:8080 -m -w 1
// Only what kube-proxy programs is understood: NAT forwarding, full persistence masks, services by address.
// Source: ipvsadm(8); ipvsadm 1.31 print_service_entry.
import { joinHostPort, splitHostPort, familyOf, type Family } from "../../base/ip.js";
import { PlumbError } from "../../base/errors.js";
import { IPVS_SCHEDULERS, type IpvsScheduler, type RealServer, type VirtualServer } from "./model.js";

const PROTOCOL_OPTIONS = { tcp: "-t", udp: "-u", sctp: "--sctp-service" } as const;
/** The scheduler flag that adds the source port to the hash. */
const PORT_FLAGS: Partial<Record<IpvsScheduler, string>> = { sh: "sh-port", mh: "mh-port" };
const PERSISTENT_SECONDS_DEFAULT = 300;
const SCHEDULER_DEFAULT = "wlc";

/** Lines for ipvsadm-restore, each ending in a newline. */
export function* ipvsadmLines(servers: Iterable<VirtualServer>): Iterable<string> {
  for (const server of servers) {
    const service = serviceText(server);
    yield `-A ${service} ${schedulerText(server)}\n`;
    for (const real of server.realServers) yield `-a ${service} ${realServerText(real)}\n`;
  }
}

/** "-t 10.96.0.1:80": how ipvsadm names a virtual service. */
export function serviceText(server: Pick<VirtualServer, "protocol" | "ip" | "port">): string {
  return `${PROTOCOL_OPTIONS[server.protocol]} ${joinHostPort(server.ip, server.port)}`;
}

/** "-s rr -p 10800 -b mh-port": scheduler, persistence and flags of a virtual service. */
export function schedulerText(server: VirtualServer): string {
  const persistence = server.persistentSeconds === null ? "" : ` -p ${server.persistentSeconds}`;
  const flag = server.sourcePortFlag ? PORT_FLAGS[server.scheduler] : undefined;
  return `-s ${server.scheduler}${persistence}${flag === undefined ? "" : ` -b ${flag}`}`;
}

/** "-r 10.0.0.1:8080 -m -w 1". */
export function realServerText(real: RealServer): string {
  return `-r ${joinHostPort(real.ip, real.port)} -m -w ${real.weight}`;
}

/**
 * Read ipvsadm-restore text. Blank lines and lines starting with # are passed over.
 *
 * @param file name for messages
 * @throws {PlumbError} InvalidInput with the line, or Unsupported for forwarding other than NAT
 */
export function parseIpvsadm(text: string, file: string): VirtualServer[] {
  const services = new Map<string, Draft>();
  text.split("\n").forEach((content, index) => {
    const line = new LineReader(content, file, index + 1);
    const command = line.next();
    if (command === null || command.startsWith("#")) return;
    if (command === "-A" || command === "--add-service") addService(services, line);
    else if (command === "-a" || command === "--add-server") addServer(services, line);
    else throw line.error(`'${command}' is not understood; expected -A (add service) or -a (add server)`);
  });
  return [...services.values()];
}

/** A virtual server still being read. */
type Draft = { -readonly [K in keyof VirtualServer]: VirtualServer[K] } & { realServers: RealServer[] };

function addService(services: Map<string, Draft>, line: LineReader): void {
  const draft = readServiceName(line);
  for (let option = line.next(); option !== null; option = line.next())
    readServiceOption(draft, option, line);
  if (draft.sourcePortFlag && PORT_FLAGS[draft.scheduler] === undefined) {
    throw line.error(`scheduler ${draft.scheduler} has no source port flag; only sh and mh have`);
  }
  const key = serviceText(draft);
  if (services.has(key)) throw line.error(`service ${key} is added twice`);
  services.set(key, draft);
}

function readServiceName(line: LineReader): Draft {
  const option = line.next();
  const protocol = protocolOf(option);
  if (protocol === null) {
    throw line.error(`expected -t, -u or --sctp-service after the command, got '${option ?? "end of line"}'`);
  }
  const { ip, port } = line.hostPort(option as string);
  if (port === 0) throw line.error("a service on port 0 (all ports) is not supported");
  const base = { protocol, ip, port, persistentSeconds: null, sourcePortFlag: false, realServers: [] };
  return { ...base, scheduler: SCHEDULER_DEFAULT };
}

function protocolOf(option: string | null): VirtualServer["protocol"] | null {
  switch (option) {
    case "-t":
    case "--tcp-service":
      return "tcp";
    case "-u":
    case "--udp-service":
      return "udp";
    case "--sctp-service":
      return "sctp";
    default:
      return null;
  }
}

function readServiceOption(draft: Draft, option: string, line: LineReader): void {
  switch (option) {
    case "-s":
    case "--scheduler":
      draft.scheduler = readScheduler(line);
      return;
    case "-p":
    case "--persistent":
      draft.persistentSeconds = line.optionalNumber() ?? PERSISTENT_SECONDS_DEFAULT;
      return;
    case "-M":
    case "--netmask":
      readNetmask(familyOf(draft.ip), line);
      return;
    case "-b":
    case "--sched-flags":
      draft.sourcePortFlag = readFlags(line);
      return;
    default:
      throw line.error(`option '${option}' of a service is not understood; expected -s, -p, -M or -b`);
  }
}

function readScheduler(line: LineReader): IpvsScheduler {
  const name = line.value("-s");
  const found = IPVS_SCHEDULERS.find((scheduler) => scheduler === name);
  if (found === undefined)
    throw line.error(`unknown scheduler '${name}'; expected one of ${IPVS_SCHEDULERS.join(", ")}`);
  return found;
}

function readNetmask(family: Family, line: LineReader): void {
  const mask = line.value("-M");
  const full = family === "IPv4" ? "255.255.255.255" : "128";
  if (mask !== full) throw line.error(`persistence netmask ${mask} is not supported; only ${full} is`);
}

function readFlags(line: LineReader): boolean {
  const known: readonly string[] = ["sh-port", "mh-port", "flag-2"];
  for (const flag of line.value("-b").split(",")) {
    if (!known.includes(flag))
      throw line.error(`scheduler flag '${flag}' is not supported; expected sh-port or mh-port`);
  }
  return true;
}

function addServer(services: Map<string, Draft>, line: LineReader): void {
  const key = serviceText(readServiceName(line));
  const draft = services.get(key);
  if (draft === undefined) throw line.error(`service ${key} was not added before its server`);
  let address: { ip: string; port: number } | null = null;
  let weight = 1;
  let forwarding: string | null = null;
  for (let option = line.next(); option !== null; option = line.next()) {
    if (option === "-r" || option === "--real-server") address = line.hostPort(option);
    else if (option === "-w" || option === "--weight") weight = line.number(option, 65535);
    else if (option === "-m" || option === "--masquerading") forwarding = "nat";
    else if (option === "-x" || option === "-y") line.zero(option);
    else throw line.error(`option '${option}' of a server is not understood; expected -r, -m or -w`);
  }
  if (address === null) throw line.error("expected -r ADDRESS:PORT");
  if (familyOf(address.ip) !== familyOf(draft.ip))
    throw line.error("service and server are of different families");
  // Without -m ipvsadm means direct routing.
  if (forwarding === null) throw line.error("only NAT forwarding (-m) is supported");
  draft.realServers.push({ ...address, weight });
}

/** The words of one line, with messages that name its place. */
class LineReader {
  readonly #words: { readonly text: string; readonly column: number }[];
  readonly #file: string;
  readonly #line: number;
  #position = 0;

  constructor(content: string, file: string, line: number) {
    this.#words = [...content.matchAll(/\S+/g)].map((match) => ({ text: match[0], column: match.index + 1 }));
    this.#file = file;
    this.#line = line;
  }

  next(): string | null {
    return this.#words[this.#position++]?.text ?? null;
  }

  value(option: string): string {
    const word = this.next();
    if (word === null) throw this.error(`${option} needs a value`);
    return word;
  }

  hostPort(option: string): { ip: string; port: number } {
    const text = this.value(option);
    const parts = splitHostPort(text);
    if (parts === null) throw this.error(`'${text}' is not ADDRESS:PORT; IPv6 reads [ADDRESS]:PORT`);
    return parts;
  }

  number(option: string, max: number): number {
    const text = this.value(option);
    const number = Number(text);
    if (!/^\d+$/.test(text) || number > max) throw this.error(`'${text}' is not a number from 0 to ${max}`);
    return number;
  }

  /** A number that may be left out, as after -p. */
  optionalNumber(): number | null {
    const word = this.#words[this.#position]?.text;
    if (word === undefined || !/^\d+$/.test(word)) return null;
    return this.number("-p", 31 * 86400);
  }

  zero(option: string): void {
    if (this.number(option, 2 ** 31) !== 0)
      throw this.error(`connection thresholds (${option}) are not supported`);
  }

  error(what: string): PlumbError {
    const column = this.#words[Math.max(0, this.#position - 1)]?.column ?? 1;
    return new PlumbError("InvalidInput", what, { position: { file: this.#file, line: this.#line, column } });
  }
}
