// A session with the real kubectl as a text: commands and what they answered, with what changes from run to run masked.
//
//   # a comment          kept
//   $ get pods           a command that must succeed
//   ? get pod nobody     one that must fail
//   NAME  READY ...      its answer, both streams, masked
import { execFile } from "node:child_process";

interface Step {
  /** Comments and empty lines before it. */
  readonly before: readonly string[];
  /** "$ get pods" */
  readonly line: string;
  readonly expected: string;
}

export interface KubectlOptions {
  readonly kubectl: string;
  readonly kubeconfig: string;
  /** Where the files that commands name are. */
  readonly folder: string;
  readonly cacheFolder: string;
}

export interface Played {
  readonly line: string;
  readonly expected: string;
  readonly answer: string;
  /** Whether it succeeded or failed as its mark demands. */
  readonly endedAsMarked: boolean;
}

const COMMAND_TIMEOUT_MS = 40_000;

export function readTranscript(text: string): readonly Step[] {
  const steps: Step[] = [];
  let before: string[] = [];
  let current: { line: string; answer: string[] } | null = null;
  const close = () => {
    if (current === null) return;
    steps.push({ before, line: current.line, expected: current.answer.join("\n").trim() });
    before = [];
    current = null;
  };
  for (const line of text.split("\n")) {
    if (/^[$?] /.test(line)) {
      close();
      current = { line, answer: [] };
    } else if (line.startsWith("#") || (current === null && line === "")) {
      close();
      before.push(line);
    } else (current as { answer: string[] } | null)?.answer.push(line);
  }
  close();
  return steps;
}

export function writeTranscript(steps: readonly Step[], played: readonly Played[]): string {
  const parts = steps.map(({ before, line }, index) => {
    const head = [...before.filter((each, at) => each !== "" || at > 0), line].join("\n");
    const answer = played[index]?.answer ?? "";
    return `${index > 0 && before.some((each) => each.startsWith("#")) ? "\n" : ""}${head}\n${answer}${answer === "" ? "" : "\n"}`;
  });
  return parts.join("");
}

export async function play(steps: readonly Step[], options: KubectlOptions): Promise<readonly Played[]> {
  const played: Played[] = [];
  for (const { line, expected } of steps) {
    const { code, output } = await run(options, words(line.slice(2)));
    const endedAsMarked = line.startsWith("$ ") ? code === 0 : code !== 0;
    played.push({ line, expected, answer: masked(output), endedAsMarked });
  }
  return played;
}

function run(
  { kubectl, kubeconfig, folder, cacheFolder }: KubectlOptions,
  args: readonly string[],
): Promise<{ code: number; output: string }> {
  const all = ["--kubeconfig", kubeconfig, "--cache-dir", cacheFolder, ...args];
  return new Promise((resolve) => {
    execFile(
      kubectl,
      all,
      { cwd: folder, timeout: COMMAND_TIMEOUT_MS, env: { ...process.env, TZ: "UTC" } },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
        resolve({ code, output: `${stdout}${stderr}` });
      },
    );
  });
}

/** Splits as a shell does, single and double quotes only. */
function words(text: string): readonly string[] {
  const found = text.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? [];
  return found.map((word) =>
    word.replaceAll(/'([^']*)'|"([^"]*)"/g, (_all, single, double) => single ?? double),
  );
}

const MASKS: readonly (readonly [RegExp, string])[] = [
  // Written at the first look of a controller that looks every five seconds: on a busy machine kubectl is slower.
  [/\n[^\n]*\bRegisteredNode\b[^\n]*/g, ""],
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "<uid>"],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, "<token>"],
  [/in \d[\w.]*s \(\d[\w.]*s including waiting\)/g, "in <age> (<age> including waiting)"],
  [/X509SHA256=[0-9a-f]{64}/g, "X509SHA256=<digest>"],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, "<time>"],
  [/\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}/g, "<time>"],
  [/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ [+-]\d{4}/g, "<time>"],
  [/\b\d+\.\d{3}s\b/g, "<age>"],
  [/resourceVersion: "\d+"/g, 'resourceVersion: "<n>"'],
  [
    /\b([a-z][a-z0-9-]*?)-[bcdf0-9][bcdfghjklmnpqrstvwxz0-9]{6,9}-[bcdfghjklmnpqrstvwxz0-9]{5}\b/g,
    "$1-<hash>-<id>",
  ],
  [/(pod-template-hash=|\bweb-|\bextra-)[bcdfghjklmnpqrstvwxz0-9]{7,10}\b/g, "$1<hash>"],
  [/\b(once|owner|web|extra)-[bcdfghjklmnpqrstvwxz0-9]{5}\b/g, "$1-<id>"],
  [/kube-api-access-[a-z0-9]{5}/g, "kube-api-access-<id>"],
  [/127\.0\.0\.1:\d{4,5}/g, "<server>"],
  [/\b10\.(?:244|96)\.\d+\.\d+\b/g, "<ip>"],
  [/(?<![\w.:-])(?:\d+d)?(?:\d+h)?(?:\d+m)?\d+s(?![\w-])/g, "<age>"],
  [/\/tmp\/(?:LIVE|MERGED)-\d+\//g, "<folder>/"],
  [/\s+$/gm, ""],
  [/\b\d+m(\s+)(?:\d+%\s+)?\d+Mi(?:\s+\d+%)?$/gm, "<use>"],
  [/containerd:\/\/[0-9a-f]{64}/g, "containerd://<id>"],
  [/[ \t]{2,}/g, "  "],
];

function masked(output: string): string {
  let text = output;
  for (const [pattern, mask] of MASKS) text = text.replaceAll(pattern, mask);
  return inOneOrder(text.trim());
}

/** Events of one second, and Pods that are evicted side by side, come in any order. */
const UNORDERED = /^\s*(?:<age>\s+)?(?:Normal|Warning)\s|^evicting pod |^pod\/\S+ evicted$/;

function inOneOrder(text: string): string {
  const lines = text.split("\n");
  let start = 0;
  while (start < lines.length) {
    let end = start;
    while (end < lines.length && UNORDERED.test(lines[end] as string)) end++;
    lines.splice(start, end - start, ...lines.slice(start, end).sort());
    start = Math.max(end, start + 1);
  }
  return lines.join("\n");
}
