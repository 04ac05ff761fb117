// The real kubectl drives the whole plane; what it prints is compared with testdata/kubectl-session.txt.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { sourcePath } from "../base/source-path.js";
import { realTimers } from "../base/timers.js";
import { defaultConfiguration } from "../scheduler/config/default-configuration.js";
import { INSTANT_PROFILE } from "./kubelet/runtime/profile.js";
import { play, readTranscript, writeTranscript } from "./kubectl-transcript.test-data.js";
import { Plane } from "./plane.js";
import { openAccess } from "./plane-access.js";
import {
  DEFAULT_CLUSTER_CIDRS,
  DEFAULT_PROXY_TIMING,
  DEFAULT_SERVICE_RANGE,
  numberedNodes,
} from "./plane-options.js";

const KUBECTL = process.env["KUBECTL"] ?? "kubectl";
const RECORDED_WITH = "v1.32.";
const TRANSCRIPT = sourcePath(import.meta.url, "testdata/kubectl-session.txt");

function kubectlVersion(): string | null {
  const { status, stdout } = spawnSync(KUBECTL, ["version", "--client", "--output=json"], {
    encoding: "utf8",
  });
  if (status !== 0) return null;
  return (JSON.parse(stdout) as { clientVersion: { gitVersion: string } }).clientVersion.gitVersion;
}

const version = kubectlVersion();

test("the plane answers a session of the real kubectl as recorded", {
  skip: version === null ? `no kubectl: neither KUBECTL nor PATH has one` : false,
}, async (context) => {
  // Other versions word some answers otherwise: of them only success and failure are compared.
  const isAsRecorded = version?.startsWith(RECORDED_WITH) ?? false;
  context.diagnostic(`kubectl ${version}, answers ${isAsRecorded ? "" : "not "}compared word by word`);
  const folder = mkdtempSync(join(tmpdir(), "plumb-kubectl-"));
  const access = openAccess({
    timers: realTimers,
    store: "memory",
    port: 0,
    plainPort: null,
    etcdPort: null,
    dnsPort: null,
    kubeconfigPath: join(folder, "kubeconfig"),
    auditLogPath: null,
  });
  const plane = await Plane.start({
    store: "memory",
    timers: realTimers,
    seed: 42,
    newUid: randomUUID,
    nodes: numberedNodes(3),
    profile: INSTANT_PROFILE,
    kubeletEvents: true,
    scheduler: defaultConfiguration(),
    controllers: ["*"],
    proxies: [{ mode: "nftables", node: "node-0" }],
    proxyTiming: DEFAULT_PROXY_TIMING,
    serviceRange: DEFAULT_SERVICE_RANGE,
    clusterCidrs: DEFAULT_CLUSTER_CIDRS,
    authority: access.authority,
    tokenKey: access.tokenKey,
    server: access.serverOptions,
  });
  try {
    await access.serve(plane);
    await plane.nodesReady();
    const steps = readTranscript(readFileSync(TRANSCRIPT, "utf8"));
    const played = await play(steps, {
      kubectl: KUBECTL,
      kubeconfig: access.kubeconfigPath,
      folder: sourcePath(import.meta.url, "testdata/kubectl"),
      cacheFolder: join(folder, "cache"),
    });
    const isRecording = process.env["UPDATE"] === "1";
    if (isRecording) writeFileSync(TRANSCRIPT, writeTranscript(steps, played));
    for (const { line, answer, expected, endedAsMarked } of played) {
      assert.ok(endedAsMarked, `${line} ended otherwise:\n${answer}`);
      if (!isRecording && isAsRecorded) assert.equal(answer, expected, line);
    }
  } finally {
    await access.close();
    await plane.stop();
    rmSync(folder, { recursive: true });
  }
});
