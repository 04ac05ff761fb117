import { deepStrictEqual, equal, match, ok, rejects, throws } from "node:assert/strict";
import { createHash, createPublicKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer, request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TLSSocket } from "node:tls";
import { parse } from "yaml";
import type { KubeObject } from "../../../api/meta.js";
import { Prng } from "../../../base/prng.js";
import { sourcePath } from "../../../base/source-path.js";
import { ManualTimers, realTimers } from "../../../base/timers.js";
import type { ApiRequest, UserInfo } from "../../protocol/api-request.js";
import type { AccessAttributes } from "../access.js";
import { MemoryObjects } from "../memory-objects.test-data.js";
import { kindRow } from "../object-access.js";
import { standardAccess, DEFAULT_NODE_PORTS } from "../standard-access.js";
import { bootstrapTokenReader } from "./bearer-authenticator.js";
import { bootstrapPolicy } from "./bootstrap-policy.js";
import { CertificateAuthority } from "./certificate-authority.js";
import { parseCertificateRequest } from "./certificate.js";
import { certificateUser } from "./client-certificate.js";
import { openCredentials } from "./credentials.js";
import { writeKubeconfig } from "./kubeconfig.js";

const GROUP = "rbac.authorization.k8s.io";
const PLURALS: Readonly<Record<string, string>> = {
  ClusterRole: "clusterroles",
  ClusterRoleBinding: "clusterrolebindings",
  Role: "roles",
  RoleBinding: "rolebindings",
};

function cluster(extra: readonly KubeObject[] = []) {
  const objects = new MemoryObjects();
  for (const object of [...bootstrapPolicy(), ...extra])
    objects.put(kindRow(GROUP, PLURALS[object.kind] as string), object);
  const timers = new ManualTimers();
  let ids = 0;
  const access = standardAccess(objects, {
    timers,
    prng: new Prng(1),
    newId: () => `id-${++ids}`,
    tokenKey: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey,
    issuer: "https://kubernetes.default.svc.cluster.local",
    tokenFile: '# people\nsecret-token,bob,7,"dev,ops"\n',
    serviceRanges: ["10.96.0.0/12"],
    nodePorts: DEFAULT_NODE_PORTS,
  });
  return { objects, timers, access };
}

const user = (username: string, ...groups: string[]): UserInfo => ({ username, uid: "", groups, extra: {} });

function asking(
  who: UserInfo,
  verb: string,
  what: string,
  more: Partial<AccessAttributes> = {},
): AccessAttributes {
  const [path = "", subresource = ""] = what.split("/");
  const [resource = "", ...group] = path.split(".");
  return {
    user: who,
    verb,
    isResourceRequest: true,
    path: "",
    group: group.join("."),
    version: "v1",
    resource,
    subresource,
    namespace: "default",
    name: "",
    fieldSelector: "",
    labelSelector: "",
    ...more,
  };
}

function rbacObject(kind: string, name: string, rest: object): KubeObject {
  const namespaced = kind.startsWith("Cluster") ? {} : { namespace: "default" };
  return { apiVersion: `${GROUP}/v1`, kind, metadata: { name, ...namespaced }, ...rest } as KubeObject;
}

test("bootstrapPolicy has upstream's roles, with what they aggregate", () => {
  const policy = bootstrapPolicy();
  const named = (kind: string, name: string) =>
    policy.find((object) => object.kind === kind && object.metadata.name === name) as unknown as {
      rules: { resources?: string[]; verbs: string[] }[];
    };
  equal(policy.filter(({ kind }) => kind === "ClusterRole").length, 69);
  deepStrictEqual(named("ClusterRole", "cluster-admin").rules[0], {
    apiGroups: ["*"],
    resources: ["*"],
    verbs: ["*"],
  });
  for (const name of ["view", "edit", "admin"])
    ok(
      named("ClusterRole", name).rules.some((rule) => rule.resources?.includes("pods")),
      name,
    );
  ok(!named("ClusterRole", "view").rules.some((rule) => rule.resources?.includes("secrets")));
  ok(named("ClusterRole", "system:controller:deployment-controller"));
});

const BOUND = [
  rbacObject("RoleBinding", "viewers", {
    subjects: [{ kind: "User", name: "alice" }],
    roleRef: { kind: "ClusterRole", name: "view" },
  }),
  rbacObject("Role", "one-secret", {
    rules: [{ apiGroups: [""], resources: ["secrets"], resourceNames: ["db"], verbs: ["get"] }],
  }),
  rbacObject("RoleBinding", "robot", {
    subjects: [{ kind: "ServiceAccount", name: "robot", namespace: "tools" }],
    roleRef: { kind: "Role", name: "one-secret" },
  }),
];
const ROBOT = user("system:serviceaccount:tools:robot", "system:authenticated");

const DECISIONS: readonly (readonly [name: string, asked: AccessAttributes, allowed: boolean])[] = [
  ["masters do everything", asking(user("root", "system:masters"), "delete", "nodes"), true],
  ["a viewer lists Pods", asking(user("alice"), "list", "pods"), true],
  ["a viewer reads logs", asking(user("alice"), "get", "pods/log"), true],
  ["a viewer reads no secrets", asking(user("alice"), "get", "secrets"), false],
  ["a viewer creates nothing", asking(user("alice"), "create", "pods"), false],
  ["a viewer elsewhere", asking(user("alice"), "list", "pods", { namespace: "other" }), false],
  ["a service account by name", asking(ROBOT, "get", "secrets", { name: "db" }), true],
  ["a service account by another name", asking(ROBOT, "get", "secrets", { name: "other" }), false],
  [
    "everybody asks about access",
    asking(ROBOT, "create", "selfsubjectaccessreviews.authorization.k8s.io"),
    true,
  ],
  [
    "everybody reads the version",
    asking(user("x", "system:unauthenticated"), "get", "", { isResourceRequest: false, path: "/version" }),
    true,
  ],
  [
    "nobody reads metrics",
    asking(user("x", "system:unauthenticated"), "get", "", { isResourceRequest: false, path: "/metrics" }),
    false,
  ],
];

for (const [name, asked, allowed] of DECISIONS)
  test(`authorize decides as roles say, when ${name}`, async () => {
    equal((await cluster(BOUND).access.authorizer.authorize(asked)).allowed, allowed);
  });

test("authorize gives the reason, when RBAC allows", async () => {
  const { reason } = await cluster(BOUND).access.authorizer.authorize(asking(user("alice"), "list", "pods"));
  equal(reason, 'RBAC: allowed by RoleBinding "viewers/default" of ClusterRole "view" to User "alice"');
});

test("authorize lets a kubelet read what its Pods use, and no more", async () => {
  const { objects, access } = cluster();
  const node = user("system:node:node-1", "system:nodes", "system:authenticated");
  objects.put(kindRow("", "pods"), {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web", namespace: "default" },
    spec: { nodeName: "node-1", containers: [], volumes: [{ name: "k", secret: { secretName: "keys" } }] },
  } as unknown as KubeObject);
  const { authorizer } = access;
  equal((await authorizer.authorize(asking(node, "get", "secrets", { name: "keys" }))).allowed, true);
  const other = user("system:node:node-2", "system:nodes");
  deepStrictEqual(await authorizer.authorize(asking(other, "get", "secrets", { name: "keys" })), {
    allowed: false,
    reason: "no relationship found between node 'node-2' and this object",
  });
  const lease = { namespace: "kube-node-lease", name: "node-1" };
  equal(
    (await authorizer.authorize(asking(node, "update", "leases.coordination.k8s.io", lease))).allowed,
    true,
  );
  equal(
    (await authorizer.authorize(asking(other, "update", "leases.coordination.k8s.io", lease))).allowed,
    false,
  );
  equal(
    (await authorizer.authorize(asking(node, "update", "nodes/status", { name: "node-1" }))).allowed,
    true,
  );
});

test("admission refuses a role, when its author holds less", async () => {
  const { access } = cluster(BOUND);
  const rules = [{ apiGroups: ["apps"], resources: ["deployments"], verbs: ["get", "delete"] }];
  const role = rbacObject("Role", "strong", { rules });
  const request = {
    operation: "CREATE" as const,
    kind: kindRow(GROUP, "roles"),
    subresource: "",
    namespace: "default",
    name: "strong",
    user: user("alice", "dev"),
    isDryRun: false,
    object: role,
    oldObject: null,
  };
  await rejects(async () => access.admission.validate(request), {
    message: `roles.rbac.authorization.k8s.io "strong" is forbidden: user "alice" (groups=["dev"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:["apps"], Resources:["deployments"], Verbs:["delete"]}`,
  });
  await access.admission.validate({ ...request, user: user("root", "system:masters") });
});

function withToken(token: string): ApiRequest {
  return {
    method: "GET",
    path: "/",
    query: new URLSearchParams(),
    headers: { authorization: `Bearer ${token}` },
    body: null,
    user: null,
    sourceIP: "127.0.0.1",
    signal: new AbortController().signal,
  };
}

test("authenticate knows tokens of the file, and refuses others", async () => {
  const { authenticator } = cluster().access;
  deepStrictEqual(await authenticator.authenticate(withToken("secret-token")), {
    username: "bob",
    uid: "7",
    groups: ["dev", "ops", "system:authenticated"],
    extra: {},
  });
  await rejects(async () => authenticator.authenticate(withToken("guess")), { message: "Unauthorized" });
});

test("tokens of service accounts speak for them, until time, account or Pod is gone", async () => {
  const { objects, timers, access } = cluster();
  const accounts = kindRow("", "serviceaccounts");
  const account = {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: "robot", namespace: "tools", uid: "u1" },
  };
  objects.put(accounts, account);
  const issued = (spec: object) =>
    (
      access.tokens.issue(account, {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenRequest",
        metadata: { name: "" },
        spec,
      } as KubeObject) as unknown as {
        status: { token: string; expirationTimestamp: string };
      }
    ).status;
  const { token, expirationTimestamp } = issued({ expirationSeconds: 600 });
  equal(expirationTimestamp, "2026-01-01T00:10:00Z");
  const claims = JSON.parse(Buffer.from(token.split(".")[1] as string, "base64url").toString());
  deepStrictEqual(claims["kubernetes.io"], {
    namespace: "tools",
    serviceaccount: { name: "robot", uid: "u1" },
  });
  equal(claims.sub, "system:serviceaccount:tools:robot");
  const who = (await access.authenticator.authenticate(withToken(token))) as UserInfo;
  deepStrictEqual(
    [who.username, who.uid, who.groups],
    [
      "system:serviceaccount:tools:robot",
      "u1",
      ["system:serviceaccounts", "system:serviceaccounts:tools", "system:authenticated"],
    ],
  );
  equal(await access.tokens.review(token, ["vault"]), null, "another audience");
  equal(await access.tokens.review(`${token.slice(0, -4)}AAAA`, []), null, "another signature");
  const forged = [Buffer.from('{"alg":"none"}').toString("base64url"), ...token.split(".").slice(1)].join(
    ".",
  );
  equal(await access.tokens.review(forged, []), null, "another algorithm");
  objects.put(accounts, { ...account, metadata: { ...account.metadata, uid: "u2" } });
  equal(await access.tokens.review(token, []), null, "an account of the same name");
  objects.put(accounts, account);
  await timers.advance(601_000);
  equal(await access.tokens.review(token, []), null, "expired");
  throws(() => issued({ expirationSeconds: 60 }), /may not specify a duration less than 10 minutes$/);
});

test("bootstrapTokenReader knows a secret's token, until it expires", async () => {
  const objects = new MemoryObjects();
  const timers = new ManualTimers();
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const fields = {
    "token-id": "abcdef",
    "token-secret": "0123456789abcdef",
    "usage-bootstrap-authentication": "true",
    expiration: "2026-01-01T00:01:00Z",
    "auth-extra-groups": "system:bootstrappers:kubeadm,system:masters",
  };
  const secret = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "bootstrap-token-abcdef", namespace: "kube-system" },
    type: "bootstrap.kubernetes.io/token",
    data: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, base64(value)])),
  };
  objects.put(kindRow("", "secrets"), secret);
  const read = bootstrapTokenReader(objects, timers);
  deepStrictEqual(await read("abcdef.0123456789abcdef"), {
    username: "system:bootstrap:abcdef",
    uid: "",
    groups: ["system:bootstrappers", "system:bootstrappers:kubeadm", "system:authenticated"],
    extra: {},
  });
  equal(await read("abcdef.0123456789abcdeg"), null);
  await timers.advance(60_000);
  equal(await read("abcdef.0123456789abcdef"), null);
});

test("certificates of the authority let their users in over TLS, and others do not", async () => {
  const authority = CertificateAuthority.create(realTimers);
  const server = authority.server();
  const admin = authority.client("admin", ["system:masters", "dev"]);
  const seen: (UserInfo | "unknown" | null)[] = [];
  const listener = createServer(
    { ...server, ca: authority.cert, requestCert: true, rejectUnauthorized: false },
    (incoming, outgoing) => {
      const certificate = (incoming.socket as TLSSocket).getPeerX509Certificate();
      seen.push(certificate === undefined ? null : certificateUser(authority, certificate));
      outgoing.end();
    },
  );
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const { port } = listener.address() as AddressInfo;
  const stranger = CertificateAuthority.create(realTimers).client("admin", ["system:masters"]);
  for (const credentials of [admin, stranger, {}])
    await new Promise<void>((resolve, reject) => {
      httpsRequest(
        { host: "127.0.0.1", port, ca: authority.cert, ...credentials, agent: false },
        (answer) => {
          answer.resume();
          answer.on("end", resolve);
        },
      )
        .on("error", reject)
        .end();
    });
  listener.close();
  const digest = createHash("sha256").update(new X509Certificate(admin.cert).raw).digest("hex");
  deepStrictEqual(seen, [
    {
      username: "admin",
      uid: "",
      groups: ["dev", "system:masters", "system:authenticated"],
      extra: { "authentication.kubernetes.io/credential-id": [`X509SHA256=${digest}`] },
    },
    "unknown",
    null,
  ]);
  const certificate = new X509Certificate(server.cert);
  match(certificate.subjectAltName ?? "", /DNS:kubernetes\.default\.svc, .*IP Address:127\.0\.0\.1/);
});

// Made with: openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /O=system:nodes/CN=system:node:n1
const REQUEST = readFileSync(sourcePath(import.meta.url, "testdata/node-request.pem"), "utf8");

test("parseCertificateRequest reads openssl's requests, and the authority signs them", () => {
  const request = parseCertificateRequest(REQUEST);
  ok(request);
  deepStrictEqual(request.subject, { commonName: "system:node:n1", organizations: ["system:nodes"] });
  deepStrictEqual(request.dnsNames, ["n1.example"]);
  const authority = CertificateAuthority.create(realTimers);
  const certificate = new X509Certificate(authority.sign(request, "client", 3600));
  ok(certificate.verify(createPublicKey(authority.cert)));
  equal(certificate.subject, "O=system:nodes\nCN=system:node:n1");
  equal(parseCertificateRequest(REQUEST.replace("MII", "MIA")), null);
});

test("openCredentials keeps what it made, and its keys from others", () => {
  const folder = mkdtempSync(join(tmpdir(), "credentials-"));
  try {
    const first = openCredentials(realTimers, join(folder, "pki"));
    const again = openCredentials(realTimers, join(folder, "pki"));
    equal(again.authority.cert, first.authority.cert);
    ok(again.tokenKey.equals(first.tokenKey));
    for (const name of ["ca.key", "sa.key"])
      equal(statSync(join(folder, "pki", name)).mode & 0o777, 0o600, name);
    ok(again.authority.hasIssued(new X509Certificate(first.authority.client("a", []).cert)));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("writeKubeconfig writes what only its owner can read", () => {
  const folder = mkdtempSync(join(tmpdir(), "kubeconfig-"));
  try {
    const path = join(folder, "deep", "config");
    const authority = CertificateAuthority.create(realTimers);
    const credentials = { by: "certificate" as const, ...authority.client("admin", ["system:masters"]) };
    writeKubeconfig({
      path,
      server: "https://127.0.0.1:1",
      ca: authority.cert,
      cluster: "plumb",
      user: "admin",
      credentials,
    });
    equal(statSync(path).mode & 0o777, 0o600);
    const config = parse(readFileSync(path, "utf8"));
    equal(config["current-context"], "admin@plumb");
    equal(Buffer.from(config.users[0].user["client-key-data"], "base64").toString(), credentials.key);
    equal(
      Buffer.from(config.clusters[0].cluster["certificate-authority-data"], "base64").toString(),
      authority.cert,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
