import assert from "node:assert/strict";
import { test } from "node:test";
import type { TransportProtocol } from "../../api/types.js";
import { hashBase32 } from "../name-hash.js";
import { testServiceEndpoint, testServicePort } from "../service-port.test-data.js";
import { endpointChainName, serviceChainNames } from "./chain-names.js";

// name, protocol, characters: published in upstream's fixtures or seen on live nodes.
const SERVICES: readonly [string, TransportProtocol, string][] = [
  ["ns1/svc1:p80", "TCP", "XPGD46QRK7WJZT7O"],
  ["ns2/svc2:p80", "TCP", "GNZBNJ2PO5MGZ6GT"],
  ["ns3/svc3:p80", "TCP", "X27LE4BHSL4DOUIK"],
  ["ns4/svc4:p80", "TCP", "4SW47YFZTEDKD3PK"],
  ["ns5/svc5:p80", "TCP", "NUKIZ6OKUXPJNT4C"],
  ["default/kubernetes:https", "TCP", "NPX46M4PTMTKRN6Y"],
  ["kube-system/kube-dns:dns", "UDP", "TCOU7JCQXEZGVUNU"],
  ["ns1/svc1", "TCP", "AQI2S6QIMU7PVVRP"],
];

const ENDPOINTS: readonly [string, string, number, string][] = [
  ["ns1/svc1:p80", "10.180.0.1", 80, "SXIVWICOYRO3J4NJ"],
  ["ns2/svc2:p80", "10.180.0.2", 80, "RS4RBKLTHTF2IUXJ"],
  ["ns4/svc4:p80", "10.180.0.4", 80, "UKSFD7AGPMPPLUHC"],
  ["ns4/svc4:p80", "10.180.0.5", 80, "C6EBXVWJJZMIWKLZ"],
];

test("serviceChainNames hashes name and protocol, and shares the characters between its chains", () => {
  for (const [name, protocol, characters] of SERVICES) {
    assert.deepEqual(serviceChainNames(testServicePort({ name, protocol })), {
      cluster: `KUBE-SVC-${characters}`,
      local: `KUBE-SVL-${characters}`,
      external: `KUBE-EXT-${characters}`,
      firewall: `KUBE-FW-${characters}`,
    });
  }
});

test("serviceChainNames gives the same object for the same port object", () => {
  const port = testServicePort();
  assert.equal(serviceChainNames(port), serviceChainNames(port));
});

test("endpointChainName hashes the endpoint's text too", () => {
  for (const [name, ip, port, characters] of ENDPOINTS) {
    assert.equal(
      endpointChainName(testServicePort({ name }), testServiceEndpoint(ip, port)),
      `KUBE-SEP-${characters}`,
    );
  }
});

test("endpointChainName hashes IPv6 endpoints with their brackets", () => {
  const port = testServicePort();
  const expected = `KUBE-SEP-${hashBase32("ns1/svc1:p80tcp[fd00::1]:80", 16)}`;
  assert.equal(endpointChainName(port, testServiceEndpoint("fd00::1", 80)), expected);
});

test("chain names fit what iptables allows", () => {
  const names = serviceChainNames(
    testServicePort({ name: `${"n".repeat(63)}/${"s".repeat(63)}:${"p".repeat(15)}`, protocol: "SCTP" }),
  );
  for (const name of Object.values(names)) assert.ok(name.length <= 28, name);
});
