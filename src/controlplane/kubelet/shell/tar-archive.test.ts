import assert from "node:assert/strict";
import test from "node:test";
import { gunzipSync } from "node:zlib";
import { chunkToBytes, toBytes } from "./byte-text.js";
import { archiveEnd, archiveEntry, readArchive, TarError } from "./tar-archive.js";

/** `tar --format=gnu -cf` and `--format=pax` of a path of 125 bytes, an empty folder, a symlink and "ü.txt", gzipped. */
const GNU =
  "H4sIAAAAAAACA+2WTQrCMBCFZ+0pcoIm6TTJ1gP0EoWqiP2RmoLezZ0XM7pri9ZaEtDOt5lAAiHzeJmX59/D4TOEwyj1rI5+Ha5jRJUAUxCA9mSzhjFo6tq+Oze2/6NEPOLrtK526b46eLrjIapOkpf6S6O7+kuphQGWkv7eyef4fzuDyJ7/sZ+k/5Ax/wuhuv5HlBqBCfK/dwr39a/IBotlUx7thfu9Y3L+k0IrpPwXxP/+Yl9Xf2Mm6B+7CAgsvl39p4SF6x+ixePz3/Tzv0RJ8z/I88siay0lAIIgiKVxB96ltMwAFgAA";
const PAX =
  "H4sIAAAAAAACA+2WSw6CMBRFO3YVrAD6+oGRc4duoQn4ifyCJcG9OXNjgjrQGkUkNCF9Z1KSkjTt5ZYTx/8TkN+gLZGUt7HFHN+fmQilIJ4kFqiPWlXt8lVR6G/v9c2bm5sJ8Zj816pZJSpOqmOw+UJ3HqEQH/NnNHrNn4MAIF5jM3/iJsClVyq9W476EDYj8HWjFwSZYf9/TLiv/5RKo/9ChJx41Gb/Hb3/0yLfYvvcJclKfQqmXWOw/wEDydH/rPR/nx+mXuOWfxQNyJ/zzv/Y5dzJAeY/If6zxE903r3/fzD8HyDs+o/+b8H/H/p/jx5NwDVsXLH9/m/2nwkO6P9Wtp+lqsbeIwiCOMcVIRsY2QAaAAA=";
const LONG = `${"d".repeat(60)}/${"f".repeat(60)}.txt`;

for (const [format, packed] of Object.entries({ gnu: GNU, pax: PAX }))
  test(`readArchive reads long and non-ASCII paths, folders and links as GNU tar writes them in format ${format}`, () => {
    const archive = chunkToBytes(gunzipSync(Buffer.from(packed, "base64")));
    const read = [...readArchive(archive)].map(({ path, kind, target, content }) => [
      path,
      kind,
      target,
      content,
    ]);
    assert.deepEqual(read, [
      [`${"d".repeat(60)}/`, "folder", "", ""],
      [LONG, "file", "", "long\n"],
      ["empty/", "folder", "", ""],
      ["link", "symlink", toBytes("ü.txt"), ""],
      [toBytes("ü.txt"), "file", "", "umlaut\n"],
    ]);
  });

test("readArchive gives back what archiveEntry wrote, byte for byte, whatever the length of the path", () => {
  const bytes = String.fromCharCode(...Array.from({ length: 1000 }, (_, index) => index % 256));
  for (const length of [1, 99, 100, 101, 300]) {
    const path = "p".repeat(length);
    const archive = archiveEntry(path, bytes, 0) + archiveEntry(path, null, 0) + archiveEnd();
    assert.equal(archive.length % 512, 0);
    assert.deepEqual(
      [...readArchive(archive)],
      [
        { path, kind: "file", target: "", content: bytes },
        { path: `${path}/`, kind: "folder", target: "", content: "" },
      ],
    );
  }
});

test("readArchive refuses what is cut off or no archive", () => {
  const archive = archiveEntry("a", "content", 0);
  assert.throws(() => [...readArchive(archive.slice(0, 515))], new TarError("short read"));
  assert.throws(() => [...readArchive("x".repeat(512))], new TarError("invalid tar magic"));
  assert.throws(() => [...readArchive("x".repeat(100))], new TarError("short read"));
});
