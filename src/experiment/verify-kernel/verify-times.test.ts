import assert from "node:assert/strict";
import { test } from "node:test";
import type { KernelHost } from "../../kernel/host/command.js";
import type { KernelPath } from "../../measure/kernel-record.js";
import { type PathsHost, timedHosts } from "./verify-times.js";

function hostOf(kind: KernelHost["kind"], paths: readonly KernelPath[], isUnprivileged = false): PathsHost {
  const never = () => assert.fail("what is timed is decided before anything is run");
  return { host: { kind, run: never, start: never, close: never }, paths, isUnprivileged };
}

const native = hostOf("native", ["iptables-legacy", "nftables"]);
const guest = hostOf("user-mode", ["ipvs"]);

test("what is timed: either kernel alone, or both", () => {
  assert.deepEqual(timedHosts([native, guest]), { native, guest });
  assert.deepEqual(timedHosts([native]), { native, guest: undefined });
  assert.deepEqual(timedHosts([guest]), { native: undefined, guest });
});

test("what cannot be timed says why", () => {
  const reasonOf = (hosts: readonly PathsHost[]) => {
    const timed = timedHosts(hosts);
    return "reason" in timed ? timed.reason : null;
  };
  assert.equal(reasonOf([]), "ENV_NO_NETNS");
  assert.equal(reasonOf([hostOf("native", ["nftables"], true), guest]), "ENV_NO_ROOT");
});
