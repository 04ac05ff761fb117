import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../base/clock.js";
import { Prng } from "../../base/prng.js";
import { parseIptablesSave } from "../../netfilter/iptables/parse.js";
import type { ProxyListener } from "../../netfilter/rule-model.js";
import { SeededChance } from "../../netfilter/tracer/chance.js";
import { createTracer, parsePacket } from "../../netfilter/tracer/index.js";
import { Balancer } from "./balancer.js";

const SEED = Number(process.env["PLUMB_TEST_SEED"] ?? 20263);
const VIP = "10.96.0.10";
const PROXY_PORT = 40_001;
const REDIRECT = `*nat
:KUBE-PORTALS-CONTAINER - [0:0]
-A PREROUTING -j KUBE-PORTALS-CONTAINER
-A KUBE-PORTALS-CONTAINER -d ${VIP}/32 -p tcp -m tcp --dport 80 -j REDIRECT --to-ports ${PROXY_PORT}
COMMIT
`;

function listener(backends: number, affinitySeconds: number | null): ProxyListener {
  return {
    protocol: "tcp",
    port: PROXY_PORT,
    servicePort: "default/web",
    backends: Array.from({ length: backends }, (_, index) => ({ ip: `10.0.1.${index + 1}`, port: 8080 })),
    affinitySeconds,
  };
}

/** Backends by the tracer's stage, which is asked with one new connection each time. */
function oracle(of: ProxyListener): (client: string, atMs: number) => string | null {
  const tracer = createTracer(
    {
      mode: "userspace",
      family: "IPv4",
      ruleset: parseIptablesSave({ file: "t", text: REDIRECT }).ruleset,
      localAddresses: ["192.168.0.10"],
      listeners: [of],
    },
    { chance: new SeededChance(new Prng(1)), steps: false, conntrackMax: 10_000 },
  );
  let port = 1024;
  return (client, atMs) =>
    tracer.send(parsePacket(`tcp ${client}:${port++} > ${VIP}:80`), atMs).outcome.target?.ip ?? null;
}

for (const { backends, affinitySeconds } of [
  { backends: 1, affinitySeconds: null },
  { backends: 3, affinitySeconds: null },
  { backends: 5, affinitySeconds: 10 },
  { backends: 0, affinitySeconds: 10 },
]) {
  test(`Balancer chooses as the tracer's stage does, ${backends} backends, affinity ${affinitySeconds} s`, () => {
    const prng = new Prng(SEED).fork(`${backends} ${affinitySeconds}`);
    const of = listener(backends, affinitySeconds);
    const clock = new ManualClock();
    const balancer = new Balancer(of, clock);
    const expected = oracle(of);
    for (let step = 0; step < 500; step++) {
      // Whole seconds, so that gaps of exactly the timeout are among them.
      clock.advance(prng.below(5) * 1e9);
      const client = `10.0.9.${prng.below(6)}`;
      assert.equal(
        balancer.next(client, { resetAffinity: false })?.ip ?? null,
        expected(client, clock.milliseconds()),
        `seed ${SEED}, step ${step}`,
      );
    }
  });
}

test("Balancer moves a client on when its backend is of no use, and keeps it there", () => {
  const balancer = new Balancer(listener(3, 10), new ManualClock());
  const next = (resetAffinity: boolean) => balancer.next("10.0.9.1", { resetAffinity })?.ip;
  assert.deepEqual([false, true, false].map(next), ["10.0.1.1", "10.0.1.2", "10.0.1.2"]);
});
