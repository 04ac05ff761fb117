import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServicePort } from "../service-port.js";
import { testServiceEndpoint, testServicePort } from "../service-port.test-data.js";
import { endpointNames, serviceChainNames } from "./names.js";

test("serviceChainNames hashes namespace, name, protocol and port name as kube-proxy does", () => {
  assert.equal(serviceChainNames(port("ns1", "svc1", "p80")).service, "service-ULMVA6XW-ns1/svc1/tcp/p80");
  assert.equal(
    serviceChainNames(port("default", "kubernetes", "https")).external,
    "external-2QRHZV4L-default/kubernetes/tcp/https",
  );
  assert.equal(
    serviceChainNames(port("testing", "service", "http")).local,
    "local-P4ZYZVCF-testing/service/tcp/http",
  );
  assert.equal(serviceChainNames(port("ns5", "svc5", "p80")).firewall, "firewall-HVFWP5L3-ns5/svc5/tcp/p80");
});

test("endpointNames adds the endpoint, with dots for the colons of IPv6", () => {
  const names = endpointNames(port("ns1", "svc1", "p80"), testServiceEndpoint("10.180.0.1", 80));
  assert.equal(names.chain, "endpoint-5OJB2KTY-ns1/svc1/tcp/p80__10.180.0.1/80");
  assert.equal(names.affinitySet, "affinity-5OJB2KTY-ns1/svc1/tcp/p80__10.180.0.1/80");
  const six = endpointNames(port("ns1", "svc1", "p80"), testServiceEndpoint("fd00:10:180::1", 80));
  assert.match(six.chain, /^endpoint-[A-Z2-7]{8}-ns1\/svc1\/tcp\/p80__fd00\.10\.180\.\.1\/80$/);
});

test("endpointNames cuts what the kernel would refuse, and keeps such names apart by their hash", () => {
  const long = port("n".repeat(63), "s".repeat(63), "p".repeat(63));
  const names = [1, 2].map(
    (last) =>
      endpointNames(long, testServiceEndpoint(`2001:db8:1111:2222:3333:4444:5555:${last}`, 65535)).chain,
  );
  for (const name of names) {
    assert.equal(name.length, "endpoint-".length + 240);
    assert.ok(name.endsWith("..."));
  }
  assert.notEqual(names[0], names[1]);
});

function port(namespace: string, serviceName: string, portName: string): ServicePort {
  return testServicePort({ namespace, serviceName, portName });
}
