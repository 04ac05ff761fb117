// Match extensions, one row each: which options they take, and what the rule model makes of them.
// Source: iptables-extensions(8); option names and argument counts from extensions/libxt_*.c, libipt_*.c.
import * as build from "./match-builders.js";
import type { Match } from "./model.js";
import type { OptionValue, RowContext } from "./option-values.js";

export interface MatchRow {
  /** Option -> how many arguments follow it. */
  readonly options: ReadonlyMap<string, number>;
  /** The typed match, or null when an option says what the rule model cannot hold. */
  build(values: readonly OptionValue[], context: RowContext, extension: string): Match | null;
  /** False for a match that no packet decides. */
  readonly typed: boolean;
  /** Whether its answer, though no packet decides it, is known from its text to be yes. */
  holds(text: string): boolean;
}

/** What implies a match without -m: `-p tcp --dport 80`. */
export function impliedExtension(protocol: string): string {
  if (protocol === "6") return "tcp";
  if (protocol === "17") return "udp";
  return protocol === "ipv6-icmp" || protocol === "icmpv6" ? "icmp6" : protocol;
}

const PORT_OPTIONS = "--sport=1 --source-port=1 --dport=1 --destination-port=1";
const MULTIPORT_OPTIONS = "--sports=1 --source-ports=1 --dports=1 --destination-ports=1 --ports=1";
const CONNTRACK_OPTIONS =
  "--ctstate=1 --ctstatus=1 --ctproto=1 --ctdir=1 --ctexpire=1 --ctorigsrc=1 --ctorigdst=1 --ctreplsrc=1 " +
  "--ctrepldst=1 --ctorigsrcport=1 --ctorigdstport=1 --ctreplsrcport=1 --ctrepldstport=1";
const RECENT_OPTIONS =
  "--set=0 --rcheck=0 --update=0 --remove=0 --seconds=1 --reap=0 --hitcount=1 --rttl=0 --name=1 --mask=1 " +
  "--rsource=0 --rdest=0";
const SET_OPTIONS =
  "--match-set=2 --set=2 --return-nomatch=0 --update-counters=0 --update-subcounters=0 " +
  "--packets-eq=1 --packets-lt=1 --packets-gt=1 --bytes-eq=1 --bytes-lt=1 --bytes-gt=1";
const PHYSDEV_OPTIONS =
  "--physdev-is-in=0 --physdev-is-out=0 --physdev-is-bridged=0 --physdev-in=1 --physdev-out=1";

/** Extension name -> row. An extension that is missing here is kept as text, option by option. */
export const MATCH_TABLE: ReadonlyMap<string, MatchRow> = new Map([
  typed("comment", "--comment=1", build.buildComment),
  typed("tcp", `${PORT_OPTIONS} --tcp-flags=2 --syn=0 --tcp-option=1`, build.buildPort),
  typed("udp", PORT_OPTIONS, build.buildPort),
  typed("udplite", PORT_OPTIONS, build.buildPort),
  typed("sctp", `${PORT_OPTIONS} --chunk-types=2`, build.buildPort),
  typed("dccp", `${PORT_OPTIONS} --dccp-types=1 --dccp-option=1`, build.buildPort),
  typed("multiport", MULTIPORT_OPTIONS, build.buildMultiport),
  typed("icmp", "--icmp-type=1", build.buildIcmp),
  typed("icmp6", "--icmpv6-type=1", build.buildIcmp),
  typed("icmpv6", "--icmpv6-type=1", build.buildIcmp),
  typed("conntrack", CONNTRACK_OPTIONS, build.buildConntrack),
  typed("state", "--state=1", build.buildConntrack),
  typed("mark", "--mark=1", build.buildMark),
  typed("addrtype", "--src-type=1 --dst-type=1 --limit-iface-in=0 --limit-iface-out=0", build.buildAddrtype),
  typed("statistic", "--mode=1 --probability=1 --every=1 --packet=1", build.buildStatistic),
  typed("recent", RECENT_OPTIONS, build.buildRecent),
  typed("set", SET_OPTIONS, build.buildSet),
  typed("iprange", "--src-range=1 --dst-range=1", build.buildIprange),
  typed("physdev", PHYSDEV_OPTIONS, build.buildPhysdev),
  // Accounting only: it has no way to fail.
  opaque("nfacct", "--nfacct-name=1", () => true),
  // Packets here never come through IPsec.
  opaque("policy", "--dir=1 --pol=1 --strict=0", (text) => text.includes("--pol none")),
  opaque("limit", "--limit=1 --limit-burst=1"),
  opaque(
    "hashlimit",
    "--hashlimit=1 --hashlimit-upto=1 --hashlimit-above=1 --hashlimit-burst=1 --hashlimit-mode=1 --hashlimit-name=1 " +
      "--hashlimit-srcmask=1 --hashlimit-dstmask=1 --hashlimit-htable-size=1 --hashlimit-htable-max=1 " +
      "--hashlimit-htable-expire=1 --hashlimit-htable-gcinterval=1 --hashlimit-rate-match=0 --hashlimit-rate-interval=1",
  ),
  opaque("owner", "--uid-owner=1 --gid-owner=1 --socket-exists=0 --suppl-groups=0"),
  opaque("string", "--string=1 --hex-string=1 --algo=1 --from=1 --to=1 --icase=0"),
  opaque("u32", "--u32=1"),
  opaque("connmark", "--mark=1"),
  opaque("bpf", "--bytecode=1 --object-pinned=1"),
  opaque("rpfilter", "--loose=0 --validmark=0 --accept-local=0 --invert=0"),
  opaque("mac", "--mac-source=1"),
  opaque("length", "--length=1"),
  opaque("ttl", "--ttl-eq=1 --ttl-gt=1 --ttl-lt=1"),
  opaque("hl", "--hl-eq=1 --hl-gt=1 --hl-lt=1"),
  opaque("pkttype", "--pkt-type=1"),
  opaque("helper", "--helper=1"),
  opaque("socket", "--transparent=0 --nowildcard=0 --restore-skmark=0"),
  opaque(
    "connlimit",
    "--connlimit-upto=1 --connlimit-above=1 --connlimit-mask=1 --connlimit-saddr=0 --connlimit-daddr=0",
  ),
  opaque("connbytes", "--connbytes=1 --connbytes-dir=1 --connbytes-mode=1"),
  opaque("ipvs", "--ipvs=0 --vproto=1 --vaddr=1 --vport=1 --vdir=1 --vmethod=1 --vportctl=1"),
  opaque("rt", "--rt-type=1 --rt-segsleft=1 --rt-len=1"),
  opaque(
    "time",
    "--datestart=1 --datestop=1 --timestart=1 --timestop=1 --weekdays=1 --monthdays=1 --kerneltz=0",
  ),
]);

function typed(name: string, options: string, buildMatch: MatchRow["build"]): [string, MatchRow] {
  return [name, { options: argumentCounts(options), build: buildMatch, typed: true, holds: () => false }];
}

/** A match that reads what our packets do not carry. */
function opaque(name: string, options: string, holds: MatchRow["holds"] = () => false): [string, MatchRow] {
  return [name, { options: argumentCounts(options), build: () => null, typed: false, holds }];
}

/** "--dport=1 --syn=0" -> option and number of arguments. */
export function argumentCounts(options: string): ReadonlyMap<string, number> {
  const pairs = options.split(" ").filter((option) => option !== "");
  return new Map(
    pairs.map((pair) => {
      const [name = "", count] = pair.split("=");
      return [name, Number(count)];
    }),
  );
}
