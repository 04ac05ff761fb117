import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConfigMap, Secret } from "../../client/cluster-resources.js";
import { detachedSignature, expiryMs, signedInfo, signingTokens } from "./bootstrap-tokens.js";

function token(id: string, more: Record<string, string> = {}): Secret {
  const data = {
    "token-id": id,
    "token-secret": "0123456789abcdef",
    "usage-bootstrap-signing": "true",
    ...more,
  };
  return {
    apiVersion: "v1",
    kind: "Secret",
    type: "bootstrap.kubernetes.io/token",
    metadata: { name: `bootstrap-token-${id}`, namespace: "kube-system" },
    data: Object.fromEntries(
      Object.entries(data).map(([name, text]) => [name, Buffer.from(text).toString("base64")]),
    ),
  } as Secret;
}

test("detachedSignature is the one upstream's tests expect", () => {
  assert.equal(
    detachedSignature(
      "Hello from the other side. I must have called a thousand times.",
      "joshua",
      "my voice is my passcode",
    ),
    "eyJhbGciOiJIUzI1NiIsImtpZCI6Impvc2h1YSJ9..VShe2taLd-YTrmWuRkcL_8QTNDHYxQIEBsAYYiIj1_8",
  );
});

test("signingTokens leaves out those that are over, or not for signing", () => {
  const over = token("bbbbbb", { expiration: "2026-01-01T00:00:00Z" });
  const other = token("cccccc", { "usage-bootstrap-signing": "false" });
  const nowMs = Date.parse("2026-01-01T00:00:01Z");
  assert.deepEqual([...signingTokens([token("aaaaaa"), over, other], nowMs).keys()], ["aaaaaa"]);
  assert.deepEqual(
    [expiryMs(token("aaaaaa"), nowMs), expiryMs(over, nowMs), expiryMs(over, nowMs - 3000)],
    [null, 0, 2000],
  );
});

test("signedInfo adds and removes signatures, and settles", () => {
  const info = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "cluster-info", namespace: "kube-public" },
    data: { kubeconfig: "content", "jws-kubeconfig-gone": "old" },
  } as ConfigMap;
  const tokens = new Map([["aaaaaa", "secret"]]);
  const signed = signedInfo(info, tokens);
  assert.deepEqual(Object.keys(signed?.data ?? {}), ["kubeconfig", "jws-kubeconfig-aaaaaa"]);
  assert.equal(signedInfo(signed ?? info, tokens), null);
});
