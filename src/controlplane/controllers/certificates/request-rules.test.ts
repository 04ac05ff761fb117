import assert from "node:assert/strict";
import { test } from "node:test";
import type { CertificateSigningRequest } from "../../client/cluster-resources.js";
import {
  approvalPermissions,
  isOutdated,
  lifetimeSeconds,
  type RequestContent,
  SIGNERS,
} from "./request-rules.js";

const NODE: RequestContent = {
  commonName: "system:node:a",
  organizations: ["system:nodes"],
  dnsNames: [],
  ipAddresses: [],
};
const USAGES = ["digital signature", "key encipherment", "client auth"];

function request(spec: object, status: object = {}): CertificateSigningRequest {
  const metadata = { name: "csr", creationTimestamp: "2026-01-01T00:00:00Z" };
  return {
    apiVersion: "certificates.k8s.io/v1",
    kind: "CertificateSigningRequest",
    metadata,
    spec,
    status,
  } as unknown as CertificateSigningRequest;
}

test("approvalPermissions recognises nodes, and nodes that ask for themselves", () => {
  const spec = { signerName: "kubernetes.io/kube-apiserver-client-kubelet", usages: USAGES };
  const names = (one: CertificateSigningRequest, content: RequestContent) =>
    approvalPermissions(one, content).map(({ subresource }) => subresource);
  assert.deepEqual(names(request({ ...spec, username: "system:bootstrap:x" }), NODE), ["nodeclient"]);
  assert.deepEqual(names(request({ ...spec, username: "system:node:a" }), NODE), [
    "selfnodeclient",
    "nodeclient",
  ]);
  assert.deepEqual(names(request(spec), { ...NODE, organizations: ["system:masters"] }), []);
  assert.deepEqual(names(request({ ...spec, signerName: "kubernetes.io/kube-apiserver-client" }), NODE), []);
});

test("SIGNERS refuse what is not theirs", () => {
  const problem = (name: string, content: RequestContent, usages: readonly string[]) =>
    SIGNERS[name]?.problem(content, usages);
  assert.equal(problem("kubernetes.io/kube-apiserver-client-kubelet", NODE, USAGES), null);
  assert.match(
    problem("kubernetes.io/kube-apiserver-client-kubelet", { ...NODE, dnsNames: ["a"] }, USAGES) ?? "",
    /DNS/,
  );
  assert.match(
    problem("kubernetes.io/kubelet-serving", NODE, ["digital signature", "server auth"]) ?? "",
    /at least one/,
  );
  assert.equal(
    problem("kubernetes.io/kubelet-serving", { ...NODE, ipAddresses: ["10.0.0.1"] }, [
      "digital signature",
      "server auth",
    ]),
    null,
  );
  assert.match(problem("kubernetes.io/kube-apiserver-client", NODE, ["server auth"]) ?? "", /invalid usage/);
  assert.match(
    problem("kubernetes.io/kube-apiserver-client", NODE, ["digital signature"]) ?? "",
    /missing required usage/,
  );
});

test("lifetimeSeconds and isOutdated keep to upstream's bounds", () => {
  assert.deepEqual(
    [lifetimeSeconds(undefined), lifetimeSeconds(60), lifetimeSeconds(86_400), lifetimeSeconds(1e9)],
    [31_536_000, 600, 86_400, 31_536_000],
  );
  const nowMs = Date.parse("2026-01-01T02:00:00Z");
  assert.equal(isOutdated(request({}), nowMs), false);
  assert.equal(isOutdated(request({}), nowMs + 24 * 3_600_000), true);
  const approved = {
    conditions: [{ type: "Approved", status: "True", lastUpdateTime: "2026-01-01T00:30:00Z" }],
  };
  assert.equal(isOutdated(request({}, approved), nowMs), true);
});
