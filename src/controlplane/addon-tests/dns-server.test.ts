import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { encode, type OptAnswer, type Question, type RecordType } from "dns-packet";
import { DnsServer } from "../addons/dns/dns-server.js";
import { ENDPOINT_SLICES, SERVICES } from "../client/cluster-resources.js";
import { clientOf, PODS } from "../client/resources.js";
import { type AddonCluster, addonCluster, podObject, run } from "./addon-cluster.test-data.js";
import { askTcp, askUdp, question } from "./dns-client.test-data.js";

const ZONE = "cluster.local";
const SOA = `${ZONE} 30 SOA ns.dns.${ZONE} hostmaster.${ZONE} 1767225600 7200 1800 86400 30`;

function service(name: string, spec: object) {
  return { apiVersion: "v1", kind: "Service", metadata: { name, namespace: "default" }, spec };
}

interface EndpointRow {
  readonly ip: string;
  readonly hostname?: string;
  readonly ready?: boolean;
}

function slice(serviceName: string, endpoints: readonly EndpointRow[], name = `${serviceName}-1`) {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name, namespace: "default", labels: { "kubernetes.io/service-name": serviceName } },
    addressType: endpoints[0]?.ip.includes(":") ? "IPv6" : "IPv4",
    endpoints: endpoints.map(({ ip, hostname, ready = true }) => ({
      addresses: [ip],
      conditions: { ready },
      ...(hostname === undefined ? {} : { hostname }),
    })),
    ports: [{ name: "http", protocol: "TCP", port: 8080 }],
  };
}

function opt(more: Pick<OptAnswer, "udpPayloadSize" | "ednsVersion">): OptAnswer {
  return { type: "OPT", name: ".", extendedRcode: 0, flags: 0, flag_do: false, options: [], ...more };
}

const HTTP = [{ name: "http", protocol: "TCP", port: 80, targetPort: 8080 }];

async function populate({ create }: AddonCluster): Promise<void> {
  const dual = {
    clusterIP: "10.96.0.10",
    clusterIPs: ["10.96.0.10", "fd00:96::a"],
    ipFamilies: ["IPv4", "IPv6"],
  };
  const ports = [...HTTP, { name: "dns", protocol: "UDP", port: 53 }];
  await create(SERVICES, service("web", { ...dual, ipFamilyPolicy: "RequireDualStack", ports }));
  await create(SERVICES, service("db", { clusterIP: "None", ports: HTTP }));
  await create(SERVICES, service("empty", { clusterIP: "None", ports: HTTP }));
  await create(SERVICES, service("out", { type: "ExternalName", externalName: "WWW.Example.com" }));
  await create(SERVICES, service("alias", { type: "ExternalName", externalName: `web.default.svc.${ZONE}` }));
  await create(SERVICES, service("loop", { type: "ExternalName", externalName: `loop.default.svc.${ZONE}` }));
  const rows = [
    { ip: "10.244.0.5", hostname: "db-0" },
    { ip: "10.244.1.6", hostname: "db-1" },
    { ip: "10.244.2.7" },
    { ip: "10.244.3.8", hostname: "db-3", ready: false },
  ];
  await create(ENDPOINT_SLICES, slice("db", rows));
  await create(ENDPOINT_SLICES, slice("db", [{ ip: "fd00:244::5", hostname: "db-0" }], "db-2"));
  await create(ENDPOINT_SLICES, slice("web", [{ ip: "10.244.4.9", hostname: "web-0" }]));
}

describe("DnsServer", () => {
  let cluster: AddonCluster;
  let dns: DnsServer;

  before(async () => {
    cluster = await addonCluster();
    const { informers, timers } = cluster;
    dns = await DnsServer.start({ informers, timers, address: "127.0.0.1", port: 0 });
    informers.start();
    await informers.synced();
    await populate(cluster);
    await cluster.settle();
  });

  after(async () => {
    await dns.stop();
    cluster.stop();
  });

  const ask = async (name: string, type: RecordType = "A") => {
    const answer = await askUdp(dns.port, question(name, type));
    assert.ok(answer !== null, `no answer for ${name}`);
    return answer;
  };
  const answers = async (name: string, type: RecordType = "A") => (await ask(name, type)).answers.toSorted();
  const svc = (name: string) => `${name}.default.svc.${ZONE}`;

  test("answers the addresses of a Service in both families", async () => {
    assert.deepEqual(await answers(svc("web")), [`${svc("web")} 30 A 10.96.0.10`]);
    assert.deepEqual(await answers(svc("web"), "AAAA"), [`${svc("web")} 30 AAAA fd00:96::a`]);
    assert.equal((await ask(svc("web"))).isAuthoritative, true);
    assert.deepEqual(await answers("WEB.default.SVC.cluster.local"), [
      "WEB.default.SVC.cluster.local 30 A 10.96.0.10",
    ]);
  });

  test("answers ports with SRV, and where they are", async () => {
    const http = await ask(`_http._tcp.${svc("web")}`, "SRV");
    assert.deepEqual(http.answers, [`_http._tcp.${svc("web")} 30 SRV 0 100 80 ${svc("web")}`]);
    assert.deepEqual(http.additional, [`${svc("web")} 30 A 10.96.0.10`, `${svc("web")} 30 AAAA fd00:96::a`]);
    assert.deepEqual(await answers(svc("web"), "SRV"), [
      `${svc("web")} 30 SRV 0 50 53 ${svc("web")}`,
      `${svc("web")} 30 SRV 0 50 80 ${svc("web")}`,
    ]);
    assert.equal((await ask(`_http._udp.${svc("web")}`, "SRV")).rcode, "NXDOMAIN");
    assert.equal((await ask(`_tcp.${svc("web")}`, "SRV")).rcode, "NOERROR");
  });

  test("answers the ready endpoints of a headless Service, together and by hostname", async () => {
    const db = svc("db");
    const v4 = ["10.244.0.5", "10.244.1.6", "10.244.2.7"];
    assert.deepEqual(
      await answers(db),
      v4.map((ip) => `${db} 30 A ${ip}`),
    );
    assert.deepEqual(await answers(db, "AAAA"), [`${db} 30 AAAA fd00:244::5`]);
    assert.deepEqual(await answers(`db-1.${db}`), [`db-1.${db} 30 A 10.244.1.6`]);
    assert.deepEqual(await answers(`10-244-2-7.${db}`), [`10-244-2-7.${db} 30 A 10.244.2.7`]);
    assert.equal((await ask(`db-3.${db}`)).rcode, "NXDOMAIN");
    assert.deepEqual(await answers(`_http._tcp.${db}`, "SRV"), [
      `_http._tcp.${db} 30 SRV 0 33 8080 10-244-2-7.${db}`,
      `_http._tcp.${db} 30 SRV 0 33 8080 db-0.${db}`,
      `_http._tcp.${db} 30 SRV 0 33 8080 db-1.${db}`,
    ]);
    assert.deepEqual(await answers(`web-0.${svc("web")}`), [`web-0.${svc("web")} 30 A 10.244.4.9`]);
  });

  test("tells names that are not there from names without records of a type, with the SOA", async () => {
    for (const name of [
      svc("none"),
      svc("empty"),
      `web.nowhere.svc.${ZONE}`,
      `nowhere.svc.${ZONE}`,
      `x.${ZONE}`,
    ]) {
      const { rcode, answers, authority } = await ask(name);
      assert.deepEqual(
        { rcode, answers, authority },
        { rcode: "NXDOMAIN", answers: [], authority: [SOA] },
        name,
      );
    }
    for (const [name, type] of [
      [svc("web"), "TXT"],
      [`db-1.${svc("db")}`, "AAAA"],
      [`default.svc.${ZONE}`, "A"],
      [`svc.${ZONE}`, "A"],
      [ZONE, "A"],
      [svc("web"), "HINFO"],
    ] as const) {
      const { rcode, answers, authority } = await ask(name, type);
      assert.deepEqual(
        { rcode, answers, authority },
        { rcode: "NOERROR", answers: [], authority: [SOA] },
        name,
      );
    }
  });

  test("answers an ExternalName with CNAME, and goes on where it leads within the zone", async () => {
    assert.deepEqual(await answers(svc("out")), [`${svc("out")} 30 CNAME www.example.com`]);
    assert.deepEqual((await ask(svc("alias"))).answers, [
      `${svc("alias")} 30 CNAME ${svc("web")}`,
      `${svc("web")} 30 A 10.96.0.10`,
    ]);
    assert.deepEqual(await answers(svc("alias"), "CNAME"), [`${svc("alias")} 30 CNAME ${svc("web")}`]);
    assert.equal((await ask(svc("loop"))).rcode, "NOERROR");
  });

  test("answers names of Pods in namespaces that exist", async () => {
    assert.deepEqual(await answers(`10-244-0-5.default.pod.${ZONE}`), [
      `10-244-0-5.default.pod.${ZONE} 30 A 10.244.0.5`,
    ]);
    assert.deepEqual(await answers(`fd00-244--5.default.pod.${ZONE}`, "AAAA"), [
      `fd00-244--5.default.pod.${ZONE} 30 AAAA fd00:244::5`,
    ]);
    assert.equal((await ask(`10-244-0-5.nowhere.pod.${ZONE}`)).rcode, "NXDOMAIN");
    assert.equal((await ask(`10-244-0-500.default.pod.${ZONE}`)).rcode, "NXDOMAIN");
  });

  test("answers PTR of Services and of endpoints", async () => {
    assert.deepEqual(await answers("10.0.96.10.in-addr.arpa", "PTR"), [
      `10.0.96.10.in-addr.arpa 30 PTR ${svc("web")}`,
    ]);
    assert.deepEqual(await answers("6.1.244.10.in-addr.arpa", "PTR"), [
      `6.1.244.10.in-addr.arpa 30 PTR db-1.${svc("db")}`,
    ]);
    const nibbles = [..."fd000244000000000000000000000005"].toReversed().join(".");
    assert.deepEqual(await answers(`${nibbles}.ip6.arpa`, "PTR"), [
      `${nibbles}.ip6.arpa 30 PTR db-0.${svc("db")}`,
    ]);
    assert.equal((await ask("8.3.244.10.in-addr.arpa", "PTR")).rcode, "NXDOMAIN");
    assert.equal((await ask("244.10.in-addr.arpa", "PTR")).rcode, "NOERROR");
  });

  test("says what it is: version, zone, server", async () => {
    assert.deepEqual(await answers(`dns-version.${ZONE}`, "TXT"), [`dns-version.${ZONE} 28800 TXT 1.1.0`]);
    assert.deepEqual(await answers(ZONE, "SOA"), [SOA]);
    const { answers: servers, additional } = await ask(ZONE, "NS");
    assert.deepEqual(servers, [`${ZONE} 30 NS ns.dns.${ZONE}`]);
    assert.deepEqual(additional, [`ns.dns.${ZONE} 30 A 127.0.0.1`]);
    assert.deepEqual(await answers(`ns.dns.${ZONE}`), [`ns.dns.${ZONE} 30 A 127.0.0.1`]);
  });

  test("refuses other zones, classes, transfers, opcodes, and versions of EDNS", async () => {
    const rcode = async (message: Buffer) => (await askUdp(dns.port, message))?.rcode;
    assert.equal((await ask("example.com")).rcode, "REFUSED");
    assert.equal((await ask("notcluster.local")).rcode, "REFUSED");
    assert.equal((await ask(ZONE, "AXFR")).rcode, "REFUSED");
    const chaos: Question = { name: "version.bind", type: "TXT", class: "CH" };
    assert.equal(await rcode(encode({ type: "query", questions: [chaos] })), "REFUSED");
    const notify = question(svc("web"), "A");
    notify.writeUInt16BE(0x2000, 2);
    assert.equal(await rcode(notify), "NOTIMP");
    const edns = question(svc("web"), "A", { additionals: [opt({ udpPayloadSize: 1232, ednsVersion: 1 })] });
    assert.deepEqual((await askUdp(dns.port, edns))?.additional, ["OPT 4096 1"]);
  });

  test("answers FORMERR to what is cut off, nothing to what is no query", async () => {
    assert.equal((await askUdp(dns.port, question(svc("web"), "A").subarray(0, 30)))?.rcode, "FORMERR");
    assert.equal(await askUdp(dns.port, Buffer.from("hello")), null);
    assert.equal(await askUdp(dns.port, encode({ type: "response", id: 1, questions: [] })), null);
    assert.deepEqual(await askTcp(dns.port, [Buffer.from("hello")]), []);
    assert.deepEqual(await answers(svc("web")), [`${svc("web")} 30 A 10.96.0.10`]);
  });

  test("cuts answers over UDP at what the asker takes; TCP has them whole, in order", async () => {
    const { create, settle } = cluster;
    await create(SERVICES, service("many", { clusterIP: "None", ports: HTTP }));
    const rows = Array.from({ length: 100 }, (_, index) => ({ ip: `10.245.0.${index + 1}` }));
    await create(ENDPOINT_SLICES, slice("many", rows));
    await settle();
    const cut = await ask(svc("many"));
    assert.equal(cut.isTruncated, true);
    assert.ok(cut.bytes <= 512 && cut.answers.length === 29, `${cut.answers.length} answers`);
    const large = { additionals: [opt({ udpPayloadSize: 4096, ednsVersion: 0 })] };
    const whole = await askUdp(dns.port, question(svc("many"), "A", large));
    assert.equal(whole?.isTruncated, false);
    assert.equal(whole?.answers.length, 100);
    const [first, second] = await askTcp(dns.port, [question(svc("many"), "SRV"), question(svc("web"), "A")]);
    assert.equal(first?.answers.length, 100);
    assert.equal(first?.isTruncated, false);
    assert.deepEqual(second?.answers, [`${svc("web")} 30 A 10.96.0.10`]);
  });

  test("follows changes of Services and endpoints", async () => {
    const { client, create, settle } = cluster;
    await create(SERVICES, service("new", { clusterIP: "None", ports: HTTP }));
    await settle();
    assert.equal((await ask(svc("new"))).rcode, "NXDOMAIN");
    await create(ENDPOINT_SLICES, slice("new", [{ ip: "10.246.0.1" }]));
    await settle();
    assert.deepEqual(await answers(svc("new")), [`${svc("new")} 30 A 10.246.0.1`]);
    const slices = clientOf(client, ENDPOINT_SLICES, "default");
    await slices.patch("new-1", "merge", { endpoints: [{ addresses: ["10.246.0.2"] }] });
    await settle();
    assert.deepEqual(await answers(svc("new")), [`${svc("new")} 30 A 10.246.0.2`]);
    assert.equal((await ask("1.0.246.10.in-addr.arpa", "PTR")).rcode, "NXDOMAIN");
    await clientOf(client, SERVICES, "default").delete("new");
    await settle();
    assert.equal((await ask(svc("new"))).rcode, "NXDOMAIN");
  });

  test("resolve goes along the search path of a Pod", () => {
    const { rcode, tried, answers } = dns.resolve("web", { namespace: "default" });
    assert.equal(rcode, "NOERROR");
    assert.deepEqual(tried, [svc("web")]);
    assert.deepEqual(
      answers.map(({ data }) => "address" in data && data.address),
      ["10.96.0.10"],
    );
    assert.deepEqual(dns.resolve("web.default", { namespace: "kube-system" }).tried, [
      `web.default.kube-system.svc.${ZONE}`,
      svc("web"),
    ]);
    assert.equal(dns.resolve("example.com", { namespace: "default" }).rcode, "REFUSED");
    assert.equal(dns.resolve("web", { namespace: "kube-system" }).answers.length, 0);
  });

  test("dig reads the answers", async (context) => {
    const ended = await run("dig", ["@127.0.0.1", "-p", String(dns.port), "+short", svc("db"), "A"]);
    if (ended === null) return context.skip("dig is not installed");
    assert.deepEqual(ended.output.trim().split("\n").toSorted(), ["10.244.0.5", "10.244.1.6", "10.244.2.7"]);
  });
});

test("DnsServer answers only names of Pods that are there, when they are to be verified", async () => {
  const cluster = await addonCluster();
  const { create, informers, setStatus, settle, timers } = cluster;
  const dns = await DnsServer.start({ informers, timers, address: "127.0.0.1", port: 0, pods: "verified" });
  informers.start();
  await informers.synced();
  const pod = await create(PODS, podObject("web-0", { nodeName: "node-a" }));
  await setStatus(PODS, pod, { phase: "Running", podIP: "10.244.0.5", podIPs: [{ ip: "10.244.0.5" }] });
  await settle();
  const rcode = (name: string) => dns.resolve(`${name}.`, { namespace: "default" }).rcode;
  assert.equal(rcode(`10-244-0-5.default.pod.${ZONE}`), "NOERROR");
  assert.equal(rcode(`10-244-0-6.default.pod.${ZONE}`), "NXDOMAIN");
  assert.equal(rcode(`10-244-0-5.kube-system.pod.${ZONE}`), "NXDOMAIN");
  await dns.stop();
  cluster.stop();
});
