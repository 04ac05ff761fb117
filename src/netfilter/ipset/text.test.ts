import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { PlumbError } from "../../base/errors.js";
import type { IpSet } from "./model.js";
import { parseIpsets, printIpsets } from "./text.js";

const KUBE_PROXY = `create KUBE-CLUSTER-IP hash:ip,port family inet hashsize 1024 maxelem 65536
add KUBE-CLUSTER-IP 10.96.0.1,tcp:443
add KUBE-CLUSTER-IP 10.96.0.10,udp:53
create KUBE-LOOP-BACK hash:ip,port,ip family inet hashsize 1024 maxelem 65536
add KUBE-LOOP-BACK 10.0.1.2,tcp:8080,10.0.1.2
create KUBE-LOAD-BALANCER-SOURCE-CIDR hash:ip,port,net family inet hashsize 1024 maxelem 65536
add KUBE-LOAD-BALANCER-SOURCE-CIDR 203.0.113.9,tcp:80,198.51.100.0/24
add KUBE-LOAD-BALANCER-SOURCE-CIDR 203.0.113.9,tcp:80,198.51.100.7 nomatch
create KUBE-NODE-PORT-TCP bitmap:port range 0-65535
add KUBE-NODE-PORT-TCP 30080
create KUBE-IPVS-IPS hash:ip family inet hashsize 1024 maxelem 65536
add KUBE-IPVS-IPS 10.96.0.1
create KUBE-6-IPVS-IPS hash:ip family inet6 hashsize 1024 maxelem 65536
add KUBE-6-IPVS-IPS fd00:10:96::1
`;

test("printIpsets and parseIpsets are inverse on every type", () => {
  const { sets, warnings } = parseIpsets({ file: "t", text: KUBE_PROXY });
  assert.deepEqual(warnings, []);
  assert.equal([...printIpsets(sets)].join(""), KUBE_PROXY);
});

test("parseIpsets reads what ipset save adds: options, timeouts, comments", () => {
  const text = `create A hash:ip,port family inet hashsize 100 maxelem 10 timeout 30 comment bucketsize 12 initval 0x7ecc7854
add A 10.0.0.1,80 timeout 29 comment "not nomatch"
add A 10.0.0.1,icmp:echo-request
del A 10.0.0.2,tcp:80
create L list:set size 8
add L A
`;
  const { sets, warnings } = parseIpsets({ file: "t", text });
  const expected: IpSet = {
    name: "A",
    type: "hash:ip,port",
    family: "inet",
    hashSize: 128,
    elementsMax: 10,
    range: null,
    comment: null,
    elements: new Set(["10.0.0.1,tcp:80"]),
  };
  assert.deepEqual(sets, [expected]);
  assert.deepEqual(warnings, [
    { message: "'10.0.0.1,icmp:echo-request' in set 'A' names a protocol without ports: left out", line: 3 },
    { message: "set 'L' of type list:set is not modelled: it holds nothing", line: 5 },
  ]);
});

const MALFORMED: readonly [string, string][] = [
  ["create", "t:1:1: 'create' alone, expected create, add, del or flush with a set's name"],
  ["swap A B", "t:1:1: 'swap', expected create, add, del or flush"],
  ["add A 1.2.3.4", "t:1:5: set 'A', expected one that was created before"],
  [
    "create A tree:ip",
    "t:1:10: set type 'tree:ip', expected one of hash:ip, hash:net, hash:ip,port, hash:ip,port,ip, hash:ip,port,net, bitmap:port",
  ],
  ["create A hash:ip\nadd A 1.2.3", "t:2:7: '1.2.3' in set 'A' of type hash:ip, expected ADDRESS"],
  ["create A hash:ip\nadd A ::1", "t:2:7: '::1' in set 'A' of type hash:ip, expected ADDRESS of family inet"],
  [
    "create A hash:ip,port\nadd A 1.2.3.4,tcp:70000",
    "t:2:7: '1.2.3.4,tcp:70000' in set 'A' of type hash:ip,port, expected ADDRESS,tcp:PORT",
  ],
  ["create A hash:ip family inet5", "t:1:25: family 'inet5', expected inet or inet6"],
  ["create A hash:ip maxelem", "t:1:18: nothing after 'maxelem', expected its value"],
  [
    "create A hash:ip maxelem 1\nadd A 1.1.1.1\nadd A 1.1.1.2",
    "t:3:7: set 'A' is full: expected no more than maxelem 1 elements",
  ],
  ["create A bitmap:port", "t:1:8: bitmap:port set 'A' without a range, expected range FIRST-LAST"],
];

test("parseIpsets refuses each malformed line with its place and what was expected", () => {
  for (const [text, message] of MALFORMED) {
    assert.throws(
      () => parseIpsets({ file: "t", text }),
      (error: unknown) => {
        assert.ok(error instanceof PlumbError, String(error));
        assert.equal(error.message, message);
        return true;
      },
      text,
    );
  }
});

const probe = spawnSync("unshare", ["-n", "ipset", "save"]);
const skip =
  probe.status === 0 ? false : `cannot run ipset in a network namespace: ${probe.error ?? probe.stderr}`;

test("the real ipset loads what printIpsets prints and saves what parseIpsets reads back", { skip }, () => {
  const run = spawnSync("unshare", ["-n", "sh", "-c", "ipset restore && ipset save -sorted"], {
    input: KUBE_PROXY,
  });
  assert.equal(run.status, 0, run.stderr.toString());
  const saved = parseIpsets({ file: "ipset save", text: run.stdout.toString() });
  assert.deepEqual(new Set(saved.sets), new Set(parseIpsets({ file: "t", text: KUBE_PROXY }).sets));
});
