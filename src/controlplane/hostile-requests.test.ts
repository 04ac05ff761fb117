// Requests of those who mean no good, as bytes over TLS, against the whole plane: who gets in, what a body or a path can
// do, what is left in files. What bytes do to HTTP alone: apiserver/http/serve-http.test.ts.
import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { after, before, test } from "node:test";
import { connect } from "node:tls";
import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { realTimers } from "../base/timers.js";
import { CertificateAuthority } from "./apiserver/auth/certificate-authority.js";
import { startTestPlane, type TestPlane } from "./plane.test-data.js";

const SECRETS = "/api/v1/namespaces/default/secrets";
const MAPS = "/api/v1/namespaces/default/configmaps";
const WAIT_MS = 5000;
const SECRET_VALUE = "c2Vzc2lvbi1jb29raWUtb2Ytbm9ib2R5";

let plane: TestPlane;
let ca: Buffer;
let admin: { readonly cert: Buffer; readonly key: Buffer };
let port: number;
let core: CoreV1Api;
/** Of the service account "default", which may do next to nothing. */
let token: string;

before(async () => {
  plane = await startTestPlane({ isAudited: true, nodes: 1 });
  const config = new KubeConfig();
  config.loadFromFile(plane.kubeconfigPath);
  const [cluster, user] = [config.getCurrentCluster(), config.getCurrentUser()];
  const pem = (base64: string | undefined) => Buffer.from(base64 ?? "", "base64");
  ca = pem(cluster?.caData);
  admin = { cert: pem(user?.certData), key: pem(user?.keyData) };
  port = Number(new URL(cluster?.server ?? "").port);
  core = config.makeApiClient(CoreV1Api);
  const body = { spec: { audiences: [] } };
  const asked = await core.createNamespacedServiceAccountToken({
    name: "default",
    namespace: "default",
    body,
  });
  token = asked.status?.token ?? "";
  assert.match(token, /^[\w-]+\.[\w-]+\.[\w-]+$/);
  const secret = { metadata: { name: "kept" }, data: { value: SECRET_VALUE } };
  await core.createNamespacedSecret({ namespace: "default", body: secret });
  await core.createNamespacedConfigMap({ namespace: "default", body: { metadata: { name: "victim" } } });
});

after(() => plane.stop());

type Certificate = { readonly cert: Buffer | string; readonly key: Buffer | string };

/** What the server answers until one of both ends the connection. @returns the codes of all answers, and all text */
function send(bytes: string | Buffer, certificate: Certificate | null) {
  return new Promise<{ readonly codes: readonly number[]; readonly text: string }>((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, ca, ...(certificate ?? {}) }, () =>
      socket.write(bytes),
    );
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk;
    });
    // A server that has refused a body may end the connection while the body is still on its way.
    socket.on("error", () => socket.destroy());
    const cancel = realTimers.after(WAIT_MS, () => socket.destroy());
    socket.on("close", () => {
      cancel();
      const codes = [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, code]) => Number(code));
      if (codes.length === 0) reject(new Error(`no answer: ${JSON.stringify(text)}`));
      else resolve({ codes, text });
    });
  });
}

function get(path: string, headers = ""): string {
  return `GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}Connection: close\r\n\r\n`;
}

function patch(type: string, body: string | Buffer, name = "victim", query = ""): Buffer {
  const head = [
    `PATCH ${MAPS}/${name}?fieldManager=hostile${query} HTTP/1.1`,
    "Host: x",
    `Content-Type: application/${type}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
  ];
  return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), Buffer.from(body)]);
}

const bearer = (value: string) => `Authorization: Bearer ${value}\r\n`;

test("who shows no credentials reads health and version, and nothing else", async () => {
  const expected: Readonly<Record<string, number>> = {
    "/healthz": 200,
    "/livez": 200,
    "/readyz": 200,
    "/version": 200,
    "/healthz/ping": 403,
    "/api": 403,
    "/metrics": 403,
    "/openapi/v2": 403,
    "/api/v1/nodes": 403,
    "/api/v1/watch/secrets": 403,
    [SECRETS]: 403,
    [`${SECRETS}?watch=1`]: 403,
  };
  const seen: Record<string, number | undefined> = {};
  for (const path of Object.keys(expected)) seen[path] = (await send(get(path), null)).codes[0];
  assert.deepEqual(seen, expected);
});

test("wrong tokens are Unauthorized, even for what everybody may read", async () => {
  const [header, claims, signature] = token.split(".") as [string, string, string];
  const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const admins = base64({ sub: "system:serviceaccount:kube-system:default" });
  for (const wrong of [
    "nonsense",
    `${base64({ alg: "none" })}.${claims}.`,
    `${header}.${admins}.${signature}`,
    `${header}.${claims}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`,
  ])
    for (const path of [SECRETS, "/healthz"])
      assert.deepEqual((await send(get(path, bearer(wrong)), null)).codes, [401], `${path} ${wrong}`);
});

test("a token, a stranger's certificate and impersonation give no more than they stand for", async () => {
  assert.deepEqual((await send(get("/api", bearer(token)), null)).codes, [200]);
  assert.deepEqual((await send(get(SECRETS, bearer(token)), null)).codes, [403]);
  const stranger = CertificateAuthority.create(realTimers).client("kubernetes-admin", ["system:masters"]);
  for (const path of [SECRETS, "/healthz"])
    assert.deepEqual((await send(get(path), stranger)).codes, [401], path);
  // Other credentials still count.
  assert.deepEqual((await send(get("/api", bearer(token)), stranger)).codes, [200]);
  const impersonating = "Impersonate-User: kubernetes-admin\r\nImpersonate-Group: system:masters\r\n";
  assert.deepEqual((await send(get(SECRETS, impersonating), null)).codes, [403]);
  assert.deepEqual((await send(get(SECRETS, impersonating + bearer(token)), null)).codes, [403]);
});

test("no spelling of a path leads to a secret that its user may not read", async () => {
  for (const path of [
    "//api//v1//secrets",
    "/healthz/../api/v1/secrets",
    "/healthz/%2e%2e/api/v1/secrets",
    "/healthz%2f..%2fapi/v1/secrets",
    "/%c0%ae%c0%ae/api/v1/secrets",
    "/healthz\\..\\api\\v1\\secrets",
    "http://127.0.0.1/api/v1/secrets",
    "/api/v1/namespaces/default/%73ecrets/kept",
    "/api/v1/namespaces/default/secrets/kept%00",
    "/api/v1/namespaces/default/pods/x/../../secrets/kept",
  ]) {
    const { codes, text } = await send(get(path), null);
    assert.ok(
      codes.every((code) => code >= 400 && code < 500),
      `${path}: ${codes}`,
    );
    assert.ok(!text.includes(SECRET_VALUE), path);
  }
});

test("two readings of where a request ends are refused, and what follows is not read", async () => {
  const smuggled = get("/version");
  for (const lengths of [
    "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
    "Content-Length: 4\r\nContent-Length: 5\r\n",
    "Content-Length: -1\r\n",
    "Transfer-Encoding: chunked, identity\r\n",
  ])
    assert.deepEqual(
      (await send(`POST ${MAPS} HTTP/1.1\r\nHost: x\r\n${lengths}\r\n0\r\n\r\n${smuggled}`, admin)).codes,
      [400],
      lengths,
    );
});

test("a body in chunks ends at the limit, whoever sends it", async () => {
  const head = `POST ${MAPS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
  const chunks = `10000\r\n${" ".repeat(0x10000)}\r\n`.repeat(49);
  for (const certificate of [admin, null])
    assert.deepEqual((await send(head + chunks, certificate)).codes, [413]);
});

test("bodies that would cost much or are no text are BadRequest, in patches too", async () => {
  const deep = "[".repeat(50_000) + "]".repeat(50_000);
  const letters = [..."abcdefghi"];
  const level = (letter: string, index: number) =>
    `${letter}: &${letter} [${Array(9)
      .fill(index === 0 ? "x" : `*${letters[index - 1]}`)
      .join(",")}]\n`;
  const bodies: readonly (readonly [string, string | Buffer])[] = [
    ["json-patch+json", `[{"op":"add","path":"/data","value":${deep}}]`],
    ["merge-patch+json", `{"data":${deep}}`],
    ["strategic-merge-patch+json", `{"data":${deep}}`],
    ["apply-patch+yaml", `data: ${deep}`],
    ["apply-patch+yaml", letters.map(level).join("")],
    ["merge-patch+json", Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
  ];
  for (const [type, body] of bodies) {
    const { codes, text } = await send(patch(type, body), admin);
    assert.deepEqual(codes, [400], `${type}: ${text.slice(-300)}`);
  }
});

test("__proto__ in patches reaches no other object", async () => {
  const poison = '{"polluted":"1"}';
  const object = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"victim","__proto__":${poison},"labels":{"__proto__":${poison}}},"__proto__":${poison},"constructor":{"prototype":${poison}},"data":{"__proto__":"1"}}`;
  const steps = [
    "/__proto__/polluted",
    "/constructor/prototype/polluted",
    "/metadata/__proto__/polluted",
  ].map((path) => `[{"op":"add","path":"${path}","value":"1"}]`);
  for (const type of ["merge-patch+json", "strategic-merge-patch+json"])
    assert.deepEqual((await send(patch(type, object), admin)).codes, [422], type);
  const applied = await send(patch("apply-patch+yaml", object), admin);
  assert.match(applied.text, /__proto__: field not declared in schema/);
  for (const step of steps)
    assert.deepEqual((await send(patch("json-patch+json", step), admin)).codes, [422], step);
  // The plane runs in this process.
  assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
  const { text } = await send(get(MAPS), admin);
  assert.match(text, /"victim"/);
  assert.doesNotMatch(text, /polluted/);
});

test("__proto__ is a key of a ConfigMap like any other, however it comes", async () => {
  const data = (value: string) => `{"data":{"__proto__":"${value}","other":"1"}}`;
  const body = `{"metadata":{"name":"odd"},"data":{"__proto__":"created","kept":"1"}}`;
  const create = `POST ${MAPS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
  const created = await send(create, admin);
  assert.deepEqual(created.codes, [201], created.text);
  const path = `${MAPS}/odd`;
  assert.match((await send(get(path), admin)).text, /"__proto__":"created"/);
  for (const type of ["strategic-merge-patch+json", "merge-patch+json"]) {
    assert.deepEqual((await send(patch(type, data(type), "odd"), admin)).codes, [200], type);
    const { text } = await send(get(path), admin);
    assert.ok(text.includes(`"__proto__":"${type}"`), text);
    assert.ok(text.includes('"kept":"1"'), text);
  }
  const applied = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"odd"},${data("applied").slice(1)}`;
  const answer = await send(patch("apply-patch+yaml", applied, "odd", "&force=true"), admin);
  assert.match(answer.text, /"__proto__":"applied"/);
  const gone = `{"data":{"__proto__":null}}`;
  assert.deepEqual((await send(patch("strategic-merge-patch+json", gone, "odd"), admin)).codes, [200]);
  const last = (await send(get(path), admin)).text;
  assert.doesNotMatch(last, /"__proto__":/);
  assert.match(last, /"kept":"1"/);
});

test("only their owner reads the kubeconfig and the audit log, which holds no token, key or value", async () => {
  const protocol = `base64url.bearer.authorization.k8s.io.${Buffer.from(token).toString("base64url")}`;
  await send(get(SECRETS, bearer(token)), null);
  await send(get("/version", `Sec-WebSocket-Protocol: ${protocol}\r\n`), null);
  for (const path of [plane.kubeconfigPath, plane.auditLogPath])
    assert.equal(statSync(path).mode & 0o777, 0o600, path);
  const log = readFileSync(plane.auditLogPath, "utf8");
  const events = log
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { user: { username?: string }; responseStatus: { code: number } });
  const names = new Set(events.map(({ user }) => user.username));
  for (const name of ["kubernetes-admin", "system:anonymous", "system:serviceaccount:default:default"])
    assert.ok(names.has(name), name);
  assert.ok(events.some(({ responseStatus }) => responseStatus.code === 401));
  const key = admin.key.toString().split("\n")[1] ?? "";
  assert.ok(key.length > 20);
  for (const secret of [...token.split(".").slice(1), protocol, key, "PRIVATE KEY", SECRET_VALUE, "nonsense"])
    assert.ok(!log.includes(secret), secret);
});

test("the plane still answers its administrator after all of this", async () => {
  const { items } = await core.listNamespacedSecret({ namespace: "default" });
  assert.ok(
    items.some(({ metadata, data }) => metadata?.name === "kept" && data?.["value"] === SECRET_VALUE),
  );
});
