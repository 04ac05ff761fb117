import assert from "node:assert/strict";
import { test } from "node:test";
import { NFT_CODE_ALIGNMENT, NFT_SLOT_BYTES_V4, NFT_SLOT_BYTES_V6 } from "../../../asm/abi/nftables.js";
import { ipText } from "../../base/ip.js";
import { Prng } from "../../base/prng.js";
import { ImageWriter } from "../image-writer.js";
import { KeyTable } from "./key-table.js";
import { parseKey } from "./key.js";

const SEED = Number(process.env["PLUMB_TEST_SEED"] ?? 20264);

const SHAPES = ["addresses", "one"] as const;

for (const family of ["IPv4", "IPv6"] as const) {
  for (const shape of SHAPES) {
    test(`KeyTable of shape ${shape} holds what a Map holds, however elements come and go, ${family}`, () => {
      const prng = new Prng(SEED).fork(`${family} ${shape}`);
      const writer = new ImageWriter("nftables", family, 4096);
      const table = new KeyTable(writer, { shape, elementsExpected: 0 });
      const twin = new Map<string, number>();
      for (let step = 1; step <= 4000; step++) {
        // Few addresses and ports, so that keys return; the table grows to some hundred elements and shrinks again.
        const host = prng.below(shape === "one" ? 40 : 250) + 1;
        const ip = family === "IPv4" ? `10.96.0.${host}` : `fd00::${host.toString(16)}`;
        const text = shape === "one" ? `${ip} . tcp . ${80 + prng.below(20)}` : ip;
        const key = parseKey(
          text,
          shape === "one" ? ["addr", "inet_proto", "inet_service"] : ["addr"],
          family,
        );
        if (prng.unit() < (step < 2500 ? 0.7 : 0.3)) {
          table.set(key, step);
          twin.set(text, shape === "one" ? step : 0);
        } else {
          table.delete(key);
          twin.delete(text);
        }
        if (step % 250 === 0)
          assert.deepEqual(listed(writer, table, shape), sorted(twin), `seed ${SEED}, step ${step}`);
      }
      assert.ok(twin.size > 50, `only ${twin.size} elements left to compare`);
    });
  }
}

test("KeyTable refuses the unspecified address as an element of a set of addresses", () => {
  const table = new KeyTable(new ImageWriter("nftables", "IPv4", 4096), {
    shape: "addresses",
    elementsExpected: 0,
  });
  assert.throws(() => table.set(parseKey("0.0.0.0", ["addr"], "IPv4"), 1), /unspecified address/);
});

test("KeyTable stays at most half full", () => {
  const writer = new ImageWriter("nftables", "IPv4", 4096);
  const table = new KeyTable(writer, { shape: "one", elementsExpected: 0 });
  for (let port = 1; port <= 1000; port++) {
    table.set(parseKey(`tcp . ${port}`, ["inet_proto", "inet_service"], "IPv4"), 1);
    assert.ok(port * 2 <= table.slotMask + 1, `${port} elements in ${table.slotMask + 1} slots`);
  }
});

test("KeyTable takes whole cache lines, however few its elements", () => {
  for (const family of ["IPv4", "IPv6"] as const) {
    for (const shape of SHAPES) {
      const writer = new ImageWriter("nftables", family, 4096);
      const before = writer.usedBytes;
      new KeyTable(writer, { shape, elementsExpected: 1 });
      assert.equal((writer.usedBytes - before) % NFT_CODE_ALIGNMENT, 0, `${family} ${shape}`);
    }
  }
});

/** Every slot of the table as [element text, value], in order; of addresses the value is 0. */
function listed(writer: ImageWriter, table: KeyTable, shape: (typeof SHAPES)[number]): [string, number][] {
  const isV4 = writer.family === "IPv4";
  const bytes = shape === "addresses" ? (isV4 ? 4 : 16) : isV4 ? NFT_SLOT_BYTES_V4 : NFT_SLOT_BYTES_V6;
  const elements: [string, number][] = [];
  for (let position = 0; position <= table.slotMask; position++) {
    const at = (table.slotsAt + position * bytes) / 4;
    const slot = [...writer.words.subarray(at, at + bytes / 4)] as [
      number,
      number,
      number,
      number,
      ...number[],
    ];
    if (slot.every((word) => word === 0)) continue;
    const ip = ipText(isV4 ? [slot[0], 0, 0, 0] : [slot[0], slot[1], slot[2], slot[3]], writer.family);
    if (shape === "addresses") elements.push([ip, 0]);
    else
      elements.push([
        `${ip} . tcp . ${(slot[isV4 ? 1 : 4] as number) & 0xffff}`,
        slot[isV4 ? 3 : 5] as number,
      ]);
  }
  return elements.sort();
}

function sorted(map: ReadonlyMap<string, number>): [string, number][] {
  return [...map].sort();
}
