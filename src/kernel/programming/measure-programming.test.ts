import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../base/clock.js";
import type { RuleNamespace, ToolResult } from "./case-visits.js";
import { measureProgramming, type ProgrammingOptions } from "./measure-programming.js";
import type { ChangeDocument, ProgrammingCase, ProgrammingDocuments } from "./rule-documents.js";

/** Documents whose text says what they are for. */
function documentsFor({ path, services }: ProgrammingCase): ProgrammingDocuments {
  const document = (text: string): ChangeDocument => ({
    texts: [{ part: path === "nftables" ? "nft" : "iptables", chunks: [text] }],
    bytes: text.length,
    rules: services,
    chains: 0,
    elements: 0,
  });
  return {
    full: document("full"),
    resync: document("resync"),
    oneService: [document("there"), document("back")],
  };
}

interface Machine {
  readonly options: ProgrammingOptions;
  /** Namespaces in order, each with what ran in it: "program text". */
  readonly namespaces: string[][];
}

/** A machine on which every program takes 10 ms, or does what `answer` says. */
function machine(
  cases: readonly ProgrammingCase[],
  over: Partial<ProgrammingOptions> & {
    readonly answer?: (program: string, text: string) => Partial<ToolResult>;
  } = {},
): Machine {
  const clock = new ManualClock();
  const namespaces: string[][] = [];
  const openNamespace = async (): Promise<RuleNamespace> => {
    const ran: string[] = [];
    namespaces.push(ran);
    return {
      async run([program], stdin) {
        const text = stdin.join("");
        ran.push(`${program} ${text}`.trim());
        const result = { status: 0, stderr: "", ms: 10, ...over.answer?.(program, text) };
        clock.advance(result.ms * 1e6);
        return result;
      },
      close: async () => void ran.push("closed"),
    };
  };
  const options = {
    kernel: "native",
    cases,
    documents: documentsFor,
    openNamespace,
    clock,
    seed: 1,
    rounds: 3,
    budgetMs: 1e9,
    onProgress: () => undefined,
    ...over,
  } as const;
  return { options, namespaces };
}

const LEGACY = { path: "iptables-legacy", services: 100 } as const;
const NFT = { path: "iptables-nft", services: 100 } as const;

test("measureProgramming loads all, changes a Service and back, and syncs again, in a fresh namespace a visit", async () => {
  const { options, namespaces } = machine([LEGACY], { rounds: 2 });
  await measureProgramming(options);
  const program = "iptables-legacy-restore";
  const visit = [
    "true",
    ...["full", "there", "back", "resync"].map((text) => `${program} ${text}`),
    "closed",
  ];
  assert.deepEqual(namespaces, [visit, visit]);
});

test("measureProgramming gives medians with their number, counts, and what a program's start takes", async () => {
  let visit = 0;
  const { options } = machine([LEGACY], {
    answer: (program, text) => {
      if (program === "true") visit++;
      return {
        ms: program === "true" ? 4 + visit : { full: 100, resync: 200, there: 30, back: 40 }[text]! * visit,
      };
    },
  });
  const { records, notVerified, startMs } = await measureProgramming(options);
  assert.deepEqual(notVerified, []);
  assert.equal(startMs, 6);
  assert.deepEqual(
    records.map(({ change, measuredMs, n, bytes, rules, transactions }) => [
      change,
      measuredMs,
      n,
      bytes,
      rules,
      transactions,
    ]),
    [
      ["full", 200, 3, 4, 100, 1],
      ["resync", 400, 3, 6, 100, 1],
      // 30, 40, 60, 80, 90, 120
      ["one-service", 70, 6, 5, 100, 1],
    ],
  );
  for (const { modelledMs } of records) assert.ok(modelledMs !== null && modelledMs > 6);
});

test("measureProgramming models no time of a kernel in user mode", async () => {
  const { options } = machine([LEGACY], { kernel: "user-mode" });
  const { records } = await measureProgramming(options);
  assert.deepEqual(
    records.map(({ kernel, modelledMs }) => [kernel, modelledMs]),
    records.map(() => ["user-mode", null]),
  );
});

test("measureProgramming goes through all cases in every round, in another order", async () => {
  const cases = [1, 2, 3, 4, 5, 6].map((services) => ({ ...LEGACY, services }));
  const order: number[] = [];
  const onProgress = (text: string) => void order.push(Number(/, (\d+) Services/.exec(text)?.[1]));
  await measureProgramming(machine(cases, { onProgress }).options);
  const rounds = [0, 6, 12].map((start) => order.slice(start, start + 6));
  for (const round of rounds) assert.deepEqual(round.toSorted(), [1, 2, 3, 4, 5, 6]);
  assert.notDeepEqual(rounds[0], rounds[1]);
});

test("measureProgramming says what a tool said that refuses, keeps what it has, and goes on elsewhere", async () => {
  const { options } = machine([LEGACY, NFT], {
    answer: (program, text) =>
      program.includes("nft") && text === "resync" ? { status: 1, stderr: "line 3 failed\n" } : {},
  });
  const { records, notVerified } = await measureProgramming(options);
  assert.deepEqual(notVerified, [
    {
      what: "iptables-nft",
      reason: "KERNEL_REFUSED",
      detail: "programming 100 Services: resync: 'iptables-nft-restore' ended with 1: line 3 failed",
    },
  ]);
  assert.deepEqual(
    records.map(({ path, change, n }) => `${path} ${change} ${n}`),
    [
      "iptables-legacy full 3",
      "iptables-legacy resync 3",
      "iptables-legacy one-service 6",
      "iptables-nft full 1",
      "iptables-nft one-service 2",
    ],
  );
});

test("measureProgramming tells a program that is not there from one that refuses", async () => {
  const { options } = machine([LEGACY], {
    answer: (program) => (program === "true" ? {} : { status: 127, stderr: "no such file" }),
  });
  const { notVerified } = await measureProgramming(options);
  assert.deepEqual(
    notVerified.map(({ reason, detail }) => [reason, detail]),
    [["TOOL_MISSING", "programming 100 Services: there is no 'iptables-legacy-restore': install it"]],
  );
});

test("measureProgramming leaves out what the time does not allow: by the model first, then by the last visit", async () => {
  const large = { ...LEGACY, services: 100_000 };
  const cases = [LEGACY, large];
  // A visit takes 50 ms here.
  const { options, namespaces } = machine(cases, { rounds: 10, budgetMs: 320 });
  const { records, notVerified } = await measureProgramming(options);
  assert.deepEqual(
    notVerified.map(({ what, reason }) => [what, reason]),
    [["iptables-legacy", "OUT_OF_TIME"]],
  );
  assert.match(
    notVerified[0]?.detail ?? "",
    /^programming 100000 Services: would take \d+\.\d s, 0\.\d s were left/,
  );
  assert.deepEqual(
    records.map(({ services, change, n }) => [services, change, n]),
    [
      [100, "full", 6],
      [100, "resync", 6],
      [100, "one-service", 12],
    ],
  );
  assert.equal(namespaces.length, 6);
});

test("measureProgramming stops when it is told to, and closes the namespace when a run throws", async () => {
  const stopped = machine([LEGACY], { signal: AbortSignal.abort(new Error("enough")) });
  await assert.rejects(measureProgramming(stopped.options), /enough/);
  assert.deepEqual(stopped.namespaces, []);
  const broken = machine([LEGACY], {
    answer: () => {
      throw new Error("the host is gone");
    },
  });
  await assert.rejects(measureProgramming(broken.options), /the host is gone/);
  assert.deepEqual(broken.namespaces, [["true", "closed"]]);
});
