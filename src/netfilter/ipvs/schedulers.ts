// How IPVS picks the real server of a new connection: slow, obvious twins of the kernel's schedulers.
// A service keeps its servers in a list whose head is the server added last, so "the next" of three servers added as
// 1, 2, 3 goes 3, 2, 1 (seen in a real kernel: rr starts with the last one added, wrr 1:2:3 plays 3 2 1 3 3 2 3 2 1).
//   rr    the next with weight above 0                     wrr   the next whose weight reaches a falling level
//   lc    least active x 256 + inactive                    wlc   the same over weight, compared crosswise
//   sed   least (active + 1) over weight                   nq    the first idle one, else as sed
//   sh    bucket of the client's address                   dh    bucket of the virtual address
//   mh    Maglev bucket of the client's address
// Cost in steps: servers looked at, rr and wrr 1 as a rule, lc wlc sed all of them, nq down to the idle one, the
// hashing ones 1. Every scheduler passes over weight 0. Source: Linux net/netfilter/ipvs/ip_vs_{rr,wrr,lc,...}.c.
import { assert } from "../../base/assert.js";
import type { IpWords } from "../../base/ip.js";
import { maglevOffset, sourceHashBucket } from "./hash.js";
import { NO_SERVER, schedulerTable, weightLevels } from "./lookup-table.js";
import type { RealServer, VirtualServer } from "./model.js";

/** A real server with the connections bound to it. */
export interface LoadedServer extends RealServer {
  active: number;
  inactive: number;
}

/** What a scheduler may look at. */
export interface ScheduleRequest {
  readonly client: IpWords;
  readonly clientPort: number;
  readonly virtual: IpWords;
}

export interface Choice {
  /** Position in list order, or NO_SERVER. */
  readonly position: number;
  /** Real servers looked at. */
  readonly steps: number;
}

export interface Scheduler {
  schedule(request: ScheduleRequest): Choice;
}

/** The servers of a virtual server as the kernel lists them: the one added last comes first. */
export function inListOrder<T>(servers: readonly T[]): T[] {
  return servers.toReversed();
}

/** Bind a virtual server's scheduler. @param servers in list order; their loads are read at every call */
export function bindScheduler(virtual: VirtualServer, servers: readonly LoadedServer[]): Scheduler {
  switch (virtual.scheduler) {
    case "rr":
      return new RoundRobin(servers);
    case "wrr":
      return new WeightedRoundRobin(servers);
    case "lc":
      return { schedule: () => leastOf(servers, (server) => overhead(server), unweighted) };
    case "wlc":
      return { schedule: () => leastOf(servers, (server) => overhead(server), weighted) };
    case "sed":
      return { schedule: () => leastOf(servers, (server) => server.active + 1, weighted) };
    case "nq":
      return { schedule: () => neverQueue(servers) };
    case "sh":
      return hashed(virtual, servers, (request) =>
        sourceHashBucket(request.client, portOf(virtual, request)),
      );
    case "dh":
      return hashed(virtual, servers, (request) => sourceHashBucket(request.virtual, 0));
    case "mh":
      return hashed(virtual, servers, (request) => maglevOffset(request.client, portOf(virtual, request)));
  }
}

class RoundRobin implements Scheduler {
  readonly #servers: readonly LoadedServer[];
  /** Position chosen last; -1 is the head of the list. */
  #last = -1;

  constructor(servers: readonly LoadedServer[]) {
    this.#servers = servers;
  }

  schedule(): Choice {
    const count = this.#servers.length;
    for (let steps = 1; steps <= count; steps++) {
      const position = (this.#last + steps) % count;
      if ((this.#servers[position] as LoadedServer).weight <= 0) continue;
      this.#last = position;
      return { position, steps };
    }
    return { position: NO_SERVER, steps: count };
  }
}

/** Interleaved: the level falls by the common divisor each time round, and starts again at the largest weight. */
class WeightedRoundRobin implements Scheduler {
  readonly #servers: readonly LoadedServer[];
  readonly #divisor: number;
  readonly #levelMax: number;
  #level: number;
  #last = -1;

  constructor(servers: readonly LoadedServer[]) {
    const weights = servers.map((server) => server.weight);
    this.#servers = servers;
    const { divisor, highest, first } = weightLevels(weights);
    this.#divisor = divisor;
    this.#levelMax = highest;
    this.#level = first;
  }

  schedule(): Choice {
    // Without a weight above 0 the kernel gives up before it looks at any server.
    if (this.#levelMax <= 0) return { position: NO_SERVER, steps: 0 };
    for (let steps = 1; ; steps++) {
      this.#last++;
      if (this.#last === this.#servers.length) {
        this.#last = 0;
        this.#level -= this.#divisor;
        if (this.#level <= 0) this.#level = this.#levelMax;
      }
      if ((this.#servers[this.#last] as LoadedServer).weight >= this.#level)
        return { position: this.#last, steps };
      assert(steps <= this.#servers.length * (this.#levelMax + 1), "wrr found no server at any level");
    }
  }
}

/** Inactive connections weigh a 256th of active ones: ip_vs_dest_conn_overhead. */
function overhead(server: LoadedServer): number {
  return server.active * 256 + server.inactive;
}

type LessThan = (cost: number, server: LoadedServer, leastCost: number, least: LoadedServer) => boolean;

const unweighted: LessThan = (cost, _server, leastCost) => cost < leastCost;
const weighted: LessThan = (cost, server, leastCost, least) =>
  cost * least.weight < leastCost * server.weight;

/** The first server that no later one beats. */
function leastOf(
  servers: readonly LoadedServer[],
  costOf: (server: LoadedServer) => number,
  lessThan: LessThan,
): Choice {
  let least = NO_SERVER;
  servers.forEach((server, position) => {
    if (server.weight <= 0) return;
    const current = servers[least];
    if (current === undefined || lessThan(costOf(server), server, costOf(current), current)) least = position;
  });
  return { position: least, steps: servers.length };
}

function neverQueue(servers: readonly LoadedServer[]): Choice {
  const idle = servers.findIndex((server) => server.weight > 0 && server.active === 0);
  if (idle >= 0) return { position: idle, steps: idle + 1 };
  return leastOf(servers, (server) => server.active + 1, weighted);
}

/** sh and mh hash the client's port only when their flag says so. */
function portOf(virtual: VirtualServer, request: ScheduleRequest): number {
  return virtual.sourcePortFlag ? request.clientPort : 0;
}

function hashed(
  virtual: VirtualServer,
  servers: readonly LoadedServer[],
  bucketOf: (request: ScheduleRequest) => number,
): Scheduler {
  const table = schedulerTable(virtual.scheduler, servers);
  assert(table !== null, `${virtual.scheduler} has no lookup table`);
  return {
    schedule(request) {
      const position = table[bucketOf(request)] as number;
      const server = servers[position];
      if (server === undefined) return { position: NO_SERVER, steps: 0 };
      // Without the fallback flag, which kube-proxy never sets, a bucket whose server has weight 0 serves nobody.
      return { position: server.weight > 0 ? position : NO_SERVER, steps: 1 };
    },
  };
}
