// ipvsadm's text there and back, and what is refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PlumbError } from "../../base/errors.js";
import { ipvsadmLines, parseIpvsadm } from "./text.js";

const SAVED = `-A -t 10.96.0.1:80 -s rr -p 10800
-a -t 10.96.0.1:80 -r 10.0.0.1:8080 -m -w 1
-a -t 10.96.0.1:80 -r 10.0.0.2:8080 -m -w 0
-A -u 10.96.0.10:53 -s mh -b mh-port
-A --sctp-service [fd00:10::1]:9999 -s sh -p 60 -b sh-port
-a --sctp-service [fd00:10::1]:9999 -r [fd00:1::5]:9999 -m -w 3
`;

test("parseIpvsadm and ipvsadmLines give a saved table back", () => {
  const servers = parseIpvsadm(SAVED, "saved");
  assert.equal([...ipvsadmLines(servers)].join(""), SAVED);
  assert.deepEqual(servers[2], {
    protocol: "sctp",
    ip: "fd00:10::1",
    port: 9999,
    scheduler: "sh",
    persistentSeconds: 60,
    sourcePortFlag: true,
    realServers: [{ ip: "fd00:1::5", port: 9999, weight: 3 }],
  });
});

test("parseIpvsadm knows long options, full netmasks and ipvsadm's defaults", () => {
  const text = `# a comment

--add-service --tcp-service 10.0.0.9:80 --persistent -M 255.255.255.255
--add-server --tcp-service 10.0.0.9:80 --real-server 10.1.0.1:80 --masquerading -x 0 -y 0
`;
  const [server] = parseIpvsadm(text, "long");
  assert.equal(server?.scheduler, "wlc");
  assert.equal(server?.persistentSeconds, 300);
  assert.deepEqual(server?.realServers, [{ ip: "10.1.0.1", port: 80, weight: 1 }]);
});

const REFUSED: readonly (readonly [string, RegExp])[] = [
  ["-X -t 1.2.3.4:80", /f:1:1: '-X' is not understood/],
  ["-A -f 5", /f:1:4: expected -t, -u or --sctp-service/],
  ["-A -t 1.2.3.4", /f:1:7: '1\.2\.3\.4' is not ADDRESS:PORT/],
  ["-A -t 1.2.3.4:0", /port 0/],
  ["-A -t 1.2.3.4:80 -s lblc", /unknown scheduler 'lblc'; expected one of rr, wrr/],
  ["-A -t 1.2.3.4:80 -s", /-s needs a value/],
  ["-A -t 1.2.3.4:80 -M 255.255.0.0", /netmask 255\.255\.0\.0 is not supported/],
  ["-A -t 1.2.3.4:80 -s mh -b mh-fallback", /scheduler flag 'mh-fallback' is not supported/],
  ["-A -t 1.2.3.4:80 -s rr -b mh-port", /scheduler rr has no source port flag/],
  ["-A -t 1.2.3.4:80\n-A -t 1.2.3.4:80", /f:2:\d+: service -t 1\.2\.3\.4:80 is added twice/],
  ["-a -t 1.2.3.4:80 -r 10.0.0.1:80 -m", /was not added before its server/],
  ["-A -t 1.2.3.4:80\n-a -t 1.2.3.4:80 -r 10.0.0.1:80", /only NAT forwarding/],
  ["-A -t 1.2.3.4:80\n-a -t 1.2.3.4:80 -r 10.0.0.1:80 -g", /option '-g' of a server is not understood/],
  ["-A -t 1.2.3.4:80\n-a -t 1.2.3.4:80 -r 10.0.0.1:80 -m -w 70000", /not a number from 0 to 65535/],
  ["-A -t 1.2.3.4:80\n-a -t 1.2.3.4:80 -m", /expected -r ADDRESS:PORT/],
  ["-A -t 1.2.3.4:80\n-a -t 1.2.3.4:80 -r [fd00::1]:80 -m", /different families/],
];

test("parseIpvsadm says what is wrong and where", () => {
  for (const [text, message] of REFUSED) {
    assert.throws(
      () => parseIpvsadm(text, "f"),
      (error: unknown) =>
        error instanceof PlumbError && error.code === "InvalidInput" && message.test(error.message),
      text,
    );
  }
});
