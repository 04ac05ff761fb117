import { deepStrictEqual, equal, match, notEqual, throws } from "node:assert/strict";
import { test } from "node:test";
import { applyDefaults } from "../../../api/defaults/apply-defaults.js";
import type { KubeObject } from "../../../api/meta.js";
import type { ServiceSpec } from "../../../api/types.js";
import { validateUpdate } from "../../../api/validation/validate.js";
import { Prng } from "../../../base/prng.js";
import { ManualTimers } from "../../../base/timers.js";
import type { AdmissionRequest } from "../access.js";
import { MemoryObjects } from "../memory-objects.test-data.js";
import { kindRow } from "../object-access.js";
import { addressRange } from "./address-range.js";
import { serviceAddresses } from "./service-addresses.js";

const SERVICES = kindRow("", "services");
const USER = { username: "alice", uid: "", groups: [], extra: {} };

type Service = KubeObject & { readonly spec: ServiceSpec };

function service(name: string, spec: object): Service {
  const metadata = { name, namespace: "default" };
  return applyDefaults({
    apiVersion: "v1",
    kind: "Service",
    metadata,
    spec: { ports: [{ port: 80 }], selector: { app: name }, ...spec },
  } as unknown as Service);
}

/** A server that stores what is given. */
function server(options: { ranges?: readonly string[]; objects?: MemoryObjects } = {}) {
  const objects = options.objects ?? new MemoryObjects();
  const timers = new ManualTimers();
  const plugin = serviceAddresses({
    reader: objects,
    clock: timers,
    prng: new Prng(7),
    serviceRanges: options.ranges ?? ["10.96.0.0/12"],
    nodePorts: [30_000, 32_767],
  });
  const request = (operation: AdmissionRequest["operation"], object: Service, oldObject: Service | null) => ({
    operation,
    kind: SERVICES,
    subresource: "",
    namespace: "default",
    name: object.metadata.name,
    user: USER,
    isDryRun: false,
    object,
    oldObject,
  });
  const admit = (object: Service, old: Service | null = null) =>
    plugin.mutate?.(request(old === null ? "CREATE" : "UPDATE", object, old)) as Service;
  return {
    objects,
    timers,
    admit,
    create(object: Service): Service {
      const made = admit(object);
      objects.put(SERVICES, made);
      return made;
    },
    trial: (object: Service, old: Service | null = null) =>
      plugin.mutate?.({
        ...request(old === null ? "CREATE" : "UPDATE", object, old),
        isDryRun: true,
      }) as Service,
    deleting: (object: Service) => plugin.mutate?.(request("DELETE", object, object)),
  };
}

test("addressRange counts from the first usable address, and knows what lies outside", () => {
  const range = addressRange("10.96.0.0/12");
  equal(range.indexOf("10.96.0.1"), 0);
  equal(range.addressAt(0), "10.96.0.1");
  equal(range.addressAt(255), "10.96.1.0");
  equal(range.size, 2 ** 20 - 2);
  equal(range.staticCount, 256);
  equal(range.indexOf("10.96.0.0"), null);
  equal(range.indexOf("10.112.0.1"), null);
  const wide = addressRange("fd00:10:96::/112");
  equal(wide.addressAt(0), "fd00:10:96::1");
  equal(wide.indexOf("fd00:10:96::ff"), 254);
});

test("serviceAddresses gives a cluster IP above the static band, the same for the same seed", () => {
  const [one, other] = [server().create(service("a", {})), server().create(service("a", {}))];
  equal(one.spec.clusterIP, other.spec.clusterIP);
  deepStrictEqual(one.spec.clusterIPs, [one.spec.clusterIP]);
  deepStrictEqual([one.spec.ipFamilies, one.spec.ipFamilyPolicy], [["IPv4"], "SingleStack"]);
  equal((addressRange("10.96.0.0/12").indexOf(one.spec.clusterIP ?? "") ?? 0) >= 256, true);
});

test("serviceAddresses refuses an address, when another Service holds it, and gives it when that one is gone", () => {
  const { objects, create, deleting, admit } = server();
  const first = create(service("a", { clusterIP: "10.96.0.9" }));
  throws(() => admit(service("b", { clusterIP: "10.96.0.9" })), {
    message:
      'Service "b" is invalid: spec.clusterIPs: Invalid value: ["10.96.0.9"]: failed to allocate IP 10.96.0.9: provided IP is already allocated',
  });
  throws(
    () => admit(service("b", { clusterIP: "10.1.1.1" })),
    /is not in the valid range. The range of valid IPs is 10.96.0.0\/12$/,
  );
  deleting(first);
  throws(() => admit(service("b", { clusterIP: "10.96.0.9" })), /already allocated/, "a finalizer keeps it");
  objects.put(SERVICES, { ...first, spec: { ...first.spec, clusterIP: "", clusterIPs: [] } } as Service);
  equal(admit(service("b", { clusterIP: "10.96.0.9" })).spec.clusterIP, "10.96.0.9");
});

test("serviceAddresses keeps a number for a write on its way, and no longer", async () => {
  const { admit, timers } = server();
  admit(service("a", { clusterIP: "10.96.0.9" }));
  throws(() => admit(service("b", { clusterIP: "10.96.0.9" })), /already allocated/);
  await timers.advance(61_000);
  equal(admit(service("b", { clusterIP: "10.96.0.9" })).spec.clusterIP, "10.96.0.9");
});

test("serviceAddresses knows what stored Services hold, after a start", () => {
  const first = server();
  const made = first.create(service("a", { type: "NodePort" }));
  const again = server({ objects: first.objects });
  const nodePort = made.spec.ports?.[0]?.nodePort;
  match(String(nodePort), /^3[0-2]\d{3}$/);
  throws(() => again.admit(service("b", { type: "NodePort", ports: [{ port: 80, nodePort }] })), {
    message: `Service "b" is invalid: spec.ports[0].nodePort: Invalid value: ${nodePort}: provided port is already allocated`,
  });
  throws(
    () => again.admit(service("b", { type: "NodePort", ports: [{ port: 80, nodePort: 80 }] })),
    /Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767$/,
  );
});

test("serviceAddresses gives one node port for a port of two protocols, and one for health checks", () => {
  const ports = [
    { name: "t", port: 53, protocol: "TCP" },
    { name: "u", port: 53, protocol: "UDP" },
  ];
  const made = server().create(
    service("dns", { type: "LoadBalancer", externalTrafficPolicy: "Local", ports }),
  );
  const [tcp, udp] = made.spec.ports ?? [];
  equal(tcp?.nodePort, udp?.nodePort);
  notEqual(made.spec.healthCheckNodePort, tcp?.nodePort);
  match(String(made.spec.healthCheckNodePort), /^3[0-2]\d{3}$/);
});

test("serviceAddresses keeps what was given through an update, and drops node ports with the type", () => {
  const { create, admit } = server();
  const made = create(service("a", { type: "NodePort" }));
  const updated = admit(service("a", { type: "NodePort" }), made);
  deepStrictEqual(updated.spec.clusterIPs, made.spec.clusterIPs);
  deepStrictEqual(updated.spec.ports, made.spec.ports);
  const inner = admit({ ...made, spec: { ...made.spec, type: "ClusterIP" } }, made);
  equal(inner.spec.ports?.[0]?.nodePort, undefined);
  equal(inner.spec.clusterIP, made.spec.clusterIP);
  const outer = admit(service("a", { type: "ExternalName", externalName: "example.com" }), made);
  equal(outer.spec.clusterIP, undefined);
});

test("serviceAddresses gives addresses of both families, on a cluster that has both", () => {
  const ranges = ["10.96.0.0/12", "fd00:10:96::/112"];
  const made = server({ ranges }).create(service("a", { ipFamilyPolicy: "PreferDualStack" }));
  deepStrictEqual(made.spec.ipFamilies, ["IPv4", "IPv6"]);
  match(made.spec.clusterIPs?.[1] ?? "", /^fd00:10:96::/);
  throws(
    () => server().admit(service("a", { ipFamilyPolicy: "RequireDualStack" })),
    /this cluster is not configured for dual-stack services$/,
  );
  const headless = server().create(service("h", { clusterIP: "None" }));
  deepStrictEqual([headless.spec.clusterIPs, headless.spec.ipFamilies], [["None"], ["IPv4"]]);
});

test("serviceAddresses drops what a type no longer has, when a client sends back what it read", () => {
  const { create, admit } = server();
  const made = create(service("a", { type: "LoadBalancer", externalTrafficPolicy: "Local" }));
  const inner = admit({ ...made, spec: { ...made.spec, type: "ClusterIP" } }, made).spec;
  deepStrictEqual(
    [inner.externalTrafficPolicy, inner.healthCheckNodePort, inner.allocateLoadBalancerNodePorts],
    [undefined, undefined, undefined],
  );
  const external = { ...made.spec, type: "ExternalName" as const, externalName: "example.com" };
  const outer = admit({ ...made, spec: external }, made).spec;
  deepStrictEqual([outer.clusterIP, outer.clusterIPs, outer.ipFamilies], [undefined, undefined, undefined]);
});

test("a dry run shows what a Service would get, and another can have it at once", () => {
  const { trial, create } = server();
  const spec = { type: "NodePort", clusterIP: "10.96.0.77", ports: [{ port: 80, nodePort: 30_080 }] };
  equal(trial(service("tried", spec)).spec.clusterIP, "10.96.0.77");
  const made = create(service("made", spec));
  equal(made.spec.ports?.[0]?.nodePort, 30_080);
});

test("a dry run of an update takes nothing from the Service that it shows", () => {
  const { trial, create } = server();
  const made = create(service("web", { type: "NodePort" }));
  trial(made, made);
  throws(
    () => create(service("other", { type: "NodePort", clusterIP: made.spec.clusterIP })),
    /already allocated/,
  );
});

test("an update that changes the single address alone means the list's first too, and is refused for it", () => {
  const { create, admit } = server();
  const made = create(service("web", {}));
  const changed = admit({ ...made, spec: { ...made.spec, clusterIP: "10.96.0.50" } }, made);
  deepStrictEqual(changed.spec.clusterIPs, ["10.96.0.50"]);
  const [failure] = validateUpdate(changed, made);
  equal(failure?.message, 'Invalid value: ["10.96.0.50"]: may not change once set');
});
