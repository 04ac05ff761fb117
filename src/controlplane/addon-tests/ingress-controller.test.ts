import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../base/prng.js";
import { IngressController } from "../addons/ingress/ingress-controller.js";
import { INGRESS_CLASSES, INGRESSES } from "../addons/ingress/ingress-objects.js";
import { SERVICES } from "../client/cluster-resources.js";
import { clientOf, EVENTS } from "../client/resources.js";
import { addonCluster } from "./addon-cluster.test-data.js";

function service(name: string, port: number) {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "default" },
    spec: { clusterIP: `10.96.0.${port % 250}`, ports: [{ name: "http", port }] },
  };
}

function ingress(name: string, spec: object) {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name, namespace: "default" },
    spec,
  };
}

function backend(name: string, port: object) {
  return { service: { name, port } };
}

async function startIngress() {
  const cluster = await addonCluster();
  const { client, informers, timers } = cluster;
  const controller = await IngressController.start({
    client,
    informers,
    timers,
    prng: new Prng(3),
    address: "203.0.113.1",
  });
  informers.start();
  await informers.synced();
  return {
    ...cluster,
    controller,
    addressOf: async (name: string) =>
      (await clientOf(client, INGRESSES, "default").get(name)).status?.loadBalancer?.ingress,
    events: async () =>
      (await clientOf(client, EVENTS, "default").list()).items.map(
        ({ type, reason, message }) => `${type} ${reason} ${message}`,
      ),
    end: async () => {
      await controller.stop();
      cluster.stop();
    },
  };
}

const WEB_RULES = [
  {
    host: "shop.example.com",
    http: {
      paths: [
        { path: "/", pathType: "Prefix", backend: backend("web", { number: 80 }) },
        { path: "/api", pathType: "ImplementationSpecific", backend: backend("api", { name: "http" }) },
        { path: "/health", pathType: "Exact", backend: backend("api", { number: 81 }) },
      ],
    },
  },
];

test("IngressController routes by rules and writes where traffic comes in", async () => {
  const { addressOf, controller, create, end, events, settle } = await startIngress();
  await create(SERVICES, service("web", 80));
  await create(SERVICES, service("api", 81));
  await create(INGRESSES, ingress("shop", { ingressClassName: "plumbline", rules: WEB_RULES }));
  await settle();
  const route = (path: string) => controller.route("shop.example.com", path);
  assert.deepEqual(route("/cart"), { namespace: "default", service: "web", port: 80 });
  assert.deepEqual(route("/api/v1"), { namespace: "default", service: "api", port: 81 });
  assert.equal(route("/health")?.service, "api");
  assert.equal(route("/health/x")?.service, "web");
  assert.equal(controller.route("other.example.com", "/"), null);
  assert.deepEqual(await addressOf("shop"), [{ ip: "203.0.113.1" }]);
  assert.deepEqual(await events(), ["Normal Sync Scheduled for sync"]);
  await end();
});

test("IngressController warns of backends that are not there, once, and finds them when they come", async () => {
  const { controller, create, end, events, settle } = await startIngress();
  await create(SERVICES, service("web", 80));
  await create(INGRESSES, ingress("shop", { ingressClassName: "plumbline", rules: WEB_RULES }));
  await settle();
  assert.equal(controller.route("shop.example.com", "/api"), null);
  const warning = 'Warning BackendNotFound Service "default/api" of a backend does not exist';
  assert.deepEqual(
    (await events()).filter((each) => each.startsWith("Warning")),
    [warning],
  );
  await create(SERVICES, service("api", 82));
  await settle();
  assert.deepEqual(controller.route("shop.example.com", "/api"), {
    namespace: "default",
    service: "api",
    port: 82,
  });
  assert.equal(controller.route("shop.example.com", "/health"), null);
  assert.ok(
    (await events()).includes('Warning BackendNotFound Service "default/api" of a backend has no port "81"'),
  );
  await end();
});

test("IngressController takes Ingresses without a class as long as its own is the default", async () => {
  const { addressOf, client, controller, create, end, settle } = await startIngress();
  await create(SERVICES, service("web", 80));
  await create(INGRESSES, ingress("bare", { defaultBackend: backend("web", { number: 80 }) }));
  await create(INGRESSES, ingress("other", { ingressClassName: "nginx", rules: WEB_RULES }));
  await settle();
  assert.equal(controller.route("anything", "/")?.service, "web");
  assert.equal(await addressOf("other"), undefined);
  const annotations = { "ingressclass.kubernetes.io/is-default-class": "false" };
  await clientOf(client, INGRESS_CLASSES, null).patch("plumbline", "merge", { metadata: { annotations } });
  await settle();
  assert.equal(controller.route("anything", "/"), null);
  assert.deepEqual((await addressOf("bare")) ?? [], []);
  await end();
});

test("IngressController forgets what is deleted, and sends a host without paths to the default backend", async () => {
  const { client, controller, create, end, settle } = await startIngress();
  await create(SERVICES, service("web", 80));
  const rules = [{ host: "*.example.com" }];
  await create(INGRESSES, ingress("hosts", { defaultBackend: backend("web", { number: 80 }), rules }));
  await settle();
  assert.equal(controller.route("a.example.com", "/x")?.service, "web");
  await clientOf(client, INGRESSES, "default").delete("hosts");
  await settle();
  assert.equal(controller.route("a.example.com", "/x"), null);
  await end();
});
