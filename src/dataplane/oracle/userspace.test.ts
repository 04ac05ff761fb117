// The core against the tracer behind random portal rules: listeners with and without backends, affinity, copied bytes.
import { test } from "node:test";
import type { Prng } from "../../base/prng.js";
import type { ProxyListener, UserspaceModel } from "../../netfilter/rule-model.js";
import { encodeUserspace } from "../userspace/encode.js";
import { type Racer, raceCases } from "./race.test-data.js";
import type { World } from "./random-ruleset.test-data.js";

const racer: Racer<UserspaceModel> = {
  model: (prng, world, { ruleset }) => ({
    mode: "userspace",
    family: world.family,
    localAddresses: world.localAddresses,
    ruleset,
    listeners: randomListeners(prng, world),
  }),
  encode: encodeUserspace,
};

function randomListeners(prng: Prng, world: World): ProxyListener[] {
  const listeners: ProxyListener[] = [];
  for (const port of [...world.ports, 40_000]) {
    for (const protocol of ["tcp", "udp"] as const) {
      if (prng.below(4) === 0) continue;
      const backend = () => ({ ip: prng.pick(world.addresses), port: prng.pick(world.ports) });
      const backends = Array.from({ length: prng.below(4) }, backend);
      const affinitySeconds = prng.below(2) === 0 ? null : 1 + prng.below(30);
      listeners.push({ protocol, port, servicePort: `a/b:${port}`, backends, affinitySeconds });
    }
  }
  return listeners;
}

for (const family of ["IPv4", "IPv6"] as const) {
  test(`core and tracer agree on proxied packets, ${family}`, () => raceCases(racer, family, 50));
}
