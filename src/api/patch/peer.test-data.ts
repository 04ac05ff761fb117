// Answers of upstream's own code, kept in testdata. UPDATE=1 with PATCH_PEER naming the built bench/peers/patch asks again.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { sourcePath } from "../../base/source-path.js";

const PEER = process.env["PATCH_PEER"];

/** One answer for each request, from the file or, when asked to, from the peer into the file. */
export function peerAnswers(file: string, requests: readonly object[]): readonly unknown[] {
  const path = sourcePath(import.meta.url, `testdata/${file}`);
  if (process.env["UPDATE"] === "1" && PEER !== undefined) askPeer(PEER, path, requests);
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as unknown);
}

const HEADER =
  "# What k8s.io/apimachinery v0.36.3 answers (bench/peers/patch): one line for each random case.\n";

function askPeer(peer: string, path: string, requests: readonly object[]): void {
  const input = requests.map((each) => `${JSON.stringify(each)}\n`).join("");
  const { stdout, stderr, status } = spawnSync(peer, { input, encoding: "utf8", maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`the peer failed: ${stderr}`);
  mkdirSync(sourcePath(import.meta.url, "testdata"), { recursive: true });
  writeFileSync(path, HEADER + stdout);
}
