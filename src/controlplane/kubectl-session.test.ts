// The real kubectl drives the whole plane; what it prints is compared with testdata/kubectl-session.txt.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { sourcePath } from "../base/source-path.js";
import { play, readTranscript, writeTranscript } from "./kubectl-transcript.test-data.js";
import { startTestPlane } from "./plane.test-data.js";

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
  skip: version === null ? "no kubectl: neither KUBECTL nor PATH has one" : false,
}, async (context) => {
  // Other versions word some answers otherwise: of them only success and failure are compared.
  const isAsRecorded = version?.startsWith(RECORDED_WITH) ?? false;
  context.diagnostic(`kubectl ${version}, answers ${isAsRecorded ? "" : "not "}compared word by word`);
  const { kubeconfigPath, folder, stop } = await startTestPlane();
  try {
    const steps = readTranscript(readFileSync(TRANSCRIPT, "utf8"));
    const played = await play(steps, {
      kubectl: KUBECTL,
      kubeconfig: kubeconfigPath,
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
    await stop();
  }
});
