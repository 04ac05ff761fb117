import { equal } from "node:assert/strict";
import { test } from "node:test";
import { qosClass } from "./qos-class.js";

const container = (requests: Record<string, string>, limits: Record<string, string> = {}) => ({
  resources: { requests, limits },
});

test("qosClass compares amounts, not their texts", () => {
  equal(qosClass({ containers: [{}] }), "BestEffort");
  equal(qosClass({ containers: [container({ cpu: "0" })] }), "BestEffort");
  equal(qosClass({ containers: [container({ cpu: "1m" })] }), "Burstable");
  const [asked, most] = [
    { cpu: "1000m", memory: "1024Mi" },
    { cpu: "1", memory: "1Gi" },
  ];
  equal(qosClass({ containers: [container(asked, most)] }), "Guaranteed");
  equal(qosClass({ containers: [container({}, most)] }), "Guaranteed");
  equal(qosClass({ containers: [container(asked, most)], initContainers: [{}] }), "Burstable");
});
