import assert from "node:assert/strict";
import { test } from "node:test";
import type { CaseRecord } from "../measure/run-record.js";
import { kernelCsv, samplesCsv, summaryCsv } from "./csv.js";
import { sampleRecord } from "./sample-record.test-data.js";
import { sampleVerifiedRecord } from "./sections/sample-kernel.test-data.js";

const record = sampleRecord({ modes: ["iptables"], sizes: [100], workers: [] });

test("samplesCsv holds one row per sample with labels as columns", () => {
  const lines = samplesCsv(record).trimEnd().split("\r\n");
  const samples = record.cases.flatMap((one) => one.metrics.flatMap((metric) => metric.samples)).length;
  assert.equal(lines[0], "case,status,mode,services,metric,unit,provenance,block,value");
  assert.equal(lines.length, samples + 1);
  assert.equal(
    lines[1],
    "mode=iptables services=100,ok,iptables,100,first.rules_evaluated,1,counted,0,53.27",
  );
});

test("summaryCsv leaves what is missing empty", () => {
  const rules = summaryCsv(record).split("\r\n")[1]?.split(",") ?? [];
  assert.deepEqual(rules.slice(4, 11), ["first.rules_evaluated", "1", "counted", "1", "53.27", "", ""]);
});

test("samplesCsv quotes what would break a row and disarms what a spreadsheet would run", () => {
  const [first] = record.cases;
  const hostile = { ...first, id: '=cmd|"x",\n1' } as CaseRecord;
  assert.match(samplesCsv({ ...record, cases: [hostile] }), /\r\n"'=cmd\|""x"",\n1",ok/);
});

test("kernelCsv holds one row per value of a verification, and is no file without one", () => {
  assert.equal(kernelCsv(record), null);
  const lines = (kernelCsv(sampleVerifiedRecord()) ?? "").trimEnd().split("\r\n");
  assert.equal(
    lines[0],
    "part,path,kernel,family,cluster,packet,services,target,detail,name,unit,provenance,value",
  );
  const have = (start: string) => lines.filter((line) => line.startsWith(start)).length;
  assert.ok(
    lines.includes(
      "behaviour,iptables-nft,native,IPv4,every kind of Service,,,,hairpin,agreed,1,counted,1997",
    ),
  );
  assert.equal(have("time,ipvs,user-mode,,,established,10000,last,,packet_time,ns,"), 2);
  assert.equal(have("programming,nftables,native,,,,1000,,resync,load_time,ns,measured-kernel,"), 1);
  assert.equal(have("userspace,userspace,native,,,,,,TCP round trip bytes=100,proxied_time,ns,"), 1);
  assert.equal(have("control,,native,,,first,,,conntrack,packet_time,ns,measured-kernel,2779"), 1);
});
