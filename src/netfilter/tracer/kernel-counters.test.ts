// The Linux kernel as witness: packets are sent through kube-proxy's rules in a network namespace, and the rules whose
// counters moved must be those that some path of the tracer matches. Needs root and the tools; says so otherwise.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { sourcePath } from "../../base/source-path.js";
import { parseIptablesSave } from "../iptables/parse.js";
import type { IptablesModel } from "../rule-model.js";
import { explore } from "./chance.js";
import { createTracer, parsePacket } from "./index.js";

const RULES = sourcePath(import.meta.url, "../iptables/testdata/kube-proxy.restore");
const SCRIPT = sourcePath(import.meta.url, "./testdata/send-packets.sh");
const NODE = "192.168.0.10";

/** First packets whose fate sends nothing back through the node. Packets of one group meet the same recent lists. */
const GROUPS: readonly (readonly string[])[] = [
  ["10.0.1.7 udp 10.96.0.53 53"],
  ["10.0.1.5 udp 10.96.0.53 53"],
  ["203.0.113.9 udp 10.96.0.53 53"],
  ["10.0.1.7 tcp 10.96.0.10 80"],
  [`203.0.113.9 tcp ${NODE} 30080`],
  ["10.0.1.7 udp 10.0.2.9 9999"],
  ["node tcp 10.96.0.10 80"],
  [`node tcp ${NODE} 30080`],
  ["10.0.1.8 tcp 10.96.0.20 443", "10.0.1.8 tcp 10.96.0.20 443", "10.0.1.9 tcp 10.96.0.20 443"],
];

const probe = spawnSync("unshare", [
  "-n",
  "sh",
  "-c",
  "iptables-legacy-save && ip link add name probe0 type veth && command -v bash nsenter sysctl",
]);
const skip = probe.status === 0 ? false : `cannot build network namespaces: ${probe.error ?? probe.stderr}`;

test("the kernel counts packets at the rules that the tracer says match", { skip }, () => {
  const run = spawnSync("unshare", ["-n", "bash", SCRIPT, RULES], { input: `${GROUPS.flat().join("\n")}\n` });
  assert.equal(run.status, 0, run.stderr.toString());
  const counted = run.stdout
    .toString()
    .split(/^# sent .*\n/m)
    .slice(1)
    .map(countedRules);
  assert.equal(counted.length, GROUPS.flat().length);
  let at = 0;
  for (const group of GROUPS) {
    const kernel = counted.slice(at, at + group.length);
    at += group.length;
    const paths = tracedPaths(group);
    assert.ok(
      paths.includes(kernel.join("\n")),
      `${group.join("; ")}: the kernel counted\n${kernel.join("\n")}\nbut the tracer's paths are\n${paths.join("\nor\n")}`,
    );
  }
});

/** "table/chain/position x packets" of every rule whose counter moved. */
function countedRules(saved: string): string {
  const counted: string[] = [];
  const positions = new Map<string, number>();
  let table = "";
  for (const line of saved.split("\n")) {
    if (line.startsWith("*")) table = line.slice(1);
    const [, packets, chain] = /^\[(\d+):\d+\] -A (\S+)/.exec(line) ?? [];
    if (packets === undefined) continue;
    const key = `${table}/${chain}`;
    const position = (positions.get(key) ?? 0) + 1;
    positions.set(key, position);
    if (packets !== "0") counted.push(`${key}/${position} x ${packets}`);
  }
  return counted.sort().join(" ");
}

/** What each path that chance allows would count, packet by packet. */
function tracedPaths(group: readonly string[]): string[] {
  const { ruleset } = parseIptablesSave({ file: RULES, text: readFileSync(RULES, "utf8") });
  const model: IptablesModel = {
    mode: "iptables",
    family: "IPv4",
    ruleset,
    ipsets: [],
    localAddresses: [NODE],
  };
  return explore((chance) => {
    const tracer = createTracer(model, { chance, steps: true, conntrackMax: 100 });
    return group
      .map((line, index) => {
        const [source, protocol, destination, port] = line.split(" ");
        const from = source === "node" ? NODE : source;
        const text = `${protocol} ${from}:${40_000 + index} > ${destination}:${port}${source === "node" ? " from=node" : ""}`;
        const { steps } = tracer.send(parsePacket(text), index * 300);
        const matched = steps.filter(({ place, matched }) => matched && place.includes("/"));
        return matched
          .map(({ place }) => `${place} x 1`)
          .sort()
          .join(" ");
      })
      .join("\n");
  }, 1000);
}
