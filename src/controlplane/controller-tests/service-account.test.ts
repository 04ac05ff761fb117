import assert from "node:assert/strict";
import { test } from "node:test";
import { CONFIG_MAPS, SECRETS, SERVICE_ACCOUNTS } from "../client/cluster-resources.js";
import {
  rootCaPublisher,
  serviceAccountController,
} from "../controllers/service-account/service-account-controllers.js";
import { tokenController } from "../controllers/service-account/token-controller.js";
import { createNamespace, startRealCluster } from "./real-cluster.test-data.js";

test("serviceAccountController and rootCaPublisher furnish every namespace, again and again", async () => {
  const cluster = await startRealCluster([serviceAccountController, rootCaPublisher("PEM")]);
  await createNamespace(cluster.client, "extra");
  await cluster.timers.advance(100);
  const accounts = (await cluster.all(SERVICE_ACCOUNTS)).map(({ metadata }) => metadata.namespace).sort();
  assert.deepEqual(accounts, ["default", "extra", "kube-system"]);
  await cluster.of(SERVICE_ACCOUNTS, "extra").delete("default");
  await cluster.of(CONFIG_MAPS, "extra").patch("kube-root-ca.crt", "merge", { data: { "ca.crt": "forged" } });
  await cluster.timers.advance(100);
  assert.equal((await cluster.all(SERVICE_ACCOUNTS)).length, 3);
  assert.deepEqual((await cluster.of(CONFIG_MAPS, "extra").get("kube-root-ca.crt")).data, {
    "ca.crt": "PEM",
  });
  assert.deepEqual(cluster.errors, []);
  await cluster.stop();
});

test("tokenController fills a token's Secret and deletes it with its account", async () => {
  const issuer = { issueLegacyToken: async () => "signed" };
  const cluster = await startRealCluster([tokenController({ issuer, rootCertificate: "PEM" })]);
  const account = await cluster.of(SERVICE_ACCOUNTS).create({
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: "robot" },
  });
  await cluster.of(SECRETS).create({
    apiVersion: "v1",
    kind: "Secret",
    type: "kubernetes.io/service-account-token",
    metadata: { name: "robot-token", annotations: { "kubernetes.io/service-account.name": "robot" } },
  });
  await cluster.timers.advance(100);
  const secret = await cluster.of(SECRETS).get("robot-token");
  const text = (name: string) => Buffer.from(secret.data?.[name] ?? "", "base64").toString();
  assert.deepEqual([text("token"), text("ca.crt"), text("namespace")], ["signed", "PEM", "default"]);
  assert.equal(secret.metadata.annotations?.["kubernetes.io/service-account.uid"], account.metadata.uid);
  await cluster.of(SERVICE_ACCOUNTS).delete("robot");
  await cluster.timers.advance(100);
  assert.deepEqual(await cluster.all(SECRETS), []);
  await cluster.stop();
});
