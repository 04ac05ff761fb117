import assert from "node:assert/strict";
import { test } from "node:test";
import { CycleState } from "../../framework/cycle-state.js";
import { pod } from "../cluster.test-data.js";
import { createDefaultBinder } from "./default-binder.js";

test("DefaultBinder asks for the binding of the Pod to the node", () => {
  assert.deepEqual(createDefaultBinder().bind(new CycleState(), pod("p", {}, { uid: "u1" }), "n1"), {
    kind: "bind",
    namespace: "default",
    name: "p",
    uid: "u1",
    nodeName: "n1",
  });
});
