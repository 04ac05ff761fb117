import { deepStrictEqual, equal, match, rejects } from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, type JsonWebKey, verify } from "node:crypto";
import { test } from "node:test";
import type { KubeObject } from "../../api/meta.js";
import { Prng } from "../../base/prng.js";
import { realTimers } from "../../base/timers.js";
import type { ApiRequest, UserInfo } from "../protocol/api-request.js";
import { openStore } from "../store/open-store.js";
import { LOOPBACK_ADMIN } from "./access.js";
import { createApiServer } from "./api-server.js";
import { DEFAULT_NODE_PORTS, standardAccess } from "./standard-access.js";

const BOB: UserInfo = { username: "bob", uid: "", groups: ["system:authenticated"], extra: {} };

async function startServer() {
  const store = await openStore("memory", { timers: realTimers });
  let ids = 0;
  const newUid = () => `00000000-0000-4000-8000-${String(++ids).padStart(12, "0")}`;
  const server = await createApiServer({
    store,
    timers: realTimers,
    prng: new Prng(1),
    newUid,
    accessOver: (objects) =>
      standardAccess(objects, {
        timers: realTimers,
        prng: new Prng(2),
        newId: newUid,
        tokenKey: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey,
        issuer: "https://kubernetes.default.svc.cluster.local",
        serviceRanges: ["10.96.0.0/12"],
        nodePorts: DEFAULT_NODE_PORTS,
      }),
  });
  const send = async (
    method: ApiRequest["method"],
    path: string,
    body: object | null,
    user = LOOPBACK_ADMIN,
  ) => {
    const response = await server.handle({
      method,
      path,
      query: new URLSearchParams(),
      headers: {},
      body,
      user,
      sourceIP: "127.0.0.1",
      signal: new AbortController().signal,
    });
    if (response.kind !== "object") throw new Error(`${method} ${path} answered ${response.kind}`);
    const answer = response.object as KubeObject & { message?: string };
    if (response.code >= 400) throw new Error(answer.message ?? String(response.code));
    return answer;
  };
  const create = (path: string, object: object, user?: UserInfo) => send("POST", path, object, user);
  await create("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: "a" } });
  await create("/api/v1/namespaces/a/serviceaccounts", {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: "default" },
  });
  const close = async () => {
    server.close();
    await store.close();
  };
  return { send, create, close };
}

const pod = (name: string) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: { containers: [{ name: "c", image: "i:1" }] },
});
const PODS = "/api/v1/namespaces/a/pods";

test("standardAccess completes, refuses and answers as users know it, in a server", async () => {
  const { send, create, close } = await startServer();
  try {
    const made = (await create(PODS, pod("web"))) as unknown as {
      spec: { tolerations: object[]; priority: number };
    };
    deepStrictEqual([made.spec.tolerations.length, made.spec.priority], [2, 0]);
    await rejects(create(PODS, { ...pod("web2"), spec: {} }), {
      message: 'Pod "web2" is invalid: spec.containers: Required value',
    });
    await rejects(create("/api/v1/namespaces/none/pods", pod("web")), {
      message: 'namespaces "none" not found',
    });
    await rejects(send("GET", PODS, null, BOB), {
      message:
        'pods is forbidden: User "bob" cannot list resource "pods" in API group "" in the namespace "a"',
    });
    const service = (await create("/api/v1/namespaces/a/services", {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "s" },
      spec: { ports: [{ port: 80 }] },
    })) as unknown as { spec: { clusterIP: string } };
    match(service.spec.clusterIP, /^10\.(9[6-9]|10\d|11[01])\./);
  } finally {
    await close();
  }
});

test("standardAccess lets one of two take the last place of a quota, when they come at once", async () => {
  const { send, create, close } = await startServer();
  try {
    const quota = {
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "q" },
      spec: { hard: { pods: "3" } },
    };
    await create("/api/v1/namespaces/a/resourcequotas", quota);
    const status = { hard: { pods: "3" }, used: { pods: "0" } };
    await send("PUT", "/api/v1/namespaces/a/resourcequotas/q/status", { ...quota, status });
    const outcomes = await Promise.allSettled(
      ["1", "2", "3", "4", "5"].map((name) => create(PODS, pod(name))),
    );
    const refusals = outcomes.flatMap((each) =>
      each.status === "rejected" ? [(each.reason as Error).message] : [],
    );
    equal(refusals.length, 2);
    for (const refusal of refusals)
      match(refusal, /is forbidden: exceeded quota: q, requested: pods=1, used: pods=3, limited: pods=3$/);
  } finally {
    await close();
  }
});

test("standardAccess publishes the keys with which others check service account tokens", async () => {
  const { send, create, close } = await startServer();
  try {
    const issued = (await create("/api/v1/namespaces/a/serviceaccounts/default/token", {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: { audiences: ["vault"] },
    })) as unknown as { status: { token: string } };
    const [header = "", payload = "", signature = ""] = issued.status.token.split(".");
    const read = (part: string) =>
      JSON.parse(Buffer.from(part, "base64url").toString()) as { kid: string; iss: string };
    const source = (await send("GET", "/.well-known/openid-configuration", null)) as unknown as {
      issuer: string;
      jwks_uri: string;
    };
    equal(source.issuer, read(payload).iss);
    const path = source.jwks_uri.slice(source.issuer.length);
    const { keys } = (await send("GET", path, null)) as unknown as { keys: (JsonWebKey & { kid: string })[] };
    const key = keys.find(({ kid }) => kid === read(header).kid);
    const publicKey = createPublicKey({ key: key as JsonWebKey, format: "jwk" });
    const signed = Buffer.from(`${header}.${payload}`);
    const bytes = Buffer.from(signature, "base64url");
    equal(verify("sha256", signed, { key: publicKey, dsaEncoding: "ieee-p1363" }, bytes), true);
    equal("d" in (key as object), false);
  } finally {
    await close();
  }
});
