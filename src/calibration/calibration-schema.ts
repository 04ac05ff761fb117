// JSON Schema of a calibration file (draft 2020-12), as `plumb calibrate` writes it.
import { list, map, number, object, orNull, type Schema, string, words } from "../measure/schema-parts.js";
import { COUNTER_NAMES } from "../netfilter/counters.js";
import { FLAVOURS, ORIGINS } from "./calibration.js";

const origin = words("How it was come by.", ORIGINS);
const what = string("What was measured, derived or assumed.");
const price = object("One price.", { ns: number("ns apiece."), origin, what });
const curve = object("A piecewise line.", {
  points: list(
    "[how many, ns in all], rising.",
    { type: "array", prefixItems: [{ type: "number" }, { type: "number" }], minItems: 2, items: false },
    { minItems: 2 },
  ),
  origin,
  what,
});
const work: Schema = {
  ...map("Counter -> price.", price),
  propertyNames: { enum: COUNTER_NAMES },
};
const flavour = object("Code that walks rules.", {
  hooksFirst: price,
  hooksEstablished: price,
  scan: curve,
  work,
  natApply: price,
  cold: curve,
});

export const calibrationSchema: Schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "plumbline calibration",
  ...object("What a kernel's work costs on one machine.", {
    schemaVersion: string("Version of this layout."),
    machine: string("Processor, caches, kernel, tools."),
    fingerprint: orNull(string("Of the environment; null for one recorded elsewhere.")),
    measuredAt: string("RFC 3339, UTC."),
    path: object("The empty node, and connection tracking on top.", {
      first: price,
      established: price,
      conntrackFirst: price,
      conntrackEstablished: price,
    }),
    flavours: object(
      "By the code that walks rules.",
      Object.fromEntries(FLAVOURS.map((name) => [name, flavour])),
    ),
    sets: object("Elements of sets.", { cold: curve }),
    ipvs: object("ip_vs on top of iptables-legacy.", { work, cold: curve, coldEstablished: curve }),
    proxy: object("A userspace proxy.", { connection: price, relay: price, copyPerByte: price }),
  }),
};
