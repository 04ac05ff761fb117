// Every scheduler on cases worked by hand. Servers are named by the order in which they were added: the list the
// kernel walks begins with the last one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ipWords } from "../../base/ip.js";
import { Prng } from "../../base/prng.js";
import type { IpvsScheduler, VirtualServer } from "./model.js";
import { bindScheduler, inListOrder, type LoadedServer } from "./schedulers.js";

/** A service with servers 10.0.0.1, 10.0.0.2, ... of these weights, and a way to draw from its scheduler. */
function service(scheduler: IpvsScheduler, weights: readonly number[], sourcePortFlag = false) {
  const realServers = weights.map((weight, index) => ({ ip: `10.0.0.${index + 1}`, port: 80, weight }));
  const virtual: VirtualServer = {
    protocol: "tcp",
    ip: "10.96.0.1",
    port: 80,
    scheduler,
    persistentSeconds: null,
    sourcePortFlag,
    realServers,
  };
  const servers: LoadedServer[] = inListOrder(realServers).map((real) => ({
    ...real,
    active: 0,
    inactive: 0,
  }));
  const bound = bindScheduler(virtual, servers);
  return {
    /** The server added as number `number`. */
    server: (number: number) => servers[weights.length - number] as LoadedServer,
    /** Number of the chosen server (0 for none) and the steps. */
    draw(client = "10.1.0.1", clientPort = 40_000): [number, number] {
      const request = { client: ipWords(client), clientPort, virtual: ipWords("10.96.0.1") };
      const { position, steps } = bound.schedule(request);
      return [position < 0 ? 0 : weights.length - position, steps];
    },
  };
}

function sequence(draws: number, of: ReturnType<typeof service>): string {
  return Array.from({ length: draws }, () => of.draw()[0]).join(" ");
}

test("rr starts with the server added last and rotates strictly", () => {
  assert.equal(sequence(7, service("rr", [1, 1, 1])), "3 2 1 3 2 1 3");
});

test("rr passes over weight 0 and counts the servers it looked at", () => {
  const three = service("rr", [1, 0, 1]);
  assert.deepEqual(
    [three.draw(), three.draw(), three.draw()],
    [
      [3, 1],
      [1, 2],
      [3, 1],
    ],
  );
  assert.deepEqual(service("rr", [0, 0]).draw(), [0, 2]);
  assert.deepEqual(service("rr", []).draw(), [0, 0]);
});

test("wrr 1:2:3 plays 3 3 2 3 2 1 round and round, beginning at the level it had with one server", () => {
  assert.equal(sequence(12, service("wrr", [1, 2, 3])), "3 2 1 3 3 2 3 2 1 3 3 2");
  assert.equal(sequence(12, service("wrr", [3, 2, 1])), "3 2 1 1 2 1 3 2 1 1 2 1");
});

test("wrr with common divisor 2 falls by it: weights 2 and 4 play 2 2 1", () => {
  assert.equal(sequence(6, service("wrr", [2, 4])), "2 1 2 2 1 2");
  // 4 alone begins at level 1 of divisor 4, and so it stays when the divisor becomes 2.
  assert.equal(sequence(6, service("wrr", [4, 2])), "2 1 1 2 1 1");
});

test("wrr is proportional to any weights, over whole rounds", () => {
  const seed = 20_261_121;
  const prng = new Prng(seed);
  for (let run = 0; run < 30; run++) {
    const weights = Array.from({ length: 1 + prng.below(8) }, () => prng.below(9));
    if (weights.every((weight) => weight === 0)) continue;
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const drawn = weights.map(() => 0);
    const of = service("wrr", weights);
    for (let draw = 0; draw < total * 3; draw++) {
      const [number] = of.draw();
      drawn[number - 1] = (drawn[number - 1] as number) + 1;
    }
    assert.deepEqual(
      drawn,
      weights.map((weight) => weight * 3),
      `seed ${seed} run ${run} weights ${weights}`,
    );
  }
  assert.deepEqual(service("wrr", [0, 0]).draw(), [0, 0]);
});

test("lc takes the least active x 256 + inactive, the later added on a tie", () => {
  const three = service("lc", [1, 1, 1]);
  assert.deepEqual(three.draw(), [3, 3]);
  three.server(3).active = 1;
  three.server(2).inactive = 255;
  three.server(1).inactive = 256;
  assert.equal(three.draw()[0], 2);
  three.server(2).inactive = 257;
  assert.equal(three.draw()[0], 3);
});

test("wlc divides the cost by the weight, and looks at all servers", () => {
  const three = service("wlc", [1, 2, 4]);
  Object.assign(three.server(1), { active: 1 });
  Object.assign(three.server(2), { active: 2 });
  Object.assign(three.server(3), { active: 5 });
  // Costs over weight: 256, 256, 320. The first in the list among equals is 2.
  assert.deepEqual(three.draw(), [2, 3]);
  three.server(3).active = 3;
  assert.equal(three.draw()[0], 3);
});

test("sed counts the connection to come: (active + 1) / weight", () => {
  const two = service("sed", [1, 3]);
  // (0 + 1) / 3 beats (0 + 1) / 1; so do 2/3 and, as a tie won by the list's head, 3/3.
  const drawn: number[] = [];
  for (let draw = 0; draw < 4; draw++) {
    const [number] = two.draw();
    two.server(number).active++;
    drawn.push(number);
  }
  assert.deepEqual(drawn, [2, 2, 2, 1]);
});

test("nq takes the first idle server at once, else the one that sed takes", () => {
  const three = service("nq", [1, 1, 5]);
  three.server(3).active = 1;
  assert.deepEqual(three.draw(), [2, 2]);
  three.server(2).active = 1;
  three.server(1).active = 1;
  // (1+1)/5 is least.
  assert.deepEqual(three.draw(), [3, 3]);
});

test("sh fills 256 buckets by weight and sends one client to one server", () => {
  // Bucket of 10.0.0.1 is 0x27 = 39. Weights in list order 3:1 repeat 2 2 2 1: bucket 39 is position 39 % 4 = 3, server 1.
  assert.deepEqual(service("sh", [1, 3]).draw("10.0.0.1", 40_000), [1, 1]);
  assert.deepEqual(service("sh", [1, 3]).draw("10.0.0.1", 50_000), [1, 1]);
  // With the port flag 10.0.0.1:1 has bucket 0x89 = 137, 137 % 4 = 1, server 2.
  assert.deepEqual(service("sh", [1, 3], true).draw("10.0.0.1", 1), [2, 1]);
});

test("sh serves nobody from a bucket whose server has weight 0, without its fallback flag", () => {
  // In list order weights 1, 0: both get one bucket in turn; 39 is odd and falls to server 1, which has weight 0.
  assert.deepEqual(service("sh", [0, 1]).draw("10.0.0.1"), [0, 1]);
});

test("dh chooses by the virtual address, whoever the client is", () => {
  const of = service("dh", [1, 1, 1]);
  const first = of.draw("10.1.0.1")[0];
  for (let host = 2; host < 50; host++) assert.equal(of.draw(`10.1.0.${host}`)[0], first);
});

test("mh splits clients by weight, and moves few of them when a server goes", () => {
  const before = service("mh", [1, 1, 1, 1]);
  const after = service("mh", [1, 1, 1, 0]);
  const shares = [0, 0, 0, 0];
  let moved = 0;
  const clients = 4000;
  for (let client = 0; client < clients; client++) {
    const ip = `10.${1 + (client >> 8)}.${client & 255}.7`;
    const [number] = before.draw(ip);
    shares[number - 1] = (shares[number - 1] as number) + 1;
    if (number !== 4 && after.draw(ip)[0] !== number) moved++;
  }
  // Binomial(4000, 1/4): standard deviation 27.4; five of them either way.
  for (const share of shares) assert.ok(Math.abs(share - 1000) < 137, `shares ${shares}`);
  assert.ok(moved < clients * 0.05, `${moved} clients of other servers moved`);
});
