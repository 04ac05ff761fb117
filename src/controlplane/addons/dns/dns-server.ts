// The cluster's DNS server: names of Services, endpoints and Pods, over UDP and TCP. It forwards nothing: names of other
// zones are refused.
import type { Timers } from "../../../base/timers.js";
import type { InformerFactory } from "../../client/informer-factory.js";
import type { MetricSink } from "../../client/metric-sink.js";
import { candidateNames, clusterSearch, NDOTS } from "../../protocol/search-path.js";
import { ClusterZone, type PodNames } from "./cluster-zone.js";
import { DnsSockets, type Transport } from "./dns-sockets.js";
import {
  type Query,
  readQuery,
  TCP_BYTES_MAX,
  UDP_BYTES_MAX,
  UDP_BYTES_MIN,
  writeAnswer,
} from "./message.js";
import type { Answer, Rcode, RecordType, ResourceRecord } from "./records.js";

export interface DnsServerOptions {
  /** Whoever made it starts it. */
  readonly informers: InformerFactory;
  readonly timers: Timers;
  /** Where it listens: "127.0.0.1". */
  readonly address: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Absent: "cluster.local". */
  readonly domain?: string;
  /** Absent: 30, as kubeadm sets it. */
  readonly ttlSeconds?: number;
  /** Absent: "insecure", as kubeadm sets it. */
  readonly pods?: PodNames;
  /** Told of requests and answers, by CoreDNS' names. */
  readonly metrics?: MetricSink;
}

export interface ResolveOptions {
  /** Of the Pod that asks. */
  readonly namespace: string;
  /** Absent: 5, as kubelet writes it. */
  readonly ndots?: number;
  /** Absent: "A". */
  readonly type?: RecordType;
}

export interface Resolution {
  readonly rcode: Rcode;
  /** Questions that were asked, the last one answered. */
  readonly tried: readonly string[];
  readonly answers: readonly ResourceRecord[];
}

const DEFAULTS = { domain: "cluster.local", ttlSeconds: 30, pods: "insecure" } as const;

export class DnsServer {
  readonly #zone: ClusterZone;
  readonly #metrics: MetricSink | null;
  #sockets: DnsSockets | null = null;
  #turn = 0;

  private constructor(zone: ClusterZone, metrics: MetricSink | null) {
    this.#zone = zone;
    this.#metrics = metrics;
  }

  /** Resolves when it listens. @throws what the system says when the port cannot be had */
  static async start(options: DnsServerOptions): Promise<DnsServer> {
    const { address, port, timers, metrics = null } = options;
    const zone = new ClusterZone({ ...DEFAULTS, ...options });
    const server = new DnsServer(zone, metrics);
    const respond = (message: Buffer, transport: Transport) => server.#respond(message, transport);
    try {
      server.#sockets = await DnsSockets.open({ address, port, timers, respond });
    } catch (error) {
      zone.stop();
      throw error;
    }
    return server;
  }

  /** Of UDP and TCP. */
  get port(): number {
    return this.#sockets?.port ?? 0;
  }

  async stop(): Promise<void> {
    await this.#sockets?.close();
    this.#sockets = null;
    this.#zone.stop();
  }

  /** What a Pod's resolver finds, trying names in the order that its resolv.conf says; no socket is involved. */
  resolve(name: string, { namespace, ndots = NDOTS, type = "A" }: ResolveOptions): Resolution {
    const tried: string[] = [];
    let rcode: Rcode = "NXDOMAIN";
    const search = clusterSearch(namespace, this.#zone.domain);
    for (const candidate of candidateNames(name, { search, ndots })) {
      tried.push(candidate);
      const answer = this.#zone.answer(candidate, type);
      ({ rcode } = answer);
      if (rcode === "NOERROR" && answer.answers.length > 0) return { rcode, tried, answers: answer.answers };
    }
    return { rcode, tried, answers: [] };
  }

  /** One question, without a socket. @param name in lower case, without the last dot */
  answer(name: string, type: string): Answer {
    return this.#zone.answer(name, type);
  }

  #respond(message: Buffer, transport: Transport): Buffer | null {
    const query = readQuery(message);
    if (query === null) return null;
    const answer = this.#answer(query);
    this.#turn = (this.#turn + 1) >>> 0;
    this.#count(query, answer, transport);
    return writeAnswer(query, answer, { bytesMax: answerBytesMax(query, transport), turn: this.#turn });
  }

  #answer({ opcode, question, edns }: Query): Answer {
    if (opcode !== 0) return failure("NOTIMP");
    if (question === null) return failure("FORMERR");
    if (edns !== null && edns.version !== 0) return failure("BADVERS");
    const isTransfer = question.type === "AXFR" || question.type === "IXFR";
    if (!question.isInternet || isTransfer) return failure("REFUSED");
    return this.#zone.answer(question.name, question.type);
  }

  #count({ question }: Query, { rcode }: Answer, proto: Transport): void {
    if (this.#metrics === null) return;
    this.#metrics.add("coredns_dns_requests_total", { proto, type: question?.type ?? "other" }, 1);
    this.#metrics.add("coredns_dns_responses_total", { proto, rcode }, 1);
  }
}

function answerBytesMax({ edns }: Query, transport: Transport): number {
  if (transport === "tcp") return TCP_BYTES_MAX;
  return Math.min(UDP_BYTES_MAX, Math.max(UDP_BYTES_MIN, edns?.udpBytes ?? 0));
}

function failure(rcode: Rcode): Answer {
  return { rcode, isAuthoritative: false, answers: [], authority: [], additional: [] };
}
