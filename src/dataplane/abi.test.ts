// The numbers of asm/abi against the names of src/netfilter: both sides list the same things in the same order.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as context from "../../asm/abi/context.js";
import * as image from "../../asm/abi/image.js";
import * as ipset from "../../asm/abi/ipset.js";
import * as iptables from "../../asm/abi/iptables.js";
import * as packet from "../../asm/abi/packet.js";
import * as userspace from "../../asm/abi/userspace.js";
import { COUNTER_NAMES } from "../netfilter/counters.js";
import { SET_TYPES } from "../netfilter/ipset/model.js";
import { HOOKS, TABLE_NAMES } from "../netfilter/iptables/model.js";
import { CT_STATES, DROP_REASONS, PROTOCOL_NUMBERS, TCP_FLAGS, VERDICTS } from "../netfilter/packet.js";
import { USERSPACE_COST } from "../netfilter/tracer/userspace-stage.js";

/** NO_ENDPOINT from "no-endpoint", RULES_EVALUATED from "rulesEvaluated". */
const constantName = (name: string) =>
  name
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .replace(/[-:,]/g, "_")
    .toUpperCase();

function assertNumbered(module: object, prefix: string, names: readonly string[]): void {
  const numbers = new Map(Object.entries(module as Record<string, number>));
  for (const [index, name] of names.entries()) {
    assert.equal(numbers.get(prefix + constantName(name)), index, `${prefix}${constantName(name)}`);
  }
}

test("counters, drop reasons, verdicts and states are numbered alike on both sides", () => {
  assertNumbered(context, "COUNTER_", COUNTER_NAMES);
  assert.equal(context.COUNTER_COUNT, COUNTER_NAMES.length);
  assertNumbered(context, "DROP_REASON_", DROP_REASONS);
  assert.equal(context.DROP_REASON_COUNT, DROP_REASONS.length);
  assertNumbered(packet, "VERDICT_", VERDICTS);
  assertNumbered(packet, "CT_STATE_", CT_STATES);
});

test("hooks, tables, set types, protocols and TCP flags are numbered alike on both sides", () => {
  assertNumbered(iptables, "HOOK_", HOOKS);
  assertNumbered(iptables, "TABLE_", TABLE_NAMES);
  assertNumbered(ipset, "SET_TYPE_", SET_TYPES);
  const numbers = new Map(Object.entries(packet));
  for (const [name, number] of Object.entries(PROTOCOL_NUMBERS)) {
    assert.equal(numbers.get(`PROTOCOL_${name.toUpperCase()}`), number, name);
  }
  for (const [name, bit] of Object.entries(TCP_FLAGS))
    assert.equal(numbers.get(`TCP_FLAG_${name}`), bit, name);
});

test("the userspace proxy costs the same in the tracer and in the core", () => {
  assert.deepEqual(
    [USERSPACE_COST.tcpOpenSyscalls, USERSPACE_COST.tcpOpenSwitches, USERSPACE_COST.udpOpenSyscalls],
    [userspace.PROXY_TCP_OPEN_SYSCALLS, userspace.PROXY_TCP_OPEN_SWITCHES, userspace.PROXY_UDP_OPEN_SYSCALLS],
  );
  assert.deepEqual(
    [
      USERSPACE_COST.copySyscalls,
      USERSPACE_COST.copySwitches,
      USERSPACE_COST.copies,
      USERSPACE_COST.udpOpenSwitches,
    ],
    [userspace.PROXY_COPY_SYSCALLS, userspace.PROXY_COPY_SWITCHES, 2, 0],
  );
});

test("the regions of a context and of an image's head do not overlap", () => {
  assert.ok(
    context.CONTEXT_COUNTERS + context.COUNTER_COUNT * context.COUNTER_BYTES <= context.CONTEXT_DROPS,
  );
  assert.ok(
    context.CONTEXT_DROPS + context.DROP_REASON_COUNT * context.COUNTER_BYTES <= context.CONTEXT_FLIGHT,
  );
  // The flight and the draft of a flow behind it (asm/packet/flight.ts).
  assert.ok(context.CONTEXT_FLIGHT + 128 + 128 <= context.CONTEXT_BYTES);
  assert.ok(
    image.IMAGE_REGION_TABLE + image.IMAGE_REGIONS_MAX * image.IMAGE_REGION_STRIDE <= image.IMAGE_BODY,
  );
  assert.equal(iptables.RULE_BYTES_V4, iptables.RULE_CONTROL_V4 + 16);
  assert.equal(iptables.RULE_BYTES_V6, iptables.RULE_CONTROL_V6 + 16);
});
