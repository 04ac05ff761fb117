import assert from "node:assert/strict";
import { test } from "node:test";
import { reportHtml } from "./html.js";
import { sampleRecord } from "./sample-record.test-data.js";

test("reportHtml says how far modelled times may be off, and how each mode's costs were come by", () => {
  const record = sampleRecord({ modes: ["iptables", "ipvs"], sizes: [100], workers: [] });
  const origins = { ipvs: "derived from a user-mode kernel", nftables: "measured row by row" };
  const calibration = { machine: "Example machine", errorShare: 0.15, origins };
  const text = reportHtml({ ...record, calibration }).replace(/<[^>]*>/g, "");
  assert.match(
    text,
    /within 15% of the calibration machine's kernel|within 15% of the calibration machine&#39;s kernel/,
  );
  assert.match(text, /Modelled costs of ipvs: derived from a user-mode kernel\./);
  assert.doesNotMatch(text, /Modelled costs of nftables/, "no case has that mode");
});
