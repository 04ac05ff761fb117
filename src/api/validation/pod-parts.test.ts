import { deepStrictEqual } from "node:assert/strict";
import { test } from "node:test";
import { applyDefaults } from "../defaults/apply-defaults.js";
import type { KubeObject } from "../meta.js";
import { validateUpdate } from "./validate.js";

const SIZED = { requests: { cpu: "1", memory: "1Gi" } };

function pod(spec: object): KubeObject {
  return applyDefaults({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web", namespace: "default" },
    spec: { containers: [{ name: "web", image: "web:v1", resources: SIZED }], ...spec },
    status: { qosClass: "Burstable" },
  } as unknown as KubeObject);
}

const changed = (subresource: string, next: object, current: object = {}) =>
  validateUpdate(pod(next), pod(current), subresource).map(({ field, message }) => `${field}: ${message}`);
const debugging = (...containers: object[]) => ({ ephemeralContainers: containers });
const debug = { name: "debug", image: "busybox" };
const sized = (resources: object) => ({ containers: [{ name: "web", image: "web:v1", resources }] });

test("ephemeral containers are added, and stay as they are", () => {
  deepStrictEqual(changed("ephemeralcontainers", debugging({ ...debug, targetContainerName: "web" })), []);
  deepStrictEqual(
    changed("ephemeralcontainers", debugging({ ...debug, name: "more" }, debug), debugging(debug)),
    [],
  );
  deepStrictEqual(
    changed("ephemeralcontainers", debugging({ ...debug, image: "alpine" }), debugging(debug)),
    ['spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be changed\n'],
  );
  deepStrictEqual(changed("ephemeralcontainers", debugging(), debugging(debug)), [
    'spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be removed\n',
  ]);
});

test("an ephemeral container serves nobody, and has a name of its own", () => {
  deepStrictEqual(
    changed(
      "ephemeralcontainers",
      debugging({ name: "web", image: "busybox", ports: [{ containerPort: 80 }], targetContainerName: "db" }),
    ),
    [
      'spec.ephemeralContainers[0].name: Duplicate value: "web"',
      'spec.ephemeralContainers[0].targetContainerName: Not found: "db"',
      "spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container",
    ],
  );
});

test("a resize changes cpu and memory, and nothing else", () => {
  deepStrictEqual(changed("resize", sized({ requests: { cpu: "2", memory: "1Gi" } })), []);
  deepStrictEqual(changed("resize", sized({ requests: { cpu: "-2", memory: "1Gi" } })), [
    'spec.containers[0].resources.requests[cpu]: Invalid value: "-2": must be greater than or equal to 0',
  ]);
  deepStrictEqual(changed("resize", sized({ requests: { cpu: "1" } })), [
    "spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed",
  ]);
  deepStrictEqual(changed("resize", sized({ requests: { ...SIZED.requests, "ephemeral-storage": "1Gi" } })), [
    "spec: Forbidden: only cpu and memory resources are mutable",
  ]);
});

test("a resize keeps the Pod's quality of service", () => {
  deepStrictEqual(changed("resize", sized({ requests: SIZED.requests, limits: SIZED.requests })), [
    'spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing',
  ]);
});
