import assert from "node:assert/strict";
import test from "node:test";
import type { LogRequest } from "../../protocol/node-streams.js";
import { createPod, type HollowCluster, hollowCluster } from "../hollow-cluster.test-data.js";

const ALL_LINES: Omit<LogRequest, "pod"> = {
  namespace: "default",
  container: null,
  follow: false,
  previous: false,
  timestamps: false,
  tailLines: null,
  sinceSeconds: null,
  sinceTime: null,
  limitBytes: null,
};
const NEVER = new AbortController().signal;

async function logs(cluster: HollowCluster, pod: string, more: Partial<LogRequest> = {}): Promise<string> {
  const chunks = await cluster.kubelets.streams.logs({ ...ALL_LINES, pod, ...more }, NEVER);
  let text = "";
  for await (const chunk of chunks) text += Buffer.from(chunk).toString();
  return text;
}

async function exec(
  cluster: HollowCluster,
  pod: string,
  command: string[],
  stdin?: string | Buffer,
  encoding: BufferEncoding = "utf8",
): Promise<string> {
  const output: string[] = [];
  async function* typed() {
    const bytes = Buffer.from(stdin ?? "");
    for (let start = 0; start < bytes.length; start += 32_768) yield bytes.subarray(start, start + 32_768);
  }
  const running = cluster.kubelets.streams.exec(
    { namespace: "default", pod, container: null, command, isTty: false },
    {
      stdin: stdin === undefined ? null : typed(),
      stdout: (chunk) => output.push(Buffer.from(chunk).toString(encoding)),
      stderr: (chunk) => output.push(`!${Buffer.from(chunk)}`),
      signal: new AbortController().signal,
    },
  );
  await cluster.timers.advance(5000);
  return `${output.join("")}=${await running}`;
}

test("logs are what the container printed, cut as asked", async () => {
  const cluster = await hollowCluster();
  const command = ["sh", "-c", "echo one; sleep 2; echo two; sleep 2; echo three; sleep 1000"];
  await createPod(cluster, { name: "web", container: { image: "busybox", command } });
  await cluster.timers.advance(5000);
  assert.equal(await logs(cluster, "web"), "one\ntwo\nthree\n");
  assert.equal(await logs(cluster, "web", { tailLines: 1 }), "three\n");
  assert.equal(await logs(cluster, "web", { sinceSeconds: 2 }), "three\n");
  assert.equal(await logs(cluster, "web", { limitBytes: 6 }), "one\ntw");
  assert.match(
    await logs(cluster, "web", { tailLines: 1, timestamps: true }),
    /^2026-01-01T00:00:04.000000000Z three\n$/,
  );
});

test("logs are followed until the container ends", async () => {
  const cluster = await hollowCluster();
  const container = { image: "busybox", command: ["sh", "-c", "echo one; sleep 2; echo two"] };
  await createPod(cluster, { name: "web", container, spec: { restartPolicy: "Never" } });
  const following = logs(cluster, "web", { follow: true });
  await cluster.timers.advance(3000);
  assert.equal(await following, "one\ntwo\n");
});

test("logs of the instance before, and of what is not there", async () => {
  const cluster = await hollowCluster();
  await createPod(cluster, { name: "web", run: "print hello; exit 1 after 1s" });
  await assert.rejects(
    logs(cluster, "web", { previous: true }),
    /previous terminated container "web" in pod "web" not found/,
  );
  await cluster.timers.advance(2500);
  assert.equal(await logs(cluster, "web", { previous: true }), "hello\n");
  await assert.rejects(logs(cluster, "nobody"), /pods "nobody" not found/);
  await assert.rejects(logs(cluster, "web", { container: "x" }), /container x is not valid for pod web/);
});

test("exec runs commands with the container's environment and files", async () => {
  const cluster = await hollowCluster();
  const maps = cluster.api.client().resource({ group: "", version: "v1", resource: "configmaps" }, "default");
  await maps.create({ metadata: { name: "settings", namespace: "default" }, data: { colour: "blue" } });
  const container = {
    env: [
      { name: "WHO", value: "me" },
      { name: "NODE", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
    ],
    volumeMounts: [{ name: "settings", mountPath: "/etc/settings" }],
    resources: { limits: { memory: "64Mi" } },
  };
  const volumes = [{ name: "settings", configMap: { name: "settings" } }];
  await createPod(cluster, { name: "web", container, spec: { volumes } });
  assert.equal(await exec(cluster, "web", ["sh", "-c", "echo $WHO on $NODE"]), "me on node-0\n=0");
  assert.equal(await exec(cluster, "web", ["hostname"]), "web\n=0");
  assert.equal(await exec(cluster, "web", ["cat", "/etc/settings/colour"]), "blue=0");
  assert.equal(await exec(cluster, "web", ["cat", "/sys/fs/cgroup/memory.max"]), "67108864\n=0");
  assert.equal(await exec(cluster, "web", ["sh", "-c", "sleep 1; exit 7"]), "=7");
  assert.equal(await exec(cluster, "web", ["sh"], "echo typed\nexit 5\n"), "typed\n=5");
  assert.match(await exec(cluster, "web", ["vim"]), /executable file not found in \$PATH: unknown\n=127$/);
});

test("exec carries bytes through standard input, files and standard output, more than 64 KiB of them", async () => {
  const cluster = await hollowCluster();
  await createPod(cluster, {
    name: "web",
    container: { volumeMounts: [{ name: "data", mountPath: "/data" }] },
    spec: { volumes: [{ name: "data", emptyDir: {} }] },
  });
  const bytes = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7) % 256));
  assert.equal(await exec(cluster, "web", ["test", "-d", "/data"]), "=0");
  assert.equal(await exec(cluster, "web", ["sh", "-c", "cat > /data/picture"], bytes), "=0");
  assert.equal(
    await exec(cluster, "web", ["cat", "/data/picture"], "", "latin1"),
    `${bytes.toString("latin1")}=0`,
  );
  const archive = await exec(cluster, "web", ["tar", "cf", "-", "/data/picture"], "", "latin1");
  const packed = Buffer.from(archive.slice(archive.indexOf("data/"), -2), "latin1");
  assert.equal(await exec(cluster, "web", ["tar", "-xmf", "-", "-C", "/tmp"], packed), "=0");
  assert.equal(
    await exec(cluster, "web", ["cat", "/tmp/data/picture"], "", "latin1"),
    `${bytes.toString("latin1")}=0`,
  );
});

test("a container's environment, mounted bytes and log are what its objects say, in UTF-8", async () => {
  const cluster = await hollowCluster();
  const maps = cluster.api.client().resource({ group: "", version: "v1", resource: "configmaps" }, "default");
  const picture = Buffer.from([0xff, 0xd8, 0x00, 0x80]);
  await maps.create({
    metadata: { name: "files", namespace: "default" },
    data: { motto: "déjà vu\n" },
    binaryData: { picture: picture.toString("base64") },
  });
  const container = {
    image: "busybox",
    command: ["sh", "-c", "echo $WHO à; cat /etc/files/motto; sleep 1000"],
    env: [{ name: "WHO", value: "zoë" }],
    volumeMounts: [{ name: "files", mountPath: "/etc/files" }],
  };
  const volumes = [{ name: "files", configMap: { name: "files" } }];
  await createPod(cluster, { name: "web", container, spec: { volumes } });
  await cluster.timers.advance(3000);
  assert.equal(await logs(cluster, "web"), "zoë à\ndéjà vu\n");
  assert.equal(await exec(cluster, "web", ["cat", "/etc/files/motto"]), "déjà vu\n=0");
  assert.equal(
    await exec(cluster, "web", ["cat", "/etc/files/picture"], "", "latin1"),
    "\u00ff\u00d8\u0000\u0080=0",
  );
});

test("attach shows what is printed, hands over what is typed, and succeeds whatever the exit code", async () => {
  const cluster = await hollowCluster();
  const container = { image: "busybox", stdin: true, stdinOnce: true };
  await createPod(cluster, { name: "web", container, spec: { restartPolicy: "Never" } });
  async function* typed() {
    yield Buffer.from("echo hello\n");
    yield Buffer.from("sleep 1; exit 4\n");
  }
  const output: string[] = [];
  const attached = cluster.kubelets.streams.attach(
    { namespace: "default", pod: "web", container: null, isTty: false },
    {
      stdin: typed(),
      stdout: (chunk) => output.push(Buffer.from(chunk).toString()),
      stderr: () => {},
      signal: NEVER,
    },
  );
  await cluster.timers.advance(3000);
  assert.equal(`${output.join("")}=${await attached}`, "hello\n=0");
});

async function forwarded(
  cluster: HollowCluster,
  pod: string,
  port: number,
  request: string,
): Promise<string> {
  async function* received() {
    yield Buffer.from(request);
  }
  const sent: string[] = [];
  await cluster.kubelets.streams.portForward(
    { namespace: "default", pod, port },
    { received: received(), send: (chunk) => sent.push(Buffer.from(chunk).toString()), signal: NEVER },
  );
  return sent.join("");
}

test("portForward answers requests with a page, and says as containerd that nothing listens", async () => {
  const cluster = await hollowCluster();
  await createPod(cluster, { name: "web", container: { ports: [{ containerPort: 80 }] } });
  const page = await forwarded(cluster, "web", 80, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  assert.match(page, /^HTTP\/1\.1 200 OK\r\n.*Pod web answers on port 80\.\n$/s);
  const head = await forwarded(cluster, "web", 80, "HEAD / HTTP/1.1\r\n\r\n");
  assert.match(head, /Content-Length: 28\r\n.*\r\n\r\n$/s);
  await assert.rejects(
    forwarded(cluster, "web", 81, ""),
    /failed to connect to localhost:81 inside namespace .*: connect: connection refused/,
  );
});

test("answer comes from where a container listens, as its probes would find it", async () => {
  const cluster = await hollowCluster();
  const answer = (pod: string, port: number, path = "/") =>
    cluster.kubelets.streams.answer({ namespace: "default", pod, port }, path)?.code ?? null;
  const probe = { httpGet: { path: "/ready", port: 8080 } };
  await createPod(cluster, {
    name: "slow",
    run: "started after 1s; ready after 5s; dead after 20s",
    container: { readinessProbe: probe },
  });
  await createPod(cluster, { name: "plain", container: { image: "nginx" } });
  await createPod(cluster, { name: "shell", container: { image: "busybox", command: ["sleep", "1000"] } });
  await createPod(cluster, { name: "idle", container: { image: "registry.k8s.io/pause:3.10" } });
  assert.equal(answer("slow", 8080), null);
  await cluster.timers.advance(3000);
  assert.deepEqual(
    [answer("slow", 8080), answer("slow", 8080, "/ready?x"), answer("slow", 80)],
    [200, 503, null],
  );
  assert.deepEqual([answer("plain", 80), answer("shell", 80), answer("idle", 80)], [200, null, null]);
  await cluster.timers.advance(5000);
  assert.equal(answer("slow", 8080, "/ready"), 200);
  await cluster.timers.advance(15_000);
  assert.equal(answer("slow", 8080), 503);
  assert.throws(() => answer("nobody", 80), /pods "nobody" not found/);
});
