// JSON Schema of what a verification against a kernel adds to a record (kernel-record.ts).
import { KERNEL_PATHS, NOT_VERIFIED_REASONS } from "./kernel-record.js";
import { count, list, map, number, object, orNull, type Schema, string, words } from "./schema-parts.js";

const path = words("How rules got into the kernel.", KERNEL_PATHS);
const kernel = words("The machine's own, or user-mode Linux; their times are never compared.", [
  "native",
  "user-mode",
]);
const packet = words("Of a connection.", ["first", "established"]);
const share = (description: string) => number(description, { minimum: 0, maximum: 1 });
const yesOrNo = (description: string): Schema => ({ description, type: "boolean" });

const behaviour = object("Verdicts of real packets through one path's rules.", {
  path,
  kernel,
  family: words("Of addresses.", ["IPv4", "IPv6"]),
  cluster: string("What the rules were compiled from."),
  flows: count("Sent."),
  agreed: count("Of those, with the model."),
  kinds: map("Kind of packet -> flows sent, and those that agreed.", {
    ...object("Of one kind.", { flows: count("Sent."), agreed: count("Agreed.") }),
  }),
  distribution: list(
    "How flows fell on a Service's backends.",
    object("One Service.", {
      service: string("Name."),
      backends: count("Of the Service."),
      flows: count("Sent."),
      chiSquare: number("Against the model's probabilities."),
      pValue: share("Of a chi-square at least this large."),
      agrees: yesOrNo("Whether that is believable."),
    }),
  ),
  mismatches: list(
    "The first few.",
    object("A packet that kernel and model treat differently.", {
      kind: string("Of packet."),
      packet: string("As plumb trace --packet takes it."),
      expected: string("By the model."),
      observed: string("In the kernel."),
      walk: list("The model's walk.", string("A rule.")),
      repeat: list("Commands that show it again.", string("A command.")),
    }),
  ),
});

const timing = object("ns a packet, modelled against measured.", {
  clock: words("What timed native points; those of user-mode Linux are by tsc.", ["thread-cpu", "tsc"]),
  rounds: count("That count."),
  roundsRejected: count("Thrown away: a control was more than 5% off its best."),
  controls: list(
    "Nodes without rules.",
    object("One.", {
      control: words("none: no netfilter at all.", ["none", "conntrack"]),
      kernel,
      packet,
      ns: number("p25 of the chunks."),
      noise: number("Relative spread of the rounds."),
    }),
  ),
  points: list(
    "By path, size, target.",
    object("One.", {
      path,
      kernel,
      packet,
      services: count("In the cluster."),
      target: words("Which Service was asked for.", ["first", "middle", "last", "random"]),
      measuredNs: number("p25 of the chunks."),
      chunks: count("Timed."),
      packets: count("Timed."),
      spread: number("Interquartile range over median of the chunks."),
      modelledNs: number("By the cost model, in the time of the kernel that measured."),
    }),
  ),
  scores: list(
    "By path and packet kind.",
    object("One.", {
      path,
      kernel,
      packet,
      "against?": words("Scored are ratios to this path in the same kernel.", KERNEL_PATHS),
      points: count("Scored."),
      withinClose: share("Modelled within 0.85..1.15 of measured."),
      withinWide: share("Within 0.75..1.33."),
      worstRatio: number("Modelled to measured, farthest from 1."),
    }),
  ),
  order: object("Pairs of paths at one size.", {
    agreed: count("The model has them in the measured order."),
    pairs: count("Farther apart than the model errs."),
  }),
  crossovers: list(
    "Where b becomes cheaper than a.",
    object("One pair.", {
      a: path,
      b: path,
      packet,
      modelledAt: orNull(count("Services.")),
      measuredAt: orNull(count("Services.")),
      sameStep: yesOrNo("In the same step of the grid."),
    }),
  ),
  calibration: object("What modelled times were made of.", {
    machine: string("Where it was measured."),
    measuredAt: string("RFC 3339."),
    own: yesOrNo("Whether on this host."),
  }),
});

const programming = object("Time to load rules.", {
  path,
  kernel,
  services: count("In the cluster."),
  change: words("What was loaded.", ["full", "resync", "one-service"]),
  measuredMs: number("Median."),
  n: count("Repetitions."),
  modelledMs: orNull(number("By rules and bytes.")),
  bytes: count("Given to the tool."),
  rules: count("Given to the tool."),
  transactions: count("It was split into."),
});

const userspace = object("The userspace mode for real.", {
  rows: list(
    "By operation.",
    object("One.", {
      operation: string("What was timed."),
      labels: map("More about it.", { type: ["string", "number"] }),
      n: count("Operations."),
      directNs: number("p50, wall time."),
      proxiedNs: number("p50, wall time."),
      proxyCpuNs: number("CPU time of the proxy per operation."),
    }),
  ),
});

export const kernelSchema = object("A verification against a real Linux kernel.", {
  startedAt: string("RFC 3339."),
  finishedAt: string("RFC 3339."),
  seed: count("Of clusters and flows."),
  host: object("Where.", {
    kernel: string("Release."),
    machine: string("For a reader."),
    fingerprint: string("Of the environment."),
    tools: map("Program -> version.", { type: "string" }),
  }),
  behaviour: list("By path, family and cluster.", behaviour),
  timing: orNull(timing),
  programming: list("By path, size, change.", programming),
  userspace: orNull(userspace),
  notVerified: list(
    "What was left out.",
    object("One.", {
      what: string("A path or a part."),
      reason: words("Why.", Object.keys(NOT_VERIFIED_REASONS)),
      detail: string("What was missing and how to get it."),
    }),
  ),
});
