import assert from "node:assert/strict";
import { test } from "node:test";
import { CERTIFICATE_SIGNING_REQUESTS, CONFIG_MAPS, SECRETS } from "../client/cluster-resources.js";
import { bootstrapSigner, tokenCleaner } from "../controllers/bootstrap/bootstrap-tokens.js";
import {
  certificateApprover,
  certificateCleaner,
  type CertificateSigner,
  certificateSigningController,
} from "../controllers/certificates/certificate-controllers.js";
import { createNamespace, startRealCluster } from "./real-cluster.test-data.js";

const SIGNER: CertificateSigner = {
  read: (request) => ({
    commonName: request,
    organizations: ["system:nodes"],
    dnsNames: [],
    ipAddresses: [],
  }),
  sign: (request, use, seconds) => `${request} ${use} ${seconds}`,
};

function requestObject(name: string, signerName: string): object {
  const usages = ["digital signature", "client auth"];
  const request = Buffer.from("system:node:a").toString("base64");
  const spec = { request, signerName, usages, expirationSeconds: 7200, username: "system:bootstrap:abcdef" };
  return {
    apiVersion: "certificates.k8s.io/v1",
    kind: "CertificateSigningRequest",
    metadata: { name },
    spec,
  };
}

test("a node's certificate is approved and signed; a user's waits for approval; both go in the end", async () => {
  const cluster = await startRealCluster([
    certificateApprover(SIGNER),
    certificateSigningController(SIGNER),
    certificateCleaner,
  ]);
  const requests = cluster.of(CERTIFICATE_SIGNING_REQUESTS, null);
  await requests.create(requestObject("node", "kubernetes.io/kube-apiserver-client-kubelet"));
  await requests.create(requestObject("user", "kubernetes.io/kube-apiserver-client"));
  await cluster.timers.advance(1000);
  const certificate = async (name: string) =>
    Buffer.from((await requests.get(name)).status?.certificate ?? "", "base64").toString();
  assert.equal(await certificate("node"), "system:node:a client 7200");
  assert.equal((await requests.get("node")).status?.conditions?.[0]?.reason, "AutoApproved");
  assert.equal(await certificate("user"), "");
  const approved = { type: "Approved", status: "True", reason: "KubectlApprove", message: "" };
  await requests.patch("user", "merge", { status: { conditions: [approved] } }, { subresource: "approval" });
  await cluster.timers.advance(1000);
  assert.equal(await certificate("user"), "system:node:a client 7200");
  await cluster.timers.advance(26 * 3_600_000);
  assert.equal(
    (await cluster.all(CERTIFICATE_SIGNING_REQUESTS)).filter(({ metadata }) => metadata.name === "node")
      .length,
    0,
  );
  assert.deepEqual(cluster.errors, []);
  await cluster.stop();
});

test("bootstrapSigner and tokenCleaner run when they are asked for", async () => {
  const cluster = await startRealCluster(
    [bootstrapSigner, tokenCleaner],
    ["bootstrapsigner", "tokencleaner"],
  );
  await createNamespace(cluster.client, "kube-public");
  const metadata = { name: "cluster-info", namespace: "kube-public" };
  await cluster
    .of(CONFIG_MAPS, "kube-public")
    .create({ apiVersion: "v1", kind: "ConfigMap", metadata, data: { kubeconfig: "x" } });
  const stringData = {
    "token-id": "abcdef",
    "token-secret": "0123456789abcdef",
    "usage-bootstrap-signing": "true",
    expiration: "2026-01-01T01:00:00Z",
  };
  const data = Object.fromEntries(
    Object.entries(stringData).map(([name, text]) => [name, Buffer.from(text).toString("base64")]),
  );
  const secret = {
    apiVersion: "v1",
    kind: "Secret",
    type: "bootstrap.kubernetes.io/token",
    metadata: { name: "bootstrap-token-abcdef" },
    data,
  };
  await cluster.of(SECRETS, "kube-system").create(secret);
  await cluster.timers.advance(1000);
  const keys = async () =>
    Object.keys((await cluster.of(CONFIG_MAPS, "kube-public").get("cluster-info")).data ?? {});
  assert.deepEqual(await keys(), ["kubeconfig", "jws-kubeconfig-abcdef"]);
  await cluster.timers.advance(3_700_000);
  assert.deepEqual(await cluster.all(SECRETS), []);
  assert.deepEqual(await keys(), ["kubeconfig"]);
  await cluster.stop();
});
