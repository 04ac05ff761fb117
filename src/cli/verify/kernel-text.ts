// A verification against a kernel, for a terminal: what agreed, what the model got wrong, and what was not looked at.
import type {
  BehaviourRecord,
  KernelRecord,
  MismatchRecord,
  ProgrammingRecord,
  TimingPoint,
  TimingRecord,
  UserspaceRecord,
} from "../../measure/kernel-record.js";
import { sharePercent } from "../../measure/kernel-verdict.js";
import { textTable } from "../text-table.js";

const left = (title: string) => ({ title, align: "left" }) as const;
const right = (title: string) => ({ title, align: "right" }) as const;
/** Mismatches printed whole; the rest is in result.json. */
const MISMATCHES_SHOWN = 3;

export function kernelText(record: KernelRecord): string {
  const { behaviour, timing, programming, userspace, notVerified, host } = record;
  const blocks = [`Linux ${host.kernel}, ${host.machine}, seed ${record.seed}`];
  if (behaviour.length > 0) blocks.push(behaviourText(behaviour));
  if (timing !== null) blocks.push(...timingTexts(timing));
  if (programming.length > 0) blocks.push(programmingText(programming));
  if (userspace !== null) blocks.push(userspaceText(userspace));
  const gaps = notVerified.map(({ what, reason, detail }) => `not verified: ${what} (${reason}): ${detail}`);
  if (gaps.length > 0) blocks.push(gaps.join("\n"));
  return blocks.join("\n\n");
}

function behaviourText(behaviour: readonly BehaviourRecord[]): string {
  const rows = behaviour.map(({ path, kernel, family, flows, agreed, kinds, distribution }) => [
    path + (kernel === "native" ? "" : " (user-mode Linux)"),
    family,
    String(flows),
    String(agreed),
    sharePercent(agreed / flows),
    String(Object.keys(kinds).length),
    `${distribution.filter(({ agrees }) => agrees).length}/${distribution.length}`,
  ]);
  const columns = [left("path"), left("family"), ...["flows", "agreed", "", "kinds", "spread"].map(right)];
  const mismatches = behaviour.flatMap((one) =>
    one.mismatches.map((mismatch) => ({ path: one.path, ...mismatch })),
  );
  return [
    "verdicts of real packets against the model's",
    ...textTable(columns, rows),
    ...mismatches.slice(0, MISMATCHES_SHOWN).flatMap(mismatchLines),
  ].join("\n");
}

function mismatchLines(mismatch: MismatchRecord & { readonly path: string }): string[] {
  const { path, kind, packet, expected, observed, walk, repeat } = mismatch;
  return [
    "",
    `${path} differs (${kind}): ${packet}`,
    `  model   ${expected}`,
    `  kernel  ${observed}`,
    ...walk.map((line) => `    ${line}`),
    ...repeat.map((line) => `  $ ${line}`),
  ];
}

function timingTexts(timing: TimingRecord): string[] {
  return [
    ["modelled against measured, ns a packet", ...pointRows(timing.points)].join("\n"),
    scoreText(timing),
  ];
}

/** A line per path, packet kind and size; a column per position of the target. */
function pointRows(points: readonly TimingPoint[]): readonly string[] {
  const targets = [...new Set(points.map(({ target }) => target))];
  const lines = new Map<string, { head: readonly string[]; cells: Map<string, string> }>();
  for (const { path, kernel, packet, services, target, modelledNs, measuredNs } of points) {
    const name = path + (kernel === "native" ? "" : " (user-mode)");
    const key = `${name} ${packet} ${services}`;
    const line = lines.get(key) ?? {
      head: [name, packet, String(services)],
      cells: new Map<string, string>(),
    };
    const ratio = (modelledNs / measuredNs).toFixed(2);
    line.cells.set(target, `${modelledNs.toFixed(0)}/${measuredNs.toFixed(0)} ${ratio}`);
    lines.set(key, line);
  }
  const columns = [left("path"), left("packet"), right("Services"), ...targets.map(right)];
  return textTable(
    columns,
    [...lines.values()].map(({ head, cells }) => [
      ...head,
      ...targets.map((target) => cells.get(target) ?? ""),
    ]),
  );
}

function scoreText({
  scores,
  controls,
  order,
  crossovers,
  rounds,
  roundsRejected,
  calibration,
}: TimingRecord): string {
  const own = calibration.own ? "this machine" : calibration.machine;
  return [
    ...textTable(
      [left("path"), left("packet"), ...["points", "0.85-1.15", "0.75-1.33", "farthest"].map(right)],
      scores.map(({ path, kernel, packet, against, points, withinClose, withinWide, worstRatio }) => [
        `${path}${against === undefined ? "" : ` : ${against}`}${kernel === "native" ? "" : " (user-mode)"}`,
        packet,
        String(points),
        sharePercent(withinClose),
        sharePercent(withinWide),
        worstRatio.toFixed(2),
      ]),
    ),
    ...(order.pairs === 0 ? [] : [`order of the paths: ${order.agreed} of ${order.pairs} pairs agree`]),
    ...crossovers.map(
      ({ a, b, packet, modelledAt, measuredAt, sameStep }) =>
        `${b} beats ${a} (${packet}): modelled from ${modelledAt ?? "never"}, measured from ${measuredAt ?? "never"}${sameStep ? "" : ", another grid step"}`,
    ),
    ...controls.map(
      ({ control, kernel, packet, ns, noise }) =>
        `control ${control}, ${packet}${kernel === "native" ? "" : ", user-mode"}: ${ns.toFixed(0)} ns, noise ${sharePercent(noise)}`,
    ),
    `${rounds} rounds, ${roundsRejected} rejected; costs calibrated on ${own}, ${calibration.measuredAt.slice(0, 10)}`,
  ].join("\n");
}

function programmingText(programming: readonly ProgrammingRecord[]): string {
  const rows = programming.map(
    ({ path, services, change, rules, bytes, transactions, modelledMs, measuredMs, n }) => [
      path,
      String(services),
      change,
      String(rules),
      String(bytes),
      String(transactions),
      modelledMs === null ? "" : modelledMs.toFixed(1),
      measuredMs.toFixed(1),
      String(n),
    ],
  );
  const columns = [left("path"), right("Services"), left("change")];
  const numbers = ["rules", "bytes", "transactions", "modelled ms", "measured ms", "n"].map(right);
  return ["programming the kernel", ...textTable([...columns, ...numbers], rows)].join("\n");
}

function userspaceText({ rows }: UserspaceRecord): string {
  const us = (ns: number) => (ns / 1000).toFixed(1);
  return [
    "userspace mode: a proxy in Node on loopback, wall time",
    ...textTable(
      [left("operation"), ...["direct us", "proxied us", "ratio", "proxy CPU us", "n"].map(right)],
      rows.map(({ operation, directNs, proxiedNs, proxyCpuNs, n }) => [
        operation,
        us(directNs),
        us(proxiedNs),
        (proxiedNs / directNs).toFixed(1),
        us(proxyCpuNs),
        String(n),
      ]),
    ),
  ].join("\n");
}
