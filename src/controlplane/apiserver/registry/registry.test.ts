import assert from "node:assert/strict";
import { test } from "node:test";
import type { HttpMethod } from "../../protocol/api-request.js";
import type { KubeObject } from "../../../api/meta.js";
import type { Admission } from "../access.js";
import { pod, PODS, testServer } from "../api-server.test-data.js";

const MERGE = { "content-type": "application/merge-patch+json" };
const DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";
const deployment = (name: string, replicas = 1) => ({
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "c", image: "i" }] } },
  },
});

test("create gives an object its uid, time, generation and first state, and drops the status that was sent", async () => {
  const { object } = await testServer();
  const made = await object(201, "POST", PODS, { ...pod("web"), status: { phase: "Running" } });
  assert.equal(made.metadata.uid, "uid-1");
  assert.equal(made.metadata.namespace, "default");
  assert.equal(made.metadata.creationTimestamp, "2026-01-01T00:00:00Z");
  assert.equal(made.metadata.generation, 1);
  assert.equal(made.status["phase"], "Pending");
  assert.match(made.metadata.resourceVersion ?? "", /^\d+$/);
});

test("a Pod's QoS class is that of the requests and limits that admission gave it", async () => {
  const resources = { requests: { cpu: "1" } };
  const admission: Admission = {
    mutate: ({ object }) => {
      const spec = { containers: [{ name: "c", image: "i", resources }] };
      return { ...(object as KubeObject), spec } as KubeObject;
    },
    validate: () => undefined,
  };
  const { object } = await testServer({ admission });
  const made = await object(201, "POST", PODS, pod("web"));
  assert.deepEqual(made.status, { phase: "Pending", qosClass: "Burstable" });
});

test("a patch that leaves what the schema does not allow is Invalid, in the words of its kind", async () => {
  const { object } = await testServer();
  const made = await object(201, "POST", DEPLOYMENTS, deployment("web"));
  const refused = async (type: string, patch: object, query = "") => {
    const headers = { "content-type": `application/${type}+json` };
    const body = Buffer.from(JSON.stringify(patch));
    const status = await object(422, "PATCH", `${DEPLOYMENTS}/web${query}`, body, headers);
    assert.equal(status.reason, "Invalid");
    return status.message;
  };
  const strategic = (patch: object, query?: string) => refused("strategic-merge-patch", patch, query);
  const wrong = (shown: string, why: string) => ` "" is invalid: patch: Invalid value: "${shown}": ${why}`;
  assert.equal(
    await strategic({ spec: { replicas: "x" } }),
    wrong("map[spec:map[replicas:x]]", "unrecognized type: int32"),
  );
  assert.equal(
    await strategic({ metadata: { labels: { b: null, a: 1 } } }),
    wrong("map[metadata:map[labels:map[a:1 b:<nil>]]]", "cannot convert int64 to string"),
  );
  assert.equal(
    await strategic({ spec: { nosuch: [1, true] } }, "?fieldValidation=Strict"),
    wrong("map[spec:map[nosuch:[1 true]]]", 'strict decoding error: unknown field "spec.nosuch"'),
  );
  const merged = await refused("merge-patch", { spec: { replicas: "x" } });
  assert.match(merged, /^ "" is invalid: patch: Invalid value: "\{.*\\"replicas\\":\\"x\\"/);
  assert.match(merged, /json: cannot unmarshal string into Go struct field .*spec\.replicas of type int32$/);
  assert.equal(
    (await object(200, "GET", `${DEPLOYMENTS}/web`)).metadata.resourceVersion,
    made.metadata.resourceVersion,
  );
});

test("create answers a status that clients can read before a controller has seen the object", async () => {
  const { object } = await testServer();
  const made = await object(201, "POST", DEPLOYMENTS, deployment("web"));
  assert.deepEqual(made.status, {});
  const daemons = { ...deployment("agent"), spec: { ...deployment("agent").spec, replicas: undefined } };
  const daemonSet = await object(201, "POST", "/apis/apps/v1/namespaces/default/daemonsets", daemons);
  assert.deepEqual(daemonSet.status, {
    currentNumberScheduled: 0,
    numberMisscheduled: 0,
    desiredNumberScheduled: 0,
    numberReady: 0,
  });
});

test("create refuses a taken name with upstream's words", async () => {
  const { object } = await testServer();
  await object(201, "POST", DEPLOYMENTS, deployment("web"));
  const { message, reason, details } = await object(409, "POST", DEPLOYMENTS, deployment("web"));
  assert.equal(message, 'deployments.apps "web" already exists');
  assert.equal(reason, "AlreadyExists");
  assert.deepEqual(details, { name: "web", group: "apps", kind: "deployments" });
});

test("create makes a name of five letters when only generateName is given", async () => {
  const { object } = await testServer();
  const made = await object(201, "POST", PODS, { ...pod(""), metadata: { generateName: "web-" } });
  assert.match(made.metadata.name, /^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
});

test("create with dryRun=All answers the object and stores nothing", async () => {
  const { object } = await testServer();
  await object(201, "POST", `${PODS}?dryRun=All`, pod("web"));
  await object(404, "GET", `${PODS}/web`);
});

test("options that mean nothing are refused, and nothing is written", async () => {
  const { object } = await testServer();
  const refused = async (method: HttpMethod, path: string, body?: object, headers?: Record<string, string>) =>
    (await object(422, method, path, body, headers)).message;
  assert.equal(
    await refused("POST", `${PODS}?dryRun=all`, pod("web")),
    'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["all"]: supported values: "All"',
  );
  assert.equal(
    await refused("POST", `${PODS}?fieldManager=${"m".repeat(129)}`, pod("web")),
    'CreateOptions.meta.k8s.io "" is invalid: fieldManager: Too long: may not be more than 128 bytes',
  );
  await object(404, "GET", `${PODS}/web`);
  await object(201, "POST", PODS, pod("web"));
  assert.equal(
    await refused("PATCH", `${PODS}/web?force=true`, {}, MERGE),
    'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
  );
  assert.equal(
    await refused("DELETE", `${PODS}/web?propagationPolicy=Foo`),
    'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Foo": supported values: "Foreground", "Background", "Orphan", "nil"',
  );
  await refused("DELETE", `${PODS}/web?dryRun=yes`);
  await refused("DELETE", `${PODS}/web`, { dryRun: ["yes"] });
  await object(200, "GET", `${PODS}/web`);
});

test("a collection cannot be changed, nor an object be created in one", async () => {
  const { object } = await testServer();
  await object(405, "POST", `${PODS}/web`, pod("web"));
  await object(405, "PUT", PODS, pod("web"));
  await object(405, "PATCH", PODS, {}, MERGE);
});

test("the update that ends a deletion answers the object as it left it", async () => {
  const { object } = await testServer();
  const path = "/api/v1/namespaces/default/configmaps";
  await object(201, "POST", path, { metadata: { name: "kept", finalizers: ["example.com/keep"] } });
  await object(200, "DELETE", `${path}/kept`);
  const last = await object(200, "PATCH", `${path}/kept`, { metadata: { finalizers: null } }, MERGE);
  assert.equal(last.metadata.finalizers, undefined);
  await object(404, "GET", `${path}/kept`);
});

test("create refuses names that would lead elsewhere in paths", async () => {
  const { object } = await testServer();
  for (const name of ["..", "a/b", "a%2fb"]) await object(422, "POST", PODS, pod(name));
});

test("update counts a change of the spec in generation, and one of the status not", async () => {
  const { object } = await testServer();
  const made = await object(201, "POST", DEPLOYMENTS, deployment("web"));
  const scaled = await object(200, "PUT", `${DEPLOYMENTS}/web`, {
    ...made,
    spec: { ...made.spec, replicas: 2 },
  });
  assert.equal(scaled.metadata.generation, 2);
  const told = await object(200, "PUT", `${DEPLOYMENTS}/web/status`, {
    ...scaled,
    spec: { ...scaled.spec, replicas: 9 },
    status: { replicas: 2 },
  });
  assert.equal(told.metadata.generation, 2);
  assert.equal(told.spec["replicas"], 2);
  const labelled = await object(200, "PUT", `${DEPLOYMENTS}/web`, { ...told, status: { replicas: 7 } });
  assert.equal(labelled.status["replicas"], 2);
});

test("update that was based on an older version is refused, one without a version is not", async () => {
  const { object } = await testServer();
  const made = await object(201, "POST", DEPLOYMENTS, deployment("web"));
  await object(200, "PUT", `${DEPLOYMENTS}/web`, deployment("web", 2));
  const { message } = await object(409, "PUT", `${DEPLOYMENTS}/web`, made);
  assert.equal(
    message,
    'Operation cannot be fulfilled on deployments.apps "web": the object has been modified; please apply your changes to the latest version and try again',
  );
});

test("update that changes nothing keeps the resourceVersion", async () => {
  const { object } = await testServer();
  const made = await object(201, "POST", DEPLOYMENTS, deployment("web"));
  const same = await object(200, "PUT", `${DEPLOYMENTS}/web`, made);
  assert.equal(same.metadata.resourceVersion, made.metadata.resourceVersion);
});

test("update of a Lease that does not exist creates it, of a ConfigMap it is not found", async () => {
  const { object } = await testServer();
  const leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
  await object(201, "PUT", `${leases}/a`, { metadata: { name: "a" }, spec: { holderIdentity: "x" } });
  await object(404, "PUT", "/api/v1/namespaces/default/configmaps/a", { metadata: { name: "a" } });
});

test("fifty updates at once all take effect, each seeing those before it", async () => {
  const { object, ask } = await testServer();
  await object(201, "POST", "/api/v1/namespaces/default/configmaps", { metadata: { name: "a" }, data: {} });
  await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      ask(
        "PATCH",
        "/api/v1/namespaces/default/configmaps/a",
        { data: { [`k${index}`]: "v" } },
        {
          "content-type": "application/merge-patch+json",
        },
      ),
    ),
  );
  const { data } = (await object(200, "GET", "/api/v1/namespaces/default/configmaps/a")) as unknown as {
    data: object;
  };
  assert.equal(Object.keys(data).length, 50);
});

test("patch merges lists by key when strategic, and replaces them when it is a merge patch", async () => {
  const { object } = await testServer();
  await object(201, "POST", PODS, pod("web"));
  const patch = { spec: { containers: [{ name: "d", image: "j" }] } };
  const merged = await object(200, "PATCH", `${PODS}/web`, patch, {
    "content-type": "application/strategic-merge-patch+json",
  });
  assert.equal((merged.spec["containers"] as unknown[]).length, 2);
  const replaced = await object(200, "PATCH", `${PODS}/web`, patch, {
    "content-type": "application/merge-patch+json",
  });
  assert.equal((replaced.spec["containers"] as unknown[]).length, 1);
});

test("patch of unknown type is refused with 415", async () => {
  const { object } = await testServer();
  await object(201, "POST", PODS, pod("web"));
  await object(415, "PATCH", `${PODS}/web`, {}, { "content-type": "text/plain" });
});

test("delete removes a Pod that no node has at once, and lets a node end the others", async () => {
  const { object } = await testServer();
  await object(201, "POST", PODS, pod("idle"));
  await object(200, "DELETE", `${PODS}/idle`);
  await object(404, "GET", `${PODS}/idle`);
  await object(201, "POST", PODS, pod("busy", { nodeName: "n1" }));
  const dying = await object(200, "DELETE", `${PODS}/busy`);
  assert.equal(dying.metadata.deletionGracePeriodSeconds, 30);
  assert.equal(dying.metadata.deletionTimestamp, "2026-01-01T00:00:30Z");
  const hastened = await object(200, "DELETE", `${PODS}/busy?gracePeriodSeconds=5`);
  assert.equal(hastened.metadata.deletionGracePeriodSeconds, 5);
  await object(200, "DELETE", `${PODS}/busy`, {
    gracePeriodSeconds: 0,
    preconditions: { uid: dying.metadata.uid },
  });
  await object(404, "GET", `${PODS}/busy`);
});

test("delete with a wrong uid is a conflict", async () => {
  const { object } = await testServer();
  await object(201, "POST", PODS, pod("web"));
  const { message } = await object(409, "DELETE", `${PODS}/web`, { preconditions: { uid: "other" } });
  assert.match(message, /Precondition failed: UID in precondition: other, UID in object meta: uid-1/);
});

test("delete waits for finalizers: propagation adds its own, and removing the last one ends the object", async () => {
  const { object } = await testServer();
  await object(201, "POST", DEPLOYMENTS, deployment("web"));
  const marked = await object(200, "DELETE", `${DEPLOYMENTS}/web`, { propagationPolicy: "Foreground" });
  assert.deepEqual(marked.metadata.finalizers, ["foregroundDeletion"]);
  assert.ok(marked.metadata.deletionTimestamp);
  const { message } = await object(
    422,
    "PATCH",
    `${DEPLOYMENTS}/web`,
    { metadata: { finalizers: ["foregroundDeletion", "a.b/c"] } },
    {
      "content-type": "application/merge-patch+json",
    },
  );
  assert.match(message, /no new finalizers can be added/);
  await object(
    200,
    "PATCH",
    `${DEPLOYMENTS}/web`,
    { metadata: { finalizers: null } },
    {
      "content-type": "application/merge-patch+json",
    },
  );
  await object(404, "GET", `${DEPLOYMENTS}/web`);
});

test("delete of a namespace waits for its contents, and finalize ends it", async () => {
  const { object } = await testServer();
  await object(201, "POST", "/api/v1/namespaces", { metadata: { name: "a" } });
  const dying = await object(200, "DELETE", "/api/v1/namespaces/a");
  assert.equal(dying.status["phase"], "Terminating");
  await object(409, "DELETE", "/api/v1/namespaces/a");
  await object(200, "PUT", "/api/v1/namespaces/a/finalize", { ...dying, spec: { finalizers: [] } });
  await object(404, "GET", "/api/v1/namespaces/a");
});

test("deletecollection deletes what the selector means", async () => {
  const { object } = await testServer();
  await object(201, "POST", PODS, pod("a", {}, { app: "x" }));
  await object(201, "POST", PODS, pod("b", {}, { app: "y" }));
  await object(200, "DELETE", `${PODS}?labelSelector=app%3Dx`);
  const { items } = await object(200, "GET", PODS);
  assert.deepEqual(
    items.map((each) => each.metadata.name),
    ["b"],
  );
});

test("list in pages keeps to the revision of its first page, whatever happens meanwhile", async () => {
  const { object } = await testServer();
  for (const name of ["a", "b", "c", "d", "e"]) await object(201, "POST", PODS, pod(name));
  const first = await object(200, "GET", `${PODS}?limit=2`);
  const { continue: next, remainingItemCount } = first.metadata as unknown as Record<string, string>;
  assert.equal(remainingItemCount, 3);
  await object(200, "DELETE", `${PODS}/c`);
  await object(201, "POST", PODS, pod("cc"));
  const second = await object(200, "GET", `${PODS}?limit=2&continue=${next}`);
  assert.deepEqual(
    second.items.map((each) => each.metadata.name),
    ["c", "d"],
  );
  assert.equal(second.metadata.resourceVersion, first.metadata.resourceVersion);
});

test("list continued after compaction is Expired", async () => {
  const { object, store } = await testServer();
  for (const name of ["a", "b", "c"]) await object(201, "POST", PODS, pod(name));
  const first = await object(200, "GET", `${PODS}?limit=1`);
  const { continue: next } = first.metadata as unknown as Record<string, string>;
  await object(201, "POST", PODS, pod("d"));
  await store.compact(store.revision());
  const { reason } = await object(410, "GET", `${PODS}?limit=1&continue=${next}`);
  assert.equal(reason, "Expired");
});

test("list selects by labels and fields, and refuses fields it does not know", async () => {
  const { object } = await testServer();
  await object(201, "POST", PODS, pod("a", { nodeName: "n1" }, { tier: "front" }));
  await object(201, "POST", PODS, pod("b", { nodeName: "n2" }, { tier: "back" }));
  const names = async (query: string) =>
    (await object(200, "GET", `/api/v1/pods?${query}`)).items.map((each) => each.metadata.name);
  assert.deepEqual(await names("labelSelector=tier+in+(front,other)"), ["a"]);
  assert.deepEqual(await names("labelSelector=!tier"), []);
  assert.deepEqual(await names("labelSelector=tier!%3Dfront"), ["b"]);
  assert.deepEqual(await names("fieldSelector=spec.nodeName%3Dn2"), ["b"]);
  assert.deepEqual(await names("fieldSelector=spec.nodeName!%3Dn2,status.phase!%3DFailed"), ["a"]);
  assert.deepEqual(await names("fieldSelector=metadata.name%3Da,metadata.namespace%3Ddefault"), ["a"]);
  const { message } = await object(400, "GET", "/api/v1/pods?fieldSelector=spec.foo%3Dx");
  assert.equal(message, "field label not supported: spec.foo");
});

test("list refuses a resourceVersion that does not exist yet, and combinations that mean nothing", async () => {
  const { object } = await testServer();
  const { details } = await object(504, "GET", `${PODS}?resourceVersion=99`);
  assert.equal((details["causes"] as { reason: string }[])[0]?.reason, "ResourceVersionTooLarge");
  await object(400, "GET", `${PODS}?resourceVersion=x`);
  await object(400, "GET", `${PODS}?continue=!!`);
  const refused = async (query: string) => (await object(422, "GET", `${PODS}?${query}`)).message;
  assert.equal(
    await refused("resourceVersionMatch=Exact"),
    'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
  );
  assert.match(await refused("sendInitialEvents=true"), /sendInitialEvents is forbidden for list/);
  assert.match(
    await refused("watch=1&resourceVersion=1&resourceVersionMatch=NotOlderThan"),
    /resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided/,
  );
  assert.match(
    await refused("watch=1&sendInitialEvents=true&resourceVersionMatch=Exact&resourceVersion=1"),
    /sendInitialEvents requires setting resourceVersionMatch to NotOlderThan, .*Unsupported value: "Exact"/,
  );
});

test("lists of other versions are converted: an autoscaler of v1 is stored and read as v2", async () => {
  const { object } = await testServer();
  const path = (version: string) =>
    `/apis/autoscaling/${version}/namespaces/default/horizontalpodautoscalers`;
  await object(201, "POST", path("v1"), {
    metadata: { name: "h" },
    spec: {
      maxReplicas: 3,
      targetCPUUtilizationPercentage: 50,
      scaleTargetRef: { kind: "Deployment", name: "web" },
    },
  });
  const { items } = await object(200, "GET", path("v2"));
  assert.equal((items[0]?.spec["metrics"] as unknown[] | undefined)?.length, 1);
  const back = await object(200, "GET", `${path("v1")}/h`);
  assert.equal(back.spec["targetCPUUtilizationPercentage"], 50);
});

test("unknown groups, resources and verbs are refused", async () => {
  const { object } = await testServer();
  await object(404, "GET", "/apis/nope/v1/things");
  await object(404, "GET", "/api/v1/namespaces/default/nodes");
  await object(405, "POST", "/api/v1/pods", pod("a"));
  await object(405, "DELETE", "/api/v1/namespaces");
  await object(404, "GET", `${PODS}/a/nope`);
});
