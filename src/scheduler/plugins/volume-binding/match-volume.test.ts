import assert from "node:assert/strict";
import { test } from "node:test";
import { quantityValue } from "../../../api/quantity.js";
import type { PersistentVolume, PersistentVolumeClaim } from "../../../api/scheduling.js";
import { Prng } from "../../../base/prng.js";
import { node } from "../cluster.test-data.js";
import { claim, onNodes, volume } from "../volumes.test-data.js";
import { boundTo, candidatesFor, pickVolume } from "./match-volume.js";

const here = node("here", { labels: { "kubernetes.io/hostname": "here" } }).node;

/** Name of the volume that the claim gets on node "here". */
function picked(
  wanted: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
  taken: readonly string[] = [],
) {
  const candidates = candidatesFor(wanted, volumes, (quantity) => quantityValue(quantity ?? 0) ?? 0);
  return pickVolume(candidates, here, new Set(taken))?.metadata.name ?? null;
}

test("pickVolume takes the smallest volume that is large enough", () => {
  const volumes = [
    volume("v20", { size: "20Gi" }),
    volume("v4", { size: "4Gi" }),
    volume("v6", { size: "6Gi" }),
  ];
  assert.equal(picked(claim("c", { size: "5Gi" }), volumes), "v6");
  assert.equal(picked(claim("c", { size: "6Gi" }), volumes), "v6");
  assert.equal(picked(claim("c", { size: "21Gi" }), volumes), null);
});

test("pickVolume takes the first of equal size, and none that is taken", () => {
  const volumes = [volume("a"), volume("b")];
  assert.equal(picked(claim("c"), volumes), "a");
  assert.equal(picked(claim("c"), volumes, ["a"]), "b");
});

test("pickVolume leaves out volumes that cannot be reached from the node", () => {
  const volumes = [
    volume("far", { size: "5Gi", nodeAffinity: onNodes("there") }),
    volume("near", { nodeAffinity: onNodes("here", "there") }),
  ];
  assert.equal(picked(claim("c"), volumes), "near");
});

test("candidatesFor asks for class, mode, access modes, labels, phase and attributes class", () => {
  const fits = volume("v", {}, { labels: { tier: "fast" } });
  const fast = { matchLabels: { tier: "fast" } };
  assert.equal(picked(claim("c", { selector: fast }), [fits]), "v");
  assert.equal(picked(claim("c", { selector: fast }), [volume("v")]), null);
  assert.equal(picked(claim("c"), [volume("v", { storageClassName: "other" })]), null);
  assert.equal(picked(claim("c"), [volume("v", { volumeMode: "Block" })]), null);
  assert.equal(picked(claim("c", { volumeMode: "Block" }), [volume("v", { volumeMode: "Block" })]), "v");
  assert.equal(picked(claim("c", { accessModes: ["ReadWriteOnce", "ReadOnlyMany"] }), [volume("v")]), null);
  assert.equal(picked(claim("c"), [{ ...volume("v"), status: { phase: "Pending" } }]), null);
  assert.equal(picked(claim("c"), [volume("v", { volumeAttributesClassName: "gold" })]), null);
  assert.equal(picked(claim("c"), [volume("v", {}, { deletionTimestamp: "2026-01-01T00:00:00Z" })]), null);
});

test("pickVolume takes a volume reserved for the claim, whatever is smaller", () => {
  const claimRef = { name: "c", namespace: "default" };
  const reserved = volume("reserved", { size: "50Gi", claimRef });
  assert.equal(picked(claim("c"), [volume("small"), reserved]), "reserved");
  assert.equal(picked(claim("other"), [volume("small"), reserved]), "small");
  const forEarlier = volume("reserved", { claimRef: { ...claimRef, uid: "uid of an earlier claim" } });
  assert.equal(picked(claim("c"), [forEarlier]), null);
});

test("pickVolume takes nothing when the reserved volume is elsewhere", () => {
  const claimRef = { name: "c", namespace: "default" };
  const reserved = volume("reserved", { claimRef, nodeAffinity: onNodes("there") });
  assert.equal(picked(claim("c"), [volume("small"), reserved]), null);
});

test("boundTo refers to the claim and notes that no user did", () => {
  const free = volume("v", {}, { resourceVersion: "7" });
  const { before, after } = boundTo(free, claim("c", {}, { resourceVersion: "3" }));
  assert.equal(before, free);
  assert.deepEqual(after.spec.claimRef, {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    namespace: "default",
    name: "c",
    uid: "uid of c",
    resourceVersion: "3",
  });
  assert.deepEqual(after.metadata, {
    name: "v",
    resourceVersion: "7",
    annotations: { "pv.kubernetes.io/bound-by-controller": "yes" },
  });
});

test("boundTo completes a user's reservation, and leaves a complete one alone", () => {
  const byName = volume("v", { claimRef: { name: "c", namespace: "default" } });
  const completed = boundTo(byName, claim("c")).after;
  assert.equal(completed.spec.claimRef?.uid, "uid of c");
  assert.equal(completed.metadata.annotations, undefined);
  assert.equal(boundTo(completed, claim("c")).after, completed);
});

/** The slow twin: every volume is asked everything, for this claim and node. */
function askEveryVolume(
  wanted: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
  taken: ReadonlySet<string>,
) {
  const bytes = (quantity: string | number | undefined) => quantityValue(quantity ?? 0) ?? 0;
  let smallest: PersistentVolume | null = null;
  for (const each of volumes) {
    const { capacity, claimRef, nodeAffinity, accessModes = [], storageClassName } = each.spec;
    const isFree = claimRef === undefined;
    if (taken.has(each.metadata.name) || storageClassName !== wanted.spec?.storageClassName) continue;
    if (!isFree && claimRef.name !== wanted.metadata.name) continue;
    if (bytes(capacity?.["storage"]) < bytes(wanted.spec?.resources?.requests?.["storage"])) continue;
    const [term] = nodeAffinity?.required?.nodeSelectorTerms ?? [];
    const isNear = term?.matchExpressions?.[0]?.values?.includes("here") ?? true;
    if (!isFree) return isNear ? each : null;
    if (!isNear || !(wanted.spec?.accessModes ?? []).every((mode) => accessModes.includes(mode))) continue;
    const least = smallest === null ? Number.POSITIVE_INFINITY : bytes(smallest.spec.capacity?.["storage"]);
    if (bytes(capacity?.["storage"]) < least) smallest = each;
  }
  return smallest;
}

test("pickVolume agrees with asking every volume, on random ones", () => {
  const prng = new Prng(7);
  const places = [onNodes("here"), onNodes("there"), onNodes("here", "there")];
  for (let round = 0; round < 500; round++) {
    const volumes = Array.from({ length: prng.below(8) }, (_, index) =>
      volume(`v${index}`, {
        size: `${prng.below(6)}Gi`,
        storageClassName: prng.pick(["wait", "wait", "other"]),
        accessModes: prng.pick([["ReadWriteOnce"], ["ReadWriteOnce", "ReadOnlyMany"], ["ReadOnlyMany"]]),
        nodeAffinity: prng.pick(places),
        ...(prng.below(6) === 0 ? { claimRef: { name: prng.pick(["c", "d"]), namespace: "default" } } : {}),
      }),
    );
    const taken = volumes.filter(() => prng.below(5) === 0).map(({ metadata }) => metadata.name);
    const wanted = claim("c", { size: `${prng.below(5)}Gi` });
    const expected = askEveryVolume(wanted, volumes, new Set(taken))?.metadata.name ?? null;
    assert.equal(picked(wanted, volumes, taken), expected, JSON.stringify({ round, wanted, volumes, taken }));
  }
});
