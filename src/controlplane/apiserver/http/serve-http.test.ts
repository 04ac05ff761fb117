import assert from "node:assert/strict";
import { connect as connectHttp2, type ClientHttp2Session } from "node:http2";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { realTimers } from "../../../base/timers.js";
import { CertificateAuthority } from "../auth/certificate-authority.js";
import { pod, PODS, testServer, type TestServer } from "../api-server.test-data.js";
import { type HttpListener, serveHttp } from "./serve-http.js";

let served: TestServer;
let listener: HttpListener;

before(async () => {
  served = await testServer();
  listener = await serveHttp(served.server, { host: "127.0.0.1", port: 0 });
});

after(() => listener.close());

const JSON_BODY = { "content-type": "application/json" };

function post(path: string, body: string | Uint8Array, headers: Record<string, string> = JSON_BODY) {
  return fetch(`${listener.url}${path}`, { method: "POST", body, headers });
}

/** What a server answers to bytes, until it or the time ends the connection. */
function raw(bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(listener.port, "127.0.0.1", () => socket.write(bytes));
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk;
      socket.end();
    });
    socket.on("close", () => resolve(answer));
    socket.on("error", () => resolve(answer));
  });
}

async function statusOf(response: Response): Promise<{ code: number; reason: string; message: string }> {
  const status = (await response.json()) as { kind: string; code: number; reason: string; message: string };
  assert.equal(status.kind, "Status");
  assert.equal(status.code, response.status);
  return status;
}

test("HTTP carries create, get and list as JSON", async () => {
  const made = await post(PODS, JSON.stringify(pod("http")));
  assert.equal(made.status, 201);
  const got = (await (await fetch(`${listener.url}${PODS}/http`)).json()) as { metadata: { name: string } };
  assert.equal(got.metadata.name, "http");
  const head = await fetch(`${listener.url}/livez/ping`, { method: "HEAD" });
  assert.equal(head.status, 200);
});

test("HTTP takes an encoded slash for one behind a proxy, and nowhere before it", async () => {
  const code = async (path: string) => (await fetch(`${listener.url}${path}`)).status;
  assert.equal(await code(`${PODS}/nobody:80/proxy/a%2Fb`), 404);
  assert.equal(await code("/api/v1/nodes/nobody/proxy/a%2fb"), 404);
  assert.equal(await code(`${PODS}/nobody%2Fproxy/a%2Fb`), 400);
  assert.equal(await code(`${PODS}/nobody/proxy/..%2Fa`), 400);
  assert.equal(await code(`${PODS}/nobody/log/a%2Fb`), 400);
});

test("HTTP sends a watch's headers at once and each event as a line", async () => {
  const aborter = new AbortController();
  const response = await fetch(`${listener.url}/api/v1/configmaps?watch=1`, { signal: aborter.signal });
  await post("/api/v1/namespaces/default/configmaps", JSON.stringify({ metadata: { name: "lined" } }));
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const { value } = await reader.read();
  const event = JSON.parse(new TextDecoder().decode(value)) as {
    type: string;
    object: { metadata: { name: string } };
  };
  assert.equal(event.type, "ADDED");
  assert.equal(event.object.metadata.name, "lined");
  aborter.abort();
});

test("a body over 3 MiB is refused with 413", async () => {
  const response = await post(PODS, Buffer.alloc(3 * 1024 * 1024 + 1, 32)).catch(() => null);
  if (response !== null) assert.equal((await statusOf(response)).code, 413);
});

test("deep JSON, bad UTF-8, broken JSON and lists are BadRequest", async () => {
  for (const body of [
    `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
    Uint8Array.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
    "{",
    "[]",
    "",
  ])
    assert.equal((await statusOf(await post(PODS, body))).code, 400);
});

test("__proto__ in a body changes no object but its own", async () => {
  await post(
    PODS,
    '{"metadata":{"name":"proto","__proto__":{"polluted":1}},"__proto__":{"polluted":1},"spec":{}}',
  );
  assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
});

test("paths that lead elsewhere are BadRequest", async () => {
  for (const path of [
    "/api/v1/namespaces/default/pods/..",
    "/api/v1/namespaces/a%2fb/pods",
    "/api/v1/%00",
    "/%ff",
  ])
    assert.match(
      await raw(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`),
      /^HTTP\/1\.1 400/,
      path,
    );
});

test("what is no HTTP, and methods that are none, are answered with a Status", async () => {
  for (const text of ["FOO / HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/9\r\n\r\n", "\0\0\0\0\r\n\r\n"]) {
    const answer = await raw(text);
    assert.match(answer, /^HTTP\/1\.1 400/);
    assert.match(answer, /"kind":"Status"/);
  }
});

test("headers over the limit are refused", async () => {
  const answer = await raw(`GET / HTTP/1.1\r\nHost: x\r\nA: ${"a".repeat(2 * 1024 * 1024)}\r\n\r\n`);
  assert.match(answer, /^(HTTP\/1\.1 431|$)/);
});

test("HTTPS has the limits of HTTP: long headers pass, slow ones are cut off", async () => {
  const tls = CertificateAuthority.create(realTimers).server();
  const options = { host: "127.0.0.1", port: 0, headersTimeoutMs: 200 };
  for (const each of [options, { ...options, tls }]) {
    const { port, close } = await serveHttp(served.server, each);
    const answerTo = (bytes: string) =>
      new Promise<string>((resolve) => {
        const to = { host: "127.0.0.1", port, rejectUnauthorized: false };
        const socket = "tls" in each ? connectTls(to) : connect(to);
        let answer = "";
        socket.on("data", (chunk) => {
          answer += chunk;
        });
        socket.on("close", () => resolve(answer));
        socket.write(bytes);
      });
    const begun = "GET /version HTTP/1.1\r\nHost: x\r\nConnection: close\r\nA: ";
    assert.match(await answerTo(`${begun}${"a".repeat(100_000)}\r\n\r\n`), /^HTTP\/1\.1 200/);
    assert.match(await answerTo(begun), /^HTTP\/1\.1 408/);
    await close();
  }
});

test("HTTPS closes, whatever connections have not ended their handshake", async () => {
  const tls = CertificateAuthority.create(realTimers).server();
  const { port, close } = await serveHttp(served.server, { host: "127.0.0.1", port: 0, tls });
  const socket = connect(port, "127.0.0.1");
  await new Promise((resolve) => socket.once("connect", resolve));
  const ended = new Promise((resolve) => socket.once("close", resolve));
  await answered(port);
  await close();
  await ended;
});

test("HTTP/2 ends sessions that are idle, and leaves those with a watch that is silent", async () => {
  const tls = CertificateAuthority.create(realTimers).server();
  const { port, close } = await serveHttp(served.server, {
    host: "127.0.0.1",
    port: 0,
    tls,
    keepAliveMs: 100,
  });
  const open = () => connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  const ended = (session: ClientHttp2Session) => new Promise((resolve) => session.once("close", resolve));
  try {
    const watching = open();
    const watch = watching.request({ ":path": "/api/v1/configmaps?watch=1" });
    await new Promise((resolve) => watch.once("response", resolve));
    const idle = open();
    await ended(idle);
    const later = open();
    await ended(later);
    assert.equal(watching.closed, false);
    watch.close();
    await ended(watching);
  } finally {
    await close();
  }
});

test("answers name the flow that a request belongs to", async () => {
  for (const path of ["/healthz", `${PODS}/none`, "/api/v1/configmaps?watch=1&timeoutSeconds=1"]) {
    const { headers, body } = await fetch(listener.url + path);
    for (const name of ["x-kubernetes-pf-flowschema-uid", "x-kubernetes-pf-prioritylevel-uid"])
      assert.notEqual(headers.get(name), null, `${path} ${name}`);
    await body?.cancel();
  }
});

/** One that came later was served: so the server knows of those before it. */
function answered(port: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => socket.end());
    socket.on("close", () => resolve());
  });
}

test("a deletion whose body asks for a dry run leaves its object, and later requests their effect", async () => {
  const ask = (method: string, path: string, body: object) =>
    fetch(listener.url + path, {
      method,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  assert.equal((await ask("POST", PODS, pod("kept"))).status, 201);
  const deleted = await ask("DELETE", `${PODS}/kept`, { kind: "DeleteOptions", dryRun: ["All"] });
  assert.equal(deleted.status, 200);
  assert.equal((await ask("POST", PODS, pod("later"))).status, 201);
  for (const name of ["kept", "later"])
    assert.equal((await fetch(`${listener.url}${PODS}/${name}`)).status, 200, name);
});

test("the server still answers after all of this", async () => {
  assert.equal(await (await fetch(`${listener.url}/healthz`)).text(), "ok");
});
