// A synthetic verification: every number is made up, of the shape that a real one has. Nothing here was measured.
import { present } from "../../base/assert.js";
import { Prng } from "../../base/prng.js";
import type {
  BehaviourRecord,
  KernelPath,
  KernelRecord,
  PacketKind,
  TimingPoint,
  TimingRecord,
  TimingScore,
} from "../../measure/kernel-record.js";
import { kernelSentence, verificationOf } from "../../measure/kernel-verdict.js";
import type { RunRecord } from "../../measure/run-record.js";
import { sampleRecord } from "../sample-record.test-data.js";

const KINDS = [
  "cluster-ip",
  "node-port",
  "load-balancer",
  "external-ip",
  "hairpin",
  "no-endpoints",
  "affinity",
];
const SIZES = [1, 10, 100, 1000, 5000, 10_000, 30_000];
/** ns of a first packet that walks to the Service at a position. */
const FIRST: Readonly<Record<KernelPath, (position: number) => number>> = {
  "iptables-legacy": (position) => 3980 + (position < 2000 ? 2.6 * position : 5.7 * position - 6200),
  "iptables-nft": (position) => 4590 + 15.2 * position,
  nftables: () => 4290,
  ipset: () => 3970,
  ipvs: () => 3200,
};
const ESTABLISHED: Readonly<Record<KernelPath, number>> = {
  "iptables-legacy": 2940,
  "iptables-nft": 3120,
  nftables: 2800,
  ipset: 2690,
  ipvs: 2080,
};

/** With a mismatch and a failed spread; `clean`: without. */
export function sampleKernelRecord({ clean = false } = {}): KernelRecord {
  const random = new Prng(11);
  const points = samplePoints(random);
  return {
    startedAt: "2026-01-02T04:00:00Z",
    finishedAt: "2026-01-02T04:09:30Z",
    seed: 42,
    host: {
      kernel: "6.18.0-example",
      machine: "Example CPU 2.4 GHz, 2 cores, 7.6 GiB",
      fingerprint: "cd".repeat(32),
      tools: {
        iptables: "iptables v1.8.9 (legacy)",
        nft: "nftables v1.0.6 (Lester Gooch #5)",
        ipset: "ipset v7.17",
      },
    },
    behaviour: (["iptables-legacy", "iptables-nft", "nftables", "ipset", "ipvs"] as const).flatMap((path) => [
      sampleBehaviour(path, "IPv4", !clean && path === "iptables-nft"),
      sampleBehaviour(path, "IPv6", false),
    ]),
    timing: sampleTiming(points),
    programming: sampleProgramming(),
    userspace: {
      rows: [
        {
          operation: "TCP connect and close",
          labels: { bytes: 1 },
          n: 2000,
          directNs: 44_800,
          proxiedNs: 341_000,
          proxyCpuNs: 267_000,
        },
        {
          operation: "TCP round trip",
          labels: { bytes: 100 },
          n: 20_000,
          directNs: 14_700,
          proxiedNs: 40_300,
          proxyCpuNs: 30_600,
        },
        {
          operation: "UDP round trip, known flow",
          labels: { bytes: 100 },
          n: 20_000,
          directNs: 13_200,
          proxiedNs: 35_000,
          proxyCpuNs: 26_000,
        },
      ],
    },
    notVerified: [
      {
        what: "iptables-nft 30,000 Services",
        reason: "OUT_OF_TIME",
        detail: "the time budget of 600 s was used up; --time-budget gives more",
      },
      {
        what: "ipvs in this machine's kernel",
        reason: "ENV_NO_IPVS",
        detail: "no module ip_vs; verified in user-mode Linux instead",
      },
    ],
  };
}

/** The sample run with a synthetic verification. */
export function sampleVerifiedRecord(options: { clean?: boolean } = {}): RunRecord {
  const kernelVerification = sampleKernelRecord(options);
  return { ...sampleRecord(), kernelVerification, verification: verificationOf(kernelVerification) };
}

/** A record of nothing but the verification, as `plumb verify SCENARIO` writes it. */
export function sampleVerificationOnly(options: { clean?: boolean } = {}): RunRecord {
  const record = sampleVerifiedRecord(options);
  const kernel = sampleKernelRecord(options);
  return {
    ...record,
    cases: [],
    thresholds: [],
    warnings: [],
    scenario: {
      ...record.scenario,
      name: "verify quick",
      purpose: "Do rules and costs as modelled agree with a real Linux kernel?",
    },
    verdict: {
      status: record.verification.state === "mismatch" ? "fail" : "pass",
      answer: kernelSentence(kernel),
      reasons: [],
      reproduce: "plumb verify quick --timing",
    },
  };
}

function sampleBehaviour(path: KernelPath, family: "IPv4" | "IPv6", differs: boolean): BehaviourRecord {
  const flows = family === "IPv4" ? 2000 : 400;
  const kinds = Object.fromEntries(
    KINDS.map((kind) => [kind, { flows, agreed: differs && kind === "hairpin" ? flows - 3 : flows }]),
  );
  return {
    path,
    kernel: path === "ipvs" ? "user-mode" : "native",
    family,
    cluster: "every kind of Service",
    flows: flows * KINDS.length,
    agreed: flows * KINDS.length - (differs ? 3 : 0),
    kinds,
    distribution: [3, 10, 40].map((backends, index) => ({
      service: `shop/service-${index}:http`,
      backends,
      flows: 1000,
      chiSquare: backends - 1 + (differs && index === 1 ? 38 : 0.7),
      pValue: differs && index === 1 ? 3.2e-6 : 0.4 + index / 10,
      agrees: !(differs && index === 1),
    })),
    mismatches: differs ? [SAMPLE_MISMATCH] : [],
  };
}

const SAMPLE_MISMATCH = {
  kind: "hairpin",
  packet: "tcp 10.128.0.7:40000 > 172.30.0.41:80 in=eth0",
  expected: "DNAT: the node > 10.128.0.7:8080",
  observed: "DNAT: 10.128.0.7:40000 > 10.128.0.7:8080",
  walk: [
    'nat PREROUTING 1: -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
    'nat KUBE-SERVICES 12: -d 172.30.0.41/32 -p tcp -m comment --comment "shop/service-4:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-ABCDEFGHIJKLMNOP',
    "nat KUBE-SVC-ABCDEFGHIJKLMNOP 2: -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-ABCDEFGHIJKLMNOP",
    "nat KUBE-SEP-ABCDEFGHIJKLMNOP 1: -s 10.128.0.7/32 -j KUBE-MARK-MASQ",
  ],
  repeat: [
    "ip netns add plumb-again",
    "ip netns exec plumb-again iptables-nft-restore < rules.txt",
    "ip netns exec plumb-again exchange --packet 'tcp 10.128.0.7:40000 > 172.30.0.41:80 in=eth0' --repeat 30",
  ],
} as const;

function samplePoints(random: Prng): readonly TimingPoint[] {
  const paths: readonly KernelPath[] = ["iptables-legacy", "iptables-nft", "nftables", "ipset", "ipvs"];
  const native = paths.flatMap((path) =>
    SIZES.filter((size) => size < 30_000 || path === "iptables-legacy").flatMap((services) => {
      const positions = { first: 1, last: services, random: services / 2 } as const;
      const firsts = Object.entries(positions).map(([target, position]) =>
        samplePoint(random, {
          path,
          packet: "first",
          services,
          target: target as TimingPoint["target"],
          ns: FIRST[path](position) + (target === "random" ? 300 * Math.log10(services + 1) : 0),
        }),
      );
      const ns = ESTABLISHED[path];
      return [...firsts, samplePoint(random, { path, packet: "established", services, target: "last", ns })];
    }),
  );
  return [...native, ...native.filter(({ path }) => path === "iptables-legacy").map(inUserMode)];
}

/** The partner that ipvs is compared with there. */
function inUserMode(point: TimingPoint): TimingPoint {
  const { measuredNs, modelledNs } = point;
  return { ...point, kernel: "user-mode", measuredNs: measuredNs / 1.8, modelledNs: modelledNs / 1.75 };
}

interface SamplePoint extends Pick<TimingPoint, "path" | "packet" | "services" | "target"> {
  readonly ns: number;
}

function samplePoint(random: Prng, { ns, ...point }: SamplePoint): TimingPoint {
  const isUserMode = point.path === "ipvs";
  return {
    ...point,
    kernel: isUserMode ? "user-mode" : "native",
    measuredNs: ns * (0.98 + random.unit() * 0.04),
    modelledNs: ns * (isUserMode ? 0.8 + random.unit() * 0.3 : 0.87 + random.unit() * 0.2),
    chunks: 90,
    packets: 90 * 480,
    spread: 0.02 + random.unit() * 0.05,
  };
}

function sampleTiming(points: readonly TimingPoint[]): TimingRecord {
  const control = (name: "none" | "conntrack", packet: PacketKind, ns: number) =>
    ({ control: name, kernel: "native", packet, ns, noise: 0.012 }) as const;
  return {
    clock: "thread-cpu",
    rounds: 30,
    roundsRejected: 2,
    controls: [
      control("none", "first", 1940),
      control("none", "established", 1956),
      control("conntrack", "first", 2779),
      control("conntrack", "established", 2622),
    ],
    points,
    scores: sampleScores(points),
    order: { agreed: 58, pairs: 60 },
    crossovers: [
      {
        a: "iptables-legacy",
        b: "nftables",
        packet: "first",
        modelledAt: 1000,
        measuredAt: 1000,
        sameStep: true,
      },
      {
        a: "iptables-legacy",
        b: "ipset",
        packet: "first",
        modelledAt: 100,
        measuredAt: 1000,
        sameStep: false,
      },
      {
        a: "iptables-legacy",
        b: "ipvs",
        packet: "first",
        modelledAt: 1000,
        measuredAt: 1000,
        sameStep: true,
      },
      {
        a: "nftables",
        b: "ipset",
        packet: "established",
        modelledAt: null,
        measuredAt: null,
        sameStep: true,
      },
    ],
    calibration: {
      machine: "Another example CPU, Linux 6.18",
      measuredAt: "2025-12-17T00:00:00Z",
      own: false,
    },
  };
}

function sampleScores(points: readonly TimingPoint[]): readonly TimingScore[] {
  const groups = new Map<string, TimingPoint[]>();
  for (const point of points) {
    const key = `${point.path} ${point.kernel} ${point.packet}`;
    groups.set(key, [...(groups.get(key) ?? []), point]);
  }
  return [...groups.values()].map((group) => {
    const [{ path, kernel, packet }] = group as [TimingPoint];
    const isRelative = path === "ipvs";
    const ratios = group.map(
      (point) => ratioOf(point) / (isRelative ? ratioOf(partnerOf(point, points)) : 1),
    );
    const within = (low: number, high: number) =>
      ratios.filter((ratio) => ratio >= low && ratio <= high).length / ratios.length;
    const worstRatio = ratios.toSorted((a, b) => Math.abs(Math.log(b)) - Math.abs(Math.log(a)))[0] as number;
    return {
      path,
      kernel,
      packet,
      ...(isRelative ? { against: "iptables-legacy" as const } : {}),
      points: group.length,
      withinClose: within(0.85, 1.15),
      withinWide: within(0.75, 1.33),
      worstRatio,
    };
  });
}

function sampleProgramming(): KernelRecord["programming"] {
  const paths = { "iptables-legacy": 0.09, "iptables-nft": 0.24, nftables: 0.29, ipset: 0.05 } as const;
  return Object.entries(paths).flatMap(([path, msPerService]) =>
    [100, 1000].flatMap((services) =>
      (["full", "resync", "one-service"] as const).map((change) => {
        const share = change === "one-service" ? 0.1 : 1;
        const modelledMs = 6 + services * msPerService * share;
        return {
          path: path as KernelPath,
          kernel: "native" as const,
          services,
          change,
          measuredMs: modelledMs * (path === "nftables" && change === "resync" ? 1.4 : 1.06),
          n: 3,
          modelledMs: path === "ipset" ? null : modelledMs,
          bytes: Math.round(services * 1050 * share),
          rules: Math.round(services * 5 * share),
          transactions: 1,
        };
      }),
    ),
  );
}

function ratioOf({ modelledNs, measuredNs }: TimingPoint): number {
  return modelledNs / measuredNs;
}

function partnerOf(point: TimingPoint, points: readonly TimingPoint[]): TimingPoint {
  const { kernel, packet, services, target } = point;
  const partner = points.find(
    (one) =>
      one.path === "iptables-legacy" &&
      one.kernel === kernel &&
      one.packet === packet &&
      one.services === services &&
      one.target === target,
  );
  return present(partner, "a point of iptables-legacy at the same place");
}
