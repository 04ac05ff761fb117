// Random objects and patches, the same for a seed: what the peer (bench/peers/patch) and this room are asked alike.
import type { Prng } from "../../base/prng.js";
import type { JsonObject } from "./json-tree.js";

const NAMES = ["web", "log", "proxy", "init"];
const IMAGES = ["nginx:1", "nginx:2", "busybox"];
const KEYS = ["A", "B", "C", "D"];

/** Some of the items, in random order. */
function some<T>(random: Prng, items: readonly T[]): T[] {
  return random.shuffled(items).slice(0, random.below(items.length + 1));
}

/** Members with a chance each. */
function maybe(random: Prng, members: Record<string, () => unknown>, oneIn = 2): JsonObject {
  const kept = Object.entries(members).filter(() => random.below(oneIn) === 0);
  return Object.fromEntries(kept.map(([name, make]) => [name, make()]));
}

function labels(random: Prng): JsonObject {
  return Object.fromEntries(some(random, ["app", "tier", "zone"]).map((name) => [name, random.pick(KEYS)]));
}

function ports(random: Prng): JsonObject[] {
  return some(random, [80, 443, 8080]).map((containerPort) => ({
    containerPort,
    protocol: "TCP",
    ...maybe(random, { name: () => `p${containerPort}` }),
  }));
}

function container(random: Prng, name: string): JsonObject {
  return {
    name,
    image: random.pick(IMAGES),
    resources: {},
    ...maybe(random, {
      env: () => some(random, KEYS).map((key) => ({ name: key, value: random.pick(NAMES) })),
      args: () => some(random, KEYS),
      ports: () => ports(random),
      resources: () => ({ limits: { cpu: random.pick(["1", "2"]), memory: "1Gi" } }),
      volumeMounts: () => some(random, ["/a", "/b"]).map((mountPath) => ({ name: "data", mountPath })),
    }),
  };
}

function containers(random: Prng): JsonObject[] {
  const names = random.shuffled(NAMES).slice(0, 1 + random.below(3));
  return names.map((name) => container(random, name));
}

function podSpec(random: Prng): JsonObject {
  return {
    containers: containers(random),
    ...maybe(random, {
      volumes: () =>
        some(random, KEYS).map((name) => ({
          name,
          ...random.pick([{ emptyDir: {} }, { hostPath: { path: "/x" } }]),
        })),
      nodeSelector: () => labels(random),
      tolerations: () => some(random, KEYS).map((key) => ({ key, operator: "Exists" })),
      hostAliases: () =>
        some(random, ["10.0.0.1", "10.0.0.2"]).map((ip) => ({ ip, hostnames: some(random, KEYS) })),
      restartPolicy: () => "Always",
    }),
  };
}

function metadata(random: Prng): JsonObject {
  return {
    name: "web",
    namespace: "default",
    ...maybe(random, {
      labels: () => labels(random),
      annotations: () => labels(random),
      finalizers: () => some(random, ["a/x", "b/y", "c/z"]),
    }),
  };
}

function deployment(random: Prng): JsonObject {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: metadata(random),
    spec: {
      selector: { matchLabels: { app: "web" } },
      template: { metadata: { labels: { app: "web" } }, spec: podSpec(random) },
      ...maybe(random, {
        replicas: () => random.below(4),
        paused: () => true,
        strategy: () =>
          random.pick([
            { type: "Recreate" },
            { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: 1 } },
          ]),
      }),
    },
  };
}

export interface StrategicCase {
  readonly original: JsonObject;
  readonly patch: JsonObject;
}

export function strategicCase(random: Prng): StrategicCase {
  const original = deployment(random);
  return { original, patch: patchOf(random, deployment(random)) };
}

/** A patch towards another object that uses every directive now and then. */
function patchOf(random: Prng, wanted: JsonObject): JsonObject {
  const patch = { ...wanted } as Record<string, unknown>;
  const spec = { ...(wanted["spec"] as JsonObject) } as Record<string, unknown>;
  const template = spec["template"] as JsonObject;
  patch["metadata"] = directedMetadata(random, wanted["metadata"] as JsonObject);
  spec["template"] = { ...template, spec: directedPodSpec(random, template["spec"] as JsonObject) };
  if (random.below(4) === 0 && spec["strategy"] !== undefined)
    spec["strategy"] = {
      ...(spec["strategy"] as JsonObject),
      $retainKeys: ["type", "rollingUpdate"].slice(0, 1 + random.below(2)),
    };
  for (const name of ["replicas", "paused", "strategy"]) if (random.below(6) === 0) spec[name] = null;
  patch["spec"] =
    random.below(12) === 0 ? { ...spec, $patch: random.pick(["replace", "delete", "merge"]) } : spec;
  return patch;
}

function directedMetadata(random: Prng, given: JsonObject): JsonObject {
  const orders = { "$setElementOrder/finalizers": () => random.shuffled(["a/x", "b/y", "c/z"]) };
  /** Upstream deletes before it merges or after, as its maps happen to be ordered: only one of both is asked for. */
  const deletions = { "$deleteFromPrimitiveList/finalizers": () => some(random, ["a/x", "b/y"]) };
  const directives = given["finalizers"] === undefined ? { ...orders, ...deletions } : orders;
  return { ...given, ...maybe(random, { labels: () => ({ app: null, tier: "new" }), ...directives }, 4) };
}

function directedPodSpec(random: Prng, given: JsonObject): JsonObject {
  const spec = { ...given } as Record<string, unknown>;
  const items = (given["containers"] as JsonObject[]).map((each) => directedContainer(random, each));
  spec["containers"] = items;
  if (random.below(2) === 0)
    spec["$setElementOrder/containers"] =
      random.below(5) === 0
        ? random.shuffled(NAMES).map((name) => ({ name }))
        : [...items, ...NAMES.map((name) => ({ name }))]
            .map((each) => onlyName(each as JsonObject))
            .filter((each, index, all) => all.findIndex((other) => other["name"] === each["name"]) === index);
  if (random.below(5) === 0)
    spec["$setElementOrder/volumes"] = random.shuffled(KEYS).map((name) => ({ name }));
  if (random.below(3) === 0 && spec["volumes"] !== undefined)
    spec["volumes"] = (spec["volumes"] as JsonObject[]).map((each) => ({
      ...each,
      $retainKeys: Object.keys(each),
    }));
  if (random.below(6) === 0) spec["nodeSelector"] = { $patch: "replace", zone: "z" };
  if (random.below(8) === 0) delete spec["containers"];
  if (random.below(6) === 0) spec["volumes"] = null;
  return spec;
}

function onlyName({ name }: JsonObject): JsonObject {
  return name === undefined ? {} : { name };
}

function directedContainer(random: Prng, given: JsonObject): JsonObject {
  switch (random.below(12)) {
    case 0:
      return { name: given["name"], $patch: "delete" };
    case 1:
      return { $patch: "replace" };
    case 2:
      return { image: "unnamed" };
    case 3:
      return {
        ...given,
        args: null,
        env: [
          { name: "A", $patch: "delete" },
          { name: "D", value: "d" },
        ],
      };
    case 4:
      return { ...given, resources: { $patch: "replace", limits: { cpu: "4" } } };
    default:
      return given;
  }
}

export interface Step {
  readonly op: "apply" | "update";
  readonly manager: string;
  readonly subresource: string;
  readonly force: boolean;
  readonly object: JsonObject;
}

/** A few managers that write one Deployment in turn; what an update starts from is left to the caller. */
export function steps(random: Prng): Step[] {
  const count = 2 + random.below(5);
  return Array.from({ length: count }, () => {
    const op = random.below(3) === 0 ? "update" : "apply";
    return {
      op,
      manager: random.pick(["alice", "bob", "kubectl"]),
      subresource: random.below(6) === 0 ? "status" : "",
      force: random.below(2) === 0,
      object: op === "update" ? (withoutEmpty(deployment(random)) as JsonObject) : configuration(random),
    };
  });
}

/** As a server stores it: without lists and maps that are empty, with the struct that every container has. */
export function withoutEmpty(value: unknown, name = ""): unknown {
  if (Array.isArray(value))
    return value.length === 0 ? undefined : value.map((each) => withoutEmpty(each, name));
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value)
    .map(([key, member]) => [key, withoutEmpty(member, key)] as const)
    .filter(([, member]) => member !== undefined);
  const isMap = ["labels", "annotations", "nodeSelector"].includes(name);
  if (isMap && kept.length === 0) return undefined;
  return { ...(name === "containers" ? { resources: {} } : {}), ...Object.fromEntries(kept) };
}

/** A part of a Deployment. */
function configuration(random: Prng): JsonObject {
  const whole = deployment(random);
  const spec = whole["spec"] as JsonObject;
  const template = spec["template"] as JsonObject;
  const parts = maybe(random, {
    replicas: () => random.below(4),
    template: () => ({ spec: maybeSpec(random, template["spec"] as JsonObject) }),
    strategy: () => ({ type: "RollingUpdate" }),
  });
  return { ...whole, spec: parts };
}

function maybeSpec(random: Prng, spec: JsonObject): JsonObject {
  const kept = Object.entries(spec).filter(([name]) => name === "containers" || random.below(2) === 0);
  return Object.fromEntries(kept);
}
