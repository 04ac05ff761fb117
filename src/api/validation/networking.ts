// Ingresses and network policies.
// Source: pkg/apis/networking/validation/validation.go.
import ipaddr from "ipaddr.js";
import {
  checkPort,
  checkPortOrName,
  checkText,
  dns1035Label,
  dnsSubdomain,
  isPort,
  PORT_RANGE,
} from "./names.js";
import { checkSelector, type Fields, isSet, items, part, text } from "./checks.js";
import { type Failure, forbiddenField, invalidValue, required, unsupported } from "./failure.js";

const PATH_TYPES = ["Exact", "ImplementationSpecific", "Prefix"];
const BAD_SEQUENCES = ["//", "/./", "/../", "%2f", "%2F"];
const BAD_SUFFIXES = ["/..", "/."];

export function checkIngressClass(ingressClass: Fields, failures: Failure[]): void {
  const spec = part(ingressClass, "spec");
  if (text(spec, "controller") === "") failures.push(required("spec.controller"));
  if (!isSet(spec["parameters"])) return;
  for (const name of ["kind", "name"])
    if (text(part(spec, "parameters"), name) === "") failures.push(required(`spec.parameters.${name}`));
}

export function checkIngress(ingress: Fields, failures: Failure[]): void {
  const spec = part(ingress, "spec");
  const rules = items(spec, "rules");
  if (isSet(spec["defaultBackend"]))
    checkBackend(part(spec, "defaultBackend"), "spec.defaultBackend", failures);
  else if (rules.length === 0)
    failures.push(
      invalidValue("spec", spec["rules"] ?? null, "either `defaultBackend` or `rules` must be specified"),
    );
  rules.forEach((rule, index) => {
    const at = `spec.rules[${index}]`;
    checkHost(text(rule, "host"), `${at}.host`, failures);
    if (!isSet(rule["http"])) return;
    const paths = items(part(rule, "http"), "paths");
    if (paths.length === 0) failures.push(required(`${at}.http.paths`));
    paths.forEach((path, each) => {
      checkPath(path, `${at}.http.paths[${each}]`, failures);
    });
  });
  items(spec, "tls").forEach((tls, index) => {
    const hosts = (tls["hosts"] as readonly string[] | undefined) ?? [];
    hosts.forEach((host, each) => {
      checkHost(host, `spec.tls[${index}].hosts[${each}]`, failures);
    });
  });
  const name = text(spec, "ingressClassName");
  if (name !== "") checkText(dnsSubdomain, name, "spec.ingressClassName", failures);
}

function checkHost(host: string, path: string, failures: Failure[]): void {
  if (host === "") return;
  if (ipaddr.isValid(host) && (host.includes(":") || host.split(".").length === 4))
    failures.push(invalidValue(path, host, "must be a DNS name, not an IP address"));
  else checkText(dnsSubdomain, host.startsWith("*.") ? host.slice(2) : host, path, failures);
}

function checkPath(path: Fields, at: string, failures: Failure[]): void {
  const [type, value] = [text(path, "pathType"), text(path, "path")];
  if (type === "") {
    failures.push(required(`${at}.pathType`, "pathType must be specified"));
    return;
  }
  if (!PATH_TYPES.includes(type)) failures.push(unsupported(`${at}.pathType`, type, PATH_TYPES));
  else if (type === "ImplementationSpecific") {
    if (value !== "" && !value.startsWith("/"))
      failures.push(invalidValue(`${at}.path`, value, "must be an absolute path"));
  } else {
    if (!value.startsWith("/")) failures.push(invalidValue(`${at}.path`, value, "must be an absolute path"));
    for (const bad of BAD_SEQUENCES)
      if (value.includes(bad)) failures.push(invalidValue(`${at}.path`, value, `must not contain '${bad}'`));
    for (const bad of BAD_SUFFIXES)
      if (value.endsWith(bad)) failures.push(invalidValue(`${at}.path`, value, `cannot end with '${bad}'`));
  }
  checkBackend(part(path, "backend"), `${at}.backend`, failures);
}

function checkBackend(backend: Fields, path: string, failures: Failure[]): void {
  const hasService = isSet(backend["service"]);
  if (hasService && isSet(backend["resource"])) {
    failures.push(invalidValue(path, "", "cannot set both resource and service backends"));
    return;
  }
  if (!hasService) {
    if (!isSet(backend["resource"]))
      failures.push(invalidValue(path, "", "resource or service backend is required"));
    return;
  }
  const service = part(backend, "service");
  const name = text(service, "name");
  if (name === "") failures.push(required(`${path}.service.name`));
  else checkText(dns1035Label, name, `${path}.service.name`, failures);
  const port = part(service, "port");
  const hasName = text(port, "name") !== "";
  if (hasName && port["number"])
    failures.push(invalidValue(path, "", "cannot set both port name & port number"));
  else if (hasName) checkPortOrName(port["name"], `${path}.service.port.name`, failures);
  else if (port["number"]) checkPort(port["number"], `${path}.service.port.number`, failures);
  else failures.push(required(path, "port name or number is required"));
}

const POLICY_TYPES = ["Ingress", "Egress"];
const PROTOCOLS = ["TCP", "UDP", "SCTP"];

export function checkNetworkPolicy(policy: Fields, failures: Failure[]): void {
  const spec = part(policy, "spec");
  checkSelector(part(spec, "podSelector"), "spec.podSelector", failures);
  for (const [direction, peers] of [
    ["ingress", "from"],
    ["egress", "to"],
  ] as const)
    items(spec, direction).forEach((rule, index) => {
      const at = `spec.${direction}[${index}]`;
      items(rule, "ports").forEach((port, each) => {
        checkPolicyPort(port, `${at}.ports[${each}]`, failures);
      });
      items(rule, peers).forEach((peer, each) => {
        checkPeer(peer, `${at}.${peers}[${each}]`, failures);
      });
    });
  const types = items(spec, "policyTypes") as unknown as readonly string[];
  types.forEach((type, index) => {
    if (!POLICY_TYPES.includes(type))
      failures.push(unsupported(`spec.policyTypes[${index}]`, type, POLICY_TYPES));
  });
}

function checkPolicyPort(port: Fields, path: string, failures: Failure[]): void {
  if (isSet(port["protocol"]) && !PROTOCOLS.includes(port["protocol"] as string))
    failures.push(unsupported(`${path}.protocol`, port["protocol"], PROTOCOLS));
  const [first, last] = [port["port"], port["endPort"]];
  if (isSet(first)) checkPortOrName(first, `${path}.port`, failures);
  if (!isSet(last)) return;
  if (!isSet(first))
    failures.push(invalidValue(`${path}.endPort`, last, "may not be specified when `port` is not specified"));
  else if (typeof first === "string")
    failures.push(invalidValue(`${path}.endPort`, last, "may not be specified when `port` is non-numeric"));
  else if (!isPort(last)) failures.push(invalidValue(`${path}.endPort`, last, PORT_RANGE));
  else if ((last as number) < (first as number))
    failures.push(invalidValue(`${path}.endPort`, first, "must be greater than or equal to `port`"));
}

function checkPeer(peer: Fields, path: string, failures: Failure[]): void {
  const given = ["podSelector", "namespaceSelector", "ipBlock"].filter((name) => isSet(peer[name]));
  if (given.length === 0) failures.push(required(path, "must specify a peer"));
  if (given.length > 1 && isSet(peer["ipBlock"]))
    failures.push(forbiddenField(path, "may not specify both ipBlock and another peer"));
  for (const name of ["podSelector", "namespaceSelector"])
    if (isSet(peer[name])) checkSelector(part(peer, name), `${path}.${name}`, failures);
  const block = part(peer, "ipBlock");
  const cidr = text(block, "cidr");
  if (!isSet(peer["ipBlock"])) return;
  if (cidr === "") failures.push(required(`${path}.ipBlock.cidr`));
  else if (!ipaddr.isValidCIDR(cidr))
    failures.push(
      invalidValue(
        `${path}.ipBlock.cidr`,
        cidr,
        "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",
      ),
    );
}
