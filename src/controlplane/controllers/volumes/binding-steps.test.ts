import assert from "node:assert/strict";
import { test } from "node:test";
import type { PersistentVolume, StorageClass } from "../../client/cluster-resources.js";
import type { PersistentVolumeClaim } from "../../client/object-types.js";
import { claimStep, volumeStep } from "./binding-steps.js";
import { matchVolume } from "./match-volume.js";
import { protectionStep } from "./protection-controllers.js";

function volume(
  name: string,
  storage: string,
  more: { spec?: object; status?: object } = {},
): PersistentVolume {
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name, labels: { name } },
    spec: { capacity: { storage }, accessModes: ["ReadWriteOnce"], ...more.spec },
    status: { phase: "Available", ...more.status },
  } as unknown as PersistentVolume;
}

function claim(
  storage: string,
  more: { spec?: object; metadata?: object; status?: object } = {},
): PersistentVolumeClaim {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "data", namespace: "default", uid: "c1", ...more.metadata },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage } }, ...more.spec },
    status: more.status,
  } as unknown as PersistentVolumeClaim;
}

function storageClass(mode: string, provisioner = "hollow"): StorageClass {
  return {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name: "fast" },
    provisioner,
    volumeBindingMode: mode,
  };
}

test("matchVolume takes the smallest that is large enough, of the class and the modes", () => {
  const small = volume("small", "5Gi");
  const large = volume("large", "50Gi");
  assert.equal(matchVolume(claim("6Gi"), [large, small], false), large);
  assert.equal(matchVolume(claim("5Gi"), [large, small], false), small);
  assert.equal(matchVolume(claim("51Gi"), [large, small], false), null);
  assert.equal(matchVolume(claim("1Gi", { spec: { accessModes: ["ReadWriteMany"] } }), [small], false), null);
  assert.equal(matchVolume(claim("1Gi", { spec: { storageClassName: "fast" } }), [small], false), null);
  assert.equal(
    matchVolume(
      claim("1Gi", { spec: { selector: { matchLabels: { name: "large" } } } }),
      [small, large],
      false,
    ),
    large,
  );
  assert.equal(
    matchVolume(claim("1Gi"), [volume("used", "5Gi", { status: { phase: "Bound" } })], false),
    null,
  );
});

test("matchVolume prefers the one that is reserved, which is the only one while the class waits", () => {
  const small = volume("small", "5Gi");
  const reserved = volume("reserved", "50Gi", { spec: { claimRef: { namespace: "default", name: "data" } } });
  assert.equal(matchVolume(claim("1Gi"), [small, reserved], false), reserved);
  assert.equal(matchVolume(claim("1Gi"), [small, reserved], true), reserved);
  assert.equal(matchVolume(claim("1Gi"), [small], true), null);
});

const FAST = { spec: { storageClassName: "fast" } };
const CHOSEN = {
  ...FAST,
  metadata: {
    name: "data",
    namespace: "default",
    annotations: { "volume.kubernetes.io/selected-node": "node-1" },
  },
};
const DONE = { "pv.kubernetes.io/bind-completed": "yes" };
const ROWS: readonly [
  what: string,
  PersistentVolumeClaim,
  StorageClass | undefined,
  PersistentVolume[],
  string,
][] = [
  ["of no class", claim("1Gi"), undefined, [], "wait FailedBinding"],
  ["of an unknown class", claim("1Gi", FAST), undefined, [], "wait ProvisioningFailed"],
  ["of a class that provisions at once", claim("1Gi", FAST), storageClass("Immediate"), [], "provision"],
  [
    "of a class that waits",
    claim("1Gi", FAST),
    storageClass("WaitForFirstConsumer"),
    [],
    "wait WaitForFirstConsumer",
  ],
  ["of a class that waited", claim("1Gi", CHOSEN), storageClass("WaitForFirstConsumer"), [], "provision"],
  [
    "of a class without provisioner",
    claim("1Gi", FAST),
    storageClass("Immediate", "kubernetes.io/no-provisioner"),
    [],
    "wait FailedBinding",
  ],
  [
    "that was bound to what is gone",
    claim("1Gi", { spec: { volumeName: "v" }, metadata: { annotations: DONE } }),
    undefined,
    [],
    "lost ClaimLost",
  ],
  [
    "that names a free volume",
    claim("1Gi", { spec: { volumeName: "v" } }),
    undefined,
    [volume("v", "1Gi")],
    "bind",
  ],
  [
    "that names another's volume",
    claim("1Gi", { spec: { volumeName: "v" } }),
    undefined,
    [volume("v", "1Gi", { spec: { claimRef: { namespace: "default", name: "other" } } })],
    "wait FailedBinding",
  ],
];

for (const [what, one, of, volumes, expected] of ROWS) {
  test(`claimStep of a claim ${what}`, () => {
    const step = claimStep({ claim: one, volumes, storageClass: of });
    assert.equal([step.kind, ...("reason" in step ? [step.reason] : [])].join(" "), expected);
  });
}

test("volumeStep releases, then reclaims as the policy says", () => {
  const claimRef = { namespace: "default", name: "data", uid: "c1" };
  const bound = volume("v", "1Gi", { spec: { claimRef }, status: { phase: "Bound" } });
  const released = (policy: string) =>
    volume("v", "1Gi", {
      spec: { claimRef, persistentVolumeReclaimPolicy: policy },
      status: { phase: "Released" },
    });
  assert.deepEqual(volumeStep(volume("v", "1Gi"), undefined), { kind: "phase", phase: "Available" });
  assert.deepEqual(volumeStep(bound, claim("1Gi", { spec: { volumeName: "v" } })), {
    kind: "phase",
    phase: "Bound",
  });
  assert.deepEqual(volumeStep(bound, undefined), { kind: "phase", phase: "Released" });
  assert.deepEqual(volumeStep(bound, claim("1Gi", { metadata: { uid: "c2" } })), {
    kind: "phase",
    phase: "Released",
  });
  assert.deepEqual(volumeStep(released("Retain"), undefined), { kind: "phase", phase: "Released" });
  assert.deepEqual(volumeStep(released("Delete"), undefined), { kind: "delete" });
});

test("protectionStep keeps what is used", () => {
  const finalizer = "kubernetes.io/pvc-protection";
  const leaving = claim("1Gi", { metadata: { finalizers: [finalizer], deletionTimestamp: "x" } });
  assert.equal(protectionStep(claim("1Gi"), finalizer, false), "add");
  assert.equal(protectionStep(leaving, finalizer, true), "none");
  assert.equal(protectionStep(leaving, finalizer, false), "remove");
});
