// Ctrl-C during a run, as a terminal sends it: to every process of the group.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { resultSchema } from "../measure/result-schema.js";
import type { RunRecord } from "../measure/run-record.js";
import { PLUMB_PROGRAM } from "./plumb.test-data.js";

/** Several cases, so that a block is under way when the second interrupt comes. */
const LONG = `
apiVersion: plumbline/v1
kind: Scenario
metadata: { name: long, purpose: How long is it? }
spec:
  matrix: { axes: { mode: [userspace, iptables, nftables] } }
  cluster: { services: { count: 10 } }
  phases: [{ kind: traffic, packets: first-packet, flows: { arrival: { model: closed }, count: 64 } }]
  sampling: { samples: 900 }
`;

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "plumb-interrupt-"));
  writeFileSync(join(folder, "long.yaml"), LONG);
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** Run until the first block is done, interrupt as often as asked, and give what was left behind. */
async function interrupted(times: number): Promise<{ code: number; record: RunRecord }> {
  const output = join(folder, `out-${times}`);
  const child = spawn(process.execPath, [PLUMB_PROGRAM, "run", join(folder, "long.yaml"), "-o", output], {
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let sent = 0;
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    const wanted = /^block 1\/|\ninterrupted: |^interrupted: /m.test(text);
    if (wanted && sent < times && child.pid !== undefined) {
      process.kill(-child.pid, "SIGINT");
      sent++;
    }
  });
  const [code] = (await once(child, "close")) as [number];
  assert.equal(sent, times, "all interrupts were sent");
  return { code, record: JSON.parse(readFileSync(join(output, "result.json"), "utf8")) as RunRecord };
}

const isResult = new Ajv2020({ strict: false }).compile(resultSchema);

for (const [name, times] of [
  ["once: the block under way is finished", 1],
  ["twice: it stops now", 2],
] as const) {
  test(`run is interrupted ${name}, and what there is makes a valid result`, async () => {
    const { code, record } = await interrupted(times);
    assert.equal(code, 130);
    assert.ok(isResult(record), JSON.stringify(isResult.errors));
    assert.equal(record.run.status, "partial");
    assert.deepEqual(
      record.cases.map(({ status }) => status),
      ["ok", "ok", "ok"],
    );
    assert.ok(record.warnings.some(({ code: warning }) => warning === "INTERRUPTED"));
  });
}
