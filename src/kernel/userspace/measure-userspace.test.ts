import assert from "node:assert/strict";
import { test } from "node:test";
import { realTimers } from "../../base/timers.js";
import type { ProxyRequests } from "./exchanges.js";
import { DEFAULT_USERSPACE, measureUserspace } from "./measure-userspace.js";
import { OPERATIONS } from "./operations.js";
import { Program, PROXY_PROGRAM } from "./programs.js";

test("measureUserspace takes every operation, direct and proxied, with the proxy's CPU time", async () => {
  const options = { ...DEFAULT_USERSPACE, timers: realTimers, seed: 1, rounds: 2, runsMax: 3 };
  const { rows } = await measureUserspace(options);
  assert.deepEqual(
    rows.map(({ operation, labels }) => ({ operation, labels })),
    OPERATIONS.map(({ name, labels }) => ({ operation: name, labels })),
  );
  for (const [index, { operation, n, directNs, proxiedNs, proxyCpuNs }] of rows.entries()) {
    assert.equal(n, 2 * Math.min(3, OPERATIONS[index]?.runs ?? 0), operation);
    for (const ns of [directNs, proxiedNs, proxyCpuNs])
      assert.ok(Number.isFinite(ns) && ns > 0, `${operation}: ${ns} ns`);
  }
});

test("measureUserspace takes one round when its time is used up", async () => {
  const { rows } = await measureUserspace({
    timers: realTimers,
    seed: 1,
    rounds: 1000,
    runsMax: 1,
    budgetMs: 0,
  });
  assert.deepEqual(
    rows.map(({ n }) => n),
    rows.map(() => 1),
  );
});

test("measureUserspace stops when it is told to", async () => {
  const options = { timers: realTimers, seed: 1, rounds: 1, runsMax: 1, budgetMs: 1000 };
  const stopped = measureUserspace({ ...options, signal: AbortSignal.abort(new Error("enough")) });
  await assert.rejects(stopped, /enough/);
});

test("Program tells how the process ended to those who wait and those who come later", async () => {
  const program = new Program<ProxyRequests>(PROXY_PROGRAM);
  // No such address on this machine.
  const listener = {
    protocol: "tcp",
    port: 0,
    servicePort: "default/web",
    backends: [],
    affinitySeconds: null,
  } as const;
  const open = { host: "203.0.113.1", udpIdleMs: 1, listeners: [listener] };
  await assert.rejects(program.ask("open", open), /Cannot go on with '.*proxy-process.js'.*EADDRNOTAVAIL/s);
  await assert.rejects(program.ask("cpu", {}), /EADDRNOTAVAIL/);
  await program.stop();
});
