// Target extensions, one row each: which options they take, and what the rule model makes of them.
// Source: iptables-extensions(8); option names and argument counts from extensions/libxt_*.c, libipt_*.c.
import { argumentCounts } from "./match-table.js";
import type { AddressRange, Target } from "./model.js";
import {
  find,
  firstArg,
  type OptionValue,
  optionsText,
  type RowContext,
  readIp,
  readMaskedMark,
  readNumber,
  readPortRange,
} from "./option-values.js";

export interface TargetRow {
  readonly options: ReadonlyMap<string, number>;
  build(values: readonly OptionValue[], context: RowContext, offset: number): Target;
  /** What a reader of the results must know about this target; null when nothing. */
  readonly warning: string | null;
}

const CHANGES_FATE = "its decision is not modelled: the packet goes on to the next rule";
const CHANGES_MARK = "connection marks are not modelled: the packet goes on unchanged";
const TRACKED = "flows are tracked all the same";
const SET_MARK_OPTIONS = "--set-mark=1 --set-xmark=1 --and-mark=1 --or-mark=1 --xor-mark=1";

/** Target name -> row. A name that is missing here is a chain, or an extension unknown to us. */
export const TARGET_TABLE: ReadonlyMap<string, TargetRow> = new Map([
  row("ACCEPT", "", () => ({ kind: "accept", options: "" })),
  row("DROP", "", () => ({ kind: "drop", options: "" })),
  row("RETURN", "", () => ({ kind: "return", options: "" })),
  row("MASQUERADE", "--to-ports=1 --random=0 --random-fully=0", (values) => ({
    kind: "masquerade",
    options: optionsText(values),
  })),
  row("REJECT", "--reject-with=1", buildReject),
  row("DNAT", "--to-destination=1 --random=0 --persistent=0", buildDnat),
  row("SNAT", "--to-source=1 --random=0 --random-fully=0 --persistent=0", buildSnat),
  row("REDIRECT", "--to-ports=1 --random=0", buildRedirect),
  row("MARK", SET_MARK_OPTIONS, buildMark),
  row("NOTRACK", "", () => ({ kind: "notrack", options: "" }), TRACKED),
  row(
    "CT",
    "--notrack=0 --helper=1 --ctevents=1 --expevents=1 --zone=1 --zone-orig=1 --zone-reply=1 --timeout=1",
    buildCt,
    "zones and helpers have no effect, and flows are tracked all the same",
  ),
  // Nothing a packet model sees.
  passing(
    "LOG",
    "--log-level=1 --log-prefix=1 --log-tcp-sequence=0 --log-tcp-options=0 --log-ip-options=0 --log-uid=0 --log-macdecode=0",
  ),
  passing("NFLOG", "--nflog-group=1 --nflog-prefix=1 --nflog-range=1 --nflog-size=1 --nflog-threshold=1"),
  passing("ULOG", "--ulog-nlgroup=1 --ulog-prefix=1 --ulog-cprange=1 --ulog-qthreshold=1"),
  passing("TCPMSS", "--set-mss=1 --clamp-mss-to-pmtu=0"),
  passing("CHECKSUM", "--checksum-fill=0"),
  passing("CLASSIFY", "--set-class=1"),
  passing("DSCP", "--set-dscp=1 --set-dscp-class=1"),
  passing("TOS", "--set-tos=1 --and-tos=1 --or-tos=1 --xor-tos=1"),
  passing("TTL", "--ttl-set=1 --ttl-dec=1 --ttl-inc=1"),
  passing("HL", "--hl-set=1 --hl-dec=1 --hl-inc=1"),
  passing("AUDIT", "--type=1"),
  passing("TRACE", ""),
  passing("TEE", "--gateway=1 --oif=1"),
  passing("SECMARK", "--selctx=1"),
  passing("CONNSECMARK", "--save=0 --restore=0"),
  passing("TCPOPTSTRIP", "--strip-options=1"),
  passing("ECN", "--ecn-tcp-remove=0"),
  passing("IDLETIMER", "--timeout=1 --label=1 --alarm=0"),
  passing("RATEEST", "--rateest-name=1 --rateest-interval=1 --rateest-ewmalog=1"),
  // These would change the packet's way.
  passing(
    "CONNMARK",
    `${SET_MARK_OPTIONS} --save-mark=0 --restore-mark=0 --nfmask=1 --ctmask=1 --mask=1`,
    CHANGES_MARK,
  ),
  passing("QUEUE", "", CHANGES_FATE),
  passing("NFQUEUE", "--queue-num=1 --queue-balance=1 --queue-bypass=0 --queue-cpu-fanout=0", CHANGES_FATE),
  passing("TPROXY", "--on-port=1 --on-ip=1 --tproxy-mark=1", CHANGES_FATE),
  passing("NETMAP", "--to=1", CHANGES_FATE),
  passing("SYNPROXY", "--mss=1 --wscale=1 --sack-perm=0 --timestamps=0 --ecn=0", CHANGES_FATE),
  passing(
    "SET",
    "--add-set=2 --del-set=2 --map-set=2 --timeout=1 --exist=0",
    "sets are not changed by packets here",
  ),
  passing("HMARK", "--hmark-mod=1 --hmark-offset=1 --hmark-tuple=1 --hmark-rnd=1", CHANGES_FATE),
]);

function row(
  name: string,
  options: string,
  build: TargetRow["build"],
  warning: string | null = null,
): [string, TargetRow] {
  return [name, { options: argumentCounts(options), build, warning }];
}

function passing(name: string, options: string, warning: string | null = null): [string, TargetRow] {
  return [
    name,
    { options: argumentCounts(options), build: (values) => continueTarget(name, values), warning },
  ];
}

/** A target that changes nothing a packet model sees. */
export function continueTarget(name: string, values: readonly OptionValue[]): Target {
  return { kind: "continue", name, options: optionsText(values) };
}

function buildReject(values: readonly OptionValue[]): Target {
  const rejectWith = find(values, "--reject-with");
  return { kind: "reject", rejectWith: rejectWith ? firstArg(rejectWith) : null };
}

/** "10.0.0.1:8000-8010/9000": the port's distance from a base is kept, which no range of ours holds. */
const SHIFTED = /:\d+-\d+\/\d+$/;

function buildDnat(values: readonly OptionValue[], context: RowContext, offset: number): Target {
  const to = find(values, "--to-destination");
  if (to && SHIFTED.test(firstArg(to))) {
    context.warn(to.offset, "a DNAT that shifts ports is not modelled: the packet goes on to the next rule");
    return continueTarget("DNAT", values);
  }
  return { kind: "dnat", ...translation("--to-destination", values, context, offset) };
}

function buildSnat(values: readonly OptionValue[], context: RowContext, offset: number): Target {
  return { kind: "snat", ...translation("--to-source", values, context, offset) };
}

function translation(option: string, values: readonly OptionValue[], context: RowContext, offset: number) {
  const to = find(values, option);
  if (!to) context.fail(offset, `translation without a destination, expected ${option}`);
  const others = values.filter((value) => value !== to);
  if (find(others, option)) context.fail(offset, `${option} given twice, expected one address or range`);
  return { to: readAddressRange(to, context), options: optionsText(others) };
}

/** "10.0.0.1", "10.0.0.1-10.0.0.9:80-90", ":80", "fd00::1", "[fd00::1-fd00::9]:80". */
function readAddressRange(value: OptionValue, context: RowContext): AddressRange {
  const text = firstArg(value);
  const parts = /^(?:\[([^\]]*)\]|([^:[\]]*)|([^[\]]*:[^[\]]*:[^[\]]*))(?::([\d-]+))?$/.exec(text);
  if (!parts || text === "") {
    return context.fail(value.offset, `${value.name} '${text}', expected ADDRESS[-ADDRESS][:PORT[-PORT]]`);
  }
  const [first = "", last] = (parts[1] ?? parts[2] ?? parts[3] ?? "").split("-");
  const firstIp = first === "" ? null : readIp(first, value, context);
  const lastIp = last === undefined ? null : readIp(last, value, context);
  return {
    first: firstIp,
    last: lastIp === firstIp ? null : lastIp,
    ports: parts[4] === undefined ? null : readPortRange(parts[4], value, context, "-"),
  };
}

function buildRedirect(values: readonly OptionValue[], context: RowContext): Target {
  const ports = find(values, "--to-ports");
  return {
    kind: "redirect",
    ports: ports ? readPortRange(firstArg(ports), ports, context, "-") : null,
    options: optionsText(values.filter((value) => value !== ports)),
  };
}

/** Every spelling is mark = (mark & ~mask) ^ value. */
function buildMark(values: readonly OptionValue[], context: RowContext, offset: number): Target {
  const option = values[0];
  if (!option || values.length !== 1) {
    return context.fail(
      offset,
      "MARK, expected one of --set-xmark, --set-mark, --or-mark, --and-mark, --xor-mark",
    );
  }
  const text = optionsText(values);
  const mark = (value: number, mask: number): Target => ({
    kind: "mark",
    value: value >>> 0,
    mask: mask >>> 0,
    text,
  });
  if (option.name === "--set-mark" || option.name === "--set-xmark") {
    const { value, mask } = readMaskedMark(firstArg(option), option, context);
    return mark(value, option.name === "--set-mark" ? value | mask : mask);
  }
  const bits = readNumber(firstArg(option), option, context);
  if (option.name === "--and-mark") return mark(0, ~bits);
  return option.name === "--or-mark" ? mark(bits, bits) : mark(bits, 0);
}

function buildCt(values: readonly OptionValue[]): Target {
  const options = optionsText(values);
  return find(values, "--notrack") ? { kind: "notrack", options } : { kind: "continue", name: "CT", options };
}
