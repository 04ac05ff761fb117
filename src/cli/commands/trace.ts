// plumb trace: one packet's walk through the rules of each mode, rule by rule.
import { type Command, InvalidArgumentError } from "commander";
import { PlumbError } from "../../base/errors.js";
import { canonicalIp, type Family, familyOf } from "../../base/ip.js";
import { Prng } from "../../base/prng.js";
import { COUNTER_NAMES } from "../../netfilter/counters.js";
import type { Rule } from "../../netfilter/iptables/model.js";
import { readSavedRuleset } from "../../netfilter/iptables/saved-text.js";
import { unsaidBy } from "../../netfilter/iptables/unsaid.js";
import type { Packet } from "../../netfilter/packet.js";
import { type IptablesModel, MODES, type Mode, type RuleModel } from "../../netfilter/rule-model.js";
import { SeededChance } from "../../netfilter/tracer/chance.js";
import { createTracer, parsePacket, traceTargets } from "../../netfilter/tracer/index.js";
import { stepText } from "../../netfilter/tracer/step-text.js";
import type { Trace } from "../../netfilter/tracer/trace.js";
import { undecidedOn } from "../../netfilter/tracer/what-if.js";
import { COMPILERS } from "../../proxy/modes.js";
import {
  addClusterOptions,
  type ClusterOptions,
  loadCluster,
  modeOption,
  printWarnings,
  rulesetWarnings,
  proxyConfigFor,
  proxyState,
} from "../cluster-options.js";
import type { CommandContext } from "../context.js";
import { readInput } from "../read-inputs.js";
import type { Terminal } from "../terminal.js";

interface TraceOptions extends ClusterOptions {
  readonly mode: Mode | "all";
  readonly packet: string;
  readonly rules?: string;
  readonly localAddress?: readonly string[];
  readonly json?: boolean;
}

/** What the outcome hangs on that no packet decides. */
interface UndecidedReport {
  /** Line of the rules' text; null for a rule that an -I brought. */
  readonly line: number | null;
  readonly place: string;
  readonly what: string;
  readonly otherwise: Outcome | null;
}

type Outcome = Pick<TraceReport, "verdict" | "targets" | "targetsPartial" | "masquerade">;

interface TraceReport {
  readonly mode: Mode;
  readonly verdict: string;
  readonly targets: readonly string[];
  readonly targetsPartial: boolean;
  readonly masquerade: boolean;
  readonly counts: Readonly<Record<string, number>>;
  readonly walk: Trace["steps"];
  /** For --rules only: compiled rules ask nothing that a packet does not say. */
  readonly undecided?: readonly UndecidedReport[];
}

const EXAMPLES = `
Examples:
  plumb trace --packet 'tcp 10.0.1.7:40000 > 10.96.0.9:80' --mode all shop.yaml
  plumb trace --packet 'udp [fd00::7]:40000 > [fd00:10:96::a]:53' --mode nftables --json cluster.json
  iptables-save | plumb trace --packet 'tcp 10.0.1.7:40000 > 10.96.0.9:80' --rules -

A packet is PROTOCOL SOURCE:PORT > DESTINATION:PORT, and optionally in=eth0, from=node, flags=SYN,ACK.
The walk shows one seeded path; targets are all that chance could choose.
Of --rules, what no packet decides (-o, an owner, a rate, a set) is named with its line where the outcome hangs on it.`;

/** Paths followed to find all targets; a Service with more endpoints gets a partial list, and is said to. */
const WALKS_MAX = 20_000;
const CONNTRACK_MAX = 1024;

export function registerTrace(program: Command, context: CommandContext): void {
  addClusterOptions(
    program
      .command("trace [files...]")
      .description(
        "walk one packet through the rules: every rule, the verdict, the possible targets, the counts",
      )
      .requiredOption("-p, --packet <packet>", "the packet, e.g. 'tcp 10.0.1.7:40000 > 10.96.0.9:80'")
      .addOption(modeOption([...MODES, "all"]).default("all")),
  )
    .option("--rules <file>", "walk an iptables-save text as it is, instead of compiling FILEs")
    .option("--local-address <ips>", "the node's own addresses for --rules, comma separated", addressList)
    .option("--json", "one JSON object (an array of them for --mode all)")
    .addHelpText("after", EXAMPLES)
    .action((files: string[], options: TraceOptions) => traceCommand(files, options, context));
}

function traceCommand(files: readonly string[], options: TraceOptions, { terminal }: CommandContext): void {
  const packet = parsePacket(options.packet);
  const lines = new Map<Rule, number>();
  const models =
    options.rules === undefined
      ? compiledModels(files, { ...options, family: familyFor(packet, options) }, terminal)
      : [savedModel(files, options, lines, terminal)];
  const [model] = models;
  if (model !== undefined && model.family !== familyOf(packet.source)) {
    throw new PlumbError(
      "Usage",
      `Cannot walk '${options.packet}' through ${model.family} rules: it is an ${familyOf(packet.source)} packet`,
      {
        hint: "give a packet of the rules' family; --family says which one an iptables-save text is of",
      },
    );
  }
  const reports = models.map((model) => {
    const report = traceModel(model, packet, options.seed);
    return options.rules !== undefined && model.mode === "iptables"
      ? { ...report, undecided: undecidedReports(model, packet, report, lines) }
      : report;
  });
  if (options.json)
    terminal.print(
      JSON.stringify(options.mode === "all" && options.rules === undefined ? reports : reports[0]),
    );
  else for (const report of reports) printReport(report, options.packet, terminal);
}

function compiledModels(files: readonly string[], options: TraceOptions, terminal: Terminal): RuleModel[] {
  if (files.length === 0)
    throw new PlumbError(
      "Usage",
      "Cannot trace without rules: give FILEs (manifests or a dump), or --rules FILE",
    );
  const { objects, warnings } = loadCluster(files, options);
  printWarnings(terminal, warnings);
  const modes = options.mode === "all" ? MODES : [options.mode];
  return modes.map((mode) => {
    const config = proxyConfigFor(mode, objects, options);
    return COMPILERS[mode].compile(proxyState(objects, config), config);
  });
}

/** Rules of the packet's family, unless another was asked for. */
function familyFor(packet: Packet, { family }: TraceOptions): Family {
  return family ?? familyOf(packet.source);
}

function savedModel(
  files: readonly string[],
  options: TraceOptions,
  warnedLines: Map<Rule, number>,
  terminal: Terminal,
): RuleModel {
  const { rules = "-", mode, family, localAddress: localAddresses = [] } = options;
  if (files.length > 0)
    throw new PlumbError(
      "Usage",
      `Cannot trace '${files[0]}' and --rules '${rules}': give FILEs or --rules, not both`,
    );
  if (mode !== "all" && mode !== "iptables")
    throw new PlumbError(
      "Usage",
      `Cannot walk --rules in mode ${mode}: an iptables-save text is of mode iptables`,
    );
  const input = readInput(rules);
  const { ruleset, warnings } = readSavedRuleset({
    ...input,
    ...(family === undefined ? {} : { family }),
    warnedLines,
  });
  printWarnings(terminal, rulesetWarnings(input.file, warnings));
  const unsaid = unsaidBy(ruleset, { localAddresses });
  for (const message of unsaid) terminal.warn(message);
  return { mode: "iptables", family: ruleset.family, ruleset, ipsets: [], localAddresses };
}

function addressList(text: string): readonly string[] {
  return text.split(",").map((part) => {
    const address = canonicalIp(part.trim());
    if (address === null) throw new InvalidArgumentError(`'${part}' is no IP address`);
    return address;
  });
}

function traceModel(model: RuleModel, packet: Packet, seed: number): TraceReport {
  const chance = new SeededChance(new Prng(seed));
  const trace = createTracer(model, { chance, steps: true, conntrackMax: CONNTRACK_MAX }).send(packet, 0);
  const found = traceTargets(model, packet, { walksMax: WALKS_MAX });
  return {
    mode: model.mode,
    verdict: found.verdict,
    targets: found.targets,
    targetsPartial: found.partial,
    masquerade: found.masquerade,
    counts: trace.counts,
    walk: trace.steps,
  };
}

function undecidedReports(
  model: IptablesModel,
  packet: Packet,
  { walk }: TraceReport,
  lines: ReadonlyMap<Rule, number>,
): readonly UndecidedReport[] {
  return undecidedOn(model, packet, walk).map(({ rule, place, what, otherwise }) => ({
    line: lines.get(rule) ?? null,
    place,
    what,
    otherwise: otherwise && {
      verdict: otherwise.verdict,
      targets: otherwise.targets,
      targetsPartial: otherwise.partial,
      masquerade: otherwise.masquerade,
    },
  }));
}

function printReport(report: TraceReport, packet: string, { print }: Terminal): void {
  print(`${report.mode}: ${packet}`);
  for (const step of report.walk) print(`  ${stepText(step)}`);
  print(`  verdict ${outcomeText(report)}`);
  for (const { line, place, what, otherwise } of report.undecided ?? []) {
    const where = line === null ? place : `line ${line}, ${place}`;
    const then =
      otherwise === null ? "" : `: taken not to hold; if it does, verdict ${outcomeText(otherwise)}`;
    print(`  not decided at ${where}: ${what}${then}`);
  }
  const counted = COUNTER_NAMES.filter((name) => (report.counts[name] ?? 0) > 0).map(
    (name) => `${name} ${report.counts[name]}`,
  );
  print(`  counted: ${counted.join(", ")}\n`);
}

function outcomeText({ verdict, targets, targetsPartial, masquerade }: Outcome): string {
  const list = targets.length === 0 ? "" : ` -> ${targets.join(" | ")}${targetsPartial ? " | ..." : ""}`;
  return `${verdict}${list}${masquerade ? ", source masqueraded" : ""}`;
}
