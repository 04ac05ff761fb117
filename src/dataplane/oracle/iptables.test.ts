// The core against the tracer: random rulesets, random packets in flows, both families, every counter.
import { test } from "node:test";
import type { IptablesModel } from "../../netfilter/rule-model.js";
import { encodeIptables } from "../iptables/encode.js";
import { type Racer, raceCases } from "./race.test-data.js";

const racer: Racer<IptablesModel> = {
  model: (_prng, { family, localAddresses }, rules) => ({
    mode: "iptables",
    family,
    localAddresses,
    ...rules,
  }),
  encode: encodeIptables,
};

for (const family of ["IPv4", "IPv6"] as const) {
  test(`core and tracer agree on random rulesets, ${family}`, () => raceCases(racer, family, 50));
}
