// Asks extenders over HTTP: a POST of JSON to urlPrefix/verb. Whatever goes wrong on the way is an answer, never a throw:
// the scheduler decides whether it can go on.
// Plain HTTP goes through fetch, which keeps connections. HTTPS goes through node:https, the only one of the two that
// takes a client certificate and a CA.
// Source: kube-scheduler pkg/scheduler/extender.go (send, makeTransport).
import { readFileSync } from "node:fs";
import { Agent, request as httpsRequest, type RequestOptions } from "node:https";
import type { ExtenderConfig, ExtenderTlsConfig } from "../../scheduler/config/configuration.js";
import type { ExtenderReply, ExtenderRequest } from "../../scheduler/extender/extender.js";
import type { CallExtender } from "./driver.js";

interface Answer {
  readonly status: number;
  readonly text: string;
}

const HEADERS = { "Content-Type": "application/json" };
const NS_PER_MS = 1e6;

/** One caller per run: it keeps connections of extenders open. */
export function newExtenderCaller(): CallExtender {
  const agents = new Map<ExtenderConfig, Agent>();
  return async ({ extender, verb, body }: ExtenderRequest): Promise<ExtenderReply> => {
    const url = `${extender.urlPrefix.replace(/\/+$/, "")}/${verb}`;
    const text = JSON.stringify(body);
    const signal = AbortSignal.timeout(extender.httpTimeoutNs / NS_PER_MS);
    try {
      const answer = url.startsWith("https:")
        ? await postSecurely(url, text, { signal, agent: agentOf(extender, agents) })
        : await post(url, text, signal);
      return replyOf(url, answer);
    } catch (error) {
      return { ok: false, error: `Post "${url}": ${reasonOf(error)}` };
    }
  };
}

async function post(url: string, body: string, signal: AbortSignal): Promise<Answer> {
  const response = await fetch(url, { method: "POST", headers: HEADERS, body, signal });
  return { status: response.status, text: await response.text() };
}

function postSecurely(url: string, body: string, options: RequestOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = httpsRequest(url, { ...options, method: "POST", headers: HEADERS }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") }),
      );
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

function agentOf(extender: ExtenderConfig, agents: Map<ExtenderConfig, Agent>): Agent {
  const agent = agents.get(extender) ?? newAgent(extender.tlsConfig);
  agents.set(extender, agent);
  return agent;
}

/** As upstream: without a CA the certificate of an extender is not verified. */
function newAgent(tls: ExtenderTlsConfig | null): Agent {
  const ca = material(tls?.caData, tls?.caFile);
  const cert = material(tls?.certData, tls?.certFile);
  const key = material(tls?.keyData, tls?.keyFile);
  const serverName = tls?.serverName ?? "";
  return new Agent({
    keepAlive: true,
    rejectUnauthorized: tls?.insecure !== true && ca !== null,
    ...(ca === null ? {} : { ca }),
    ...(cert === null ? {} : { cert }),
    ...(key === null ? {} : { key }),
    ...(serverName === "" ? {} : { servername: serverName }),
  });
}

/** Data comes before files. */
function material(data: string | null | undefined, file: string | null | undefined): Buffer | null {
  if ((data ?? "") !== "") return Buffer.from(data ?? "", "base64");
  return (file ?? "") === "" ? null : readFileSync(file ?? "");
}

function replyOf(url: string, { status, text }: Answer): ExtenderReply {
  if (status !== 200) return { ok: false, error: `failed ${url} with extender, code ${status}` };
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return { ok: false, error: `extender ${url} answered no JSON` };
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
