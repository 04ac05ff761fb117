// What a verification against a real Linux kernel found: part of a run record, all that the report needs to tell it.
// Times are ns of the whole path of a packet unless a name says otherwise; `modelled` and `measured` never share a field.

/**
 * How rules get into a kernel; each is verified by itself. ipset: the rules and sets of mode ipvs with a DNAT where
 * IPVS would be, so the hashed path can be measured where the kernel has no ip_vs.
 */
export const KERNEL_PATHS = ["iptables-legacy", "iptables-nft", "nftables", "ipset", "ipvs"] as const;
export type KernelPath = (typeof KERNEL_PATHS)[number];

/** Why something was not verified. */
export const NOT_VERIFIED_REASONS = {
  ENV_NO_ROOT: "neither root nor a user namespace that may configure networks",
  ENV_NO_NETNS: "this kernel or container allows no network namespaces",
  ENV_NO_IPVS: "the kernel has no ip_vs and there is no user-mode Linux",
  NFT_TOO_OLD: "nft cannot load what kube-proxy writes",
  TOOL_MISSING: "a program is not installed",
  KERNEL_REFUSED: "the kernel or the tool refuses the rules of this path",
  OUT_OF_TIME: "the time budget was used up",
  DISTURBED: "the machine was busy with something else all the while",
  NOT_ASKED: "not asked for",
} as const;
export type NotVerifiedReason = keyof typeof NOT_VERIFIED_REASONS;

export interface KernelRecord {
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly seed: number;
  readonly host: {
    readonly kernel: string;
    /** "AMD EPYC, 2 cores, 23.5 GiB": enough to tell machines apart in a table. */
    readonly machine: string;
    readonly fingerprint: string;
    /** Program -> its version line. */
    readonly tools: Readonly<Record<string, string>>;
  };
  readonly behaviour: readonly BehaviourRecord[];
  /** null: not asked for, or not possible (notVerified says why). */
  readonly timing: TimingRecord | null;
  readonly programming: readonly ProgrammingRecord[];
  readonly userspace: UserspaceRecord | null;
  readonly notVerified: readonly NotVerifiedRecord[];
}

export interface NotVerifiedRecord {
  /** A kernel path, or a part of the verification: "timing". */
  readonly what: string;
  readonly reason: NotVerifiedReason;
  /** What was missing and how to get it. */
  readonly detail: string;
}

/**
 * Which kernel ran it: the machine's own, or a user-mode Linux in a process. Their times are never compared: points,
 * scores, pairs and crossovers are of one kernel each.
 */
export type KernelKind = "native" | "user-mode";

export interface BehaviourRecord {
  readonly path: KernelPath;
  readonly kernel: KernelKind;
  readonly family: "IPv4" | "IPv6";
  /** What the rules were compiled from, for a reader. */
  readonly cluster: string;
  readonly flows: number;
  readonly agreed: number;
  /** Kind of packet ("cluster-ip", "node-port", "hairpin", ...) -> flows sent and flows that agreed. */
  readonly kinds: Readonly<Record<string, { readonly flows: number; readonly agreed: number }>>;
  readonly distribution: readonly DistributionRecord[];
  /** The first few, smallest first. */
  readonly mismatches: readonly MismatchRecord[];
}

/** How flows to one Service fell on its backends, against what the model says. */
export interface DistributionRecord {
  readonly service: string;
  readonly backends: number;
  readonly flows: number;
  readonly chiSquare: number;
  /** Probability of a chi-square at least this large if the model is right. */
  readonly pValue: number;
  readonly agrees: boolean;
}

export interface MismatchRecord {
  readonly kind: string;
  /** In the syntax of `plumb trace --packet`. */
  readonly packet: string;
  readonly expected: string;
  readonly observed: string;
  /** The tracer's walk, a line a rule. */
  readonly walk: readonly string[];
  /** Shell commands that show it again. */
  readonly repeat: readonly string[];
}

export type TargetPosition = "first" | "middle" | "last" | "random";
export type PacketKind = "first" | "established";

export interface TimingRecord {
  /**
   * Of native points, where there are any. thread-cpu: CLOCK_THREAD_CPUTIME_ID. tsc: the cycle counter, guarded against
   * being preempted; points of a user-mode Linux are always by it.
   */
  readonly clock: "thread-cpu" | "tsc";
  readonly rounds: number;
  /** Rounds thrown away because a control was more than 5% off its best. */
  readonly roundsRejected: number;
  readonly controls: readonly ControlRecord[];
  readonly points: readonly TimingPoint[];
  readonly scores: readonly TimingScore[];
  /** Pairs of paths at one size and packet kind whose order the model gets right; those closer than its error are left out. */
  readonly order: { readonly agreed: number; readonly pairs: number };
  readonly crossovers: readonly CrossoverRecord[];
  readonly calibration: {
    readonly machine: string;
    readonly measuredAt: string;
    /** Whether it was measured on this very host. */
    readonly own: boolean;
  };
}

export interface ControlRecord {
  readonly control: "none" | "conntrack";
  readonly kernel: KernelKind;
  readonly packet: PacketKind;
  readonly ns: number;
  /** Relative spread (standard deviation over mean) of the rounds' p25. */
  readonly noise: number;
}

export interface TimingPoint {
  readonly path: KernelPath;
  readonly kernel: KernelKind;
  readonly packet: PacketKind;
  readonly services: number;
  readonly target: TargetPosition;
  /** p25 of the chunks' ns per packet. */
  readonly measuredNs: number;
  readonly chunks: number;
  readonly packets: number;
  /** Interquartile range of the chunks over their median. */
  readonly spread: number;
  /**
   * For user-mode: in the time of that kernel. What the model says of instructions is scaled by the guest's own controls
   * against the calibration's, what it says of waiting for memory (long walks, cold caches) is taken as it is.
   */
  readonly modelledNs: number;
}

export interface TimingScore {
  readonly path: KernelPath;
  readonly kernel: KernelKind;
  readonly packet: PacketKind;
  /**
   * Present for ipvs in a user-mode Linux: times are taken as ratios to this path's in the same kernel, at the same size
   * and target, because that kernel's ns are no node's. Points without a partner are not scored.
   */
  readonly against?: KernelPath;
  readonly points: number;
  /** Share of points whose modelled time, or ratio, is within 0.85..1.15 and 0.75..1.33 of the measured. */
  readonly withinClose: number;
  readonly withinWide: number;
  /** The ratio modelled : measured that is farthest from 1. */
  readonly worstRatio: number;
}

/**
 * Where path b becomes cheaper than path a, in Services; null where it never does on the grid. In the native kernel; where
 * only a user-mode Linux has ipvs, its pairs are of that kernel.
 */
export interface CrossoverRecord {
  readonly a: KernelPath;
  readonly b: KernelPath;
  readonly packet: PacketKind;
  readonly modelledAt: number | null;
  readonly measuredAt: number | null;
  readonly sameStep: boolean;
}

export interface ProgrammingRecord {
  readonly path: KernelPath;
  readonly kernel: KernelKind;
  readonly services: number;
  /** full: into an empty namespace. resync: the same again over what is there. one-service: one Service changed. */
  readonly change: "full" | "resync" | "one-service";
  readonly measuredMs: number;
  readonly n: number;
  readonly modelledMs: number | null;
  /** Counted in what the tool was given. */
  readonly bytes: number;
  readonly rules: number;
  /** Transactions it was split into. */
  readonly transactions: number;
}

/** The userspace mode for real: a proxy in Node on a loopback against direct connections. Wall time. */
export interface UserspaceRecord {
  readonly rows: readonly {
    readonly operation: string;
    readonly labels: Readonly<Record<string, string | number>>;
    readonly n: number;
    readonly directNs: number;
    readonly proxiedNs: number;
    /** CPU time of the proxy process per operation. */
    readonly proxyCpuNs: number;
  }[];
}
