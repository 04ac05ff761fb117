// Ingresses and network policies.
// Source: pkg/apis/networking/validation/validation.go.
import ipaddr from "ipaddr.js";
import type { KubeObject } from "../meta.js";
import {
  checkPort,
  checkPortOrName,
  checkText,
  dnsLabel,
  dnsSubdomain,
  isAddress,
  pathSegment,
  wildcardSubdomain,
} from "./names.js";
import { checkChoice, checkSelector, type Fields, isSet, items, part, text } from "./checks.js";
import {
  type Failure,
  forbiddenField,
  IMMUTABLE,
  invalidValue,
  required,
  tooLong,
  unsupported,
} from "./failure.js";

const PATH_TYPES = ["Exact", "ImplementationSpecific", "Prefix"];
const BAD_SEQUENCES = ["//", "/./", "/../", "%2f", "%2F"];
/** Of an ingress class. */
const CONTROLLER_BYTES_MAX = 250;
const PARAMETERS_SCOPES = ["Cluster", "Namespace"];
const HTTP_PATH = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
const BAD_SUFFIXES = ["/..", "/."];

export function checkIngressClass(ingressClass: Fields, failures: Failure[]): void {
  const spec = part(ingressClass, "spec");
  const controller = text(spec, "controller");
  if (controller.length > CONTROLLER_BYTES_MAX)
    failures.push(tooLong("spec.controller", CONTROLLER_BYTES_MAX));
  checkPrefixedPath(controller, "spec.controller", failures);
  if (isSet(spec["parameters"])) checkClassParameters(part(spec, "parameters"), failures);
}

/** "acme.io/foo" */
function checkPrefixedPath(value: string, path: string, failures: Failure[]): void {
  const slash = value.indexOf("/");
  const rest = value.slice(slash + 1);
  if (value === "") failures.push(required(path));
  else if (slash < 1 || rest === "")
    failures.push(invalidValue(path, value, 'must be a domain-prefixed path (such as "acme.io/foo")'));
  else {
    checkText(dnsSubdomain, value.slice(0, slash), path, failures);
    if (!new RegExp(`^${HTTP_PATH}$`).test(rest))
      failures.push(invalidValue(path, rest, `Invalid path (regex used for validation is '${HTTP_PATH}')`));
  }
}

function checkClassParameters(parameters: Fields, failures: Failure[]): void {
  const at = "spec.parameters";
  checkObjectReference(parameters, at, failures);
  const { namespace, scope } = parameters;
  if (!isSet(scope)) failures.push(required(`${at}.scope`));
  else checkChoice(scope, PARAMETERS_SCOPES, `${at}.scope`, failures);
  if (scope === "Namespace" && !isSet(namespace))
    failures.push(required(`${at}.namespace`, "`parameters.scope` is set to 'Namespace'"));
  else if (scope === "Namespace") checkText(dnsLabel, namespace as string, `${at}.namespace`, failures);
  else if (scope === "Cluster" && isSet(namespace))
    failures.push(forbiddenField(`${at}.namespace`, "`parameters.scope` is set to 'Cluster'"));
}

function checkObjectReference(reference: Fields, path: string, failures: Failure[]): void {
  if (isSet(reference["apiGroup"]))
    checkText(dnsSubdomain, text(reference, "apiGroup"), `${path}.apiGroup`, failures);
  for (const name of ["kind", "name"]) {
    const value = text(reference, name);
    if (value === "") failures.push(required(`${path}.${name}`));
    else checkText(pathSegment, value, `${path}.${name}`, failures);
  }
}

export function checkIngressClassUpdate(next: KubeObject, current: KubeObject, failures: Failure[]): void {
  const [after, before] = [next, current].map((object) =>
    text(part(object as unknown as Fields, "spec"), "controller"),
  );
  if (after !== before) failures.push(invalidValue("spec.controller", after, IMMUTABLE));
}

const CLASS_ANNOTATION = "kubernetes.io/ingress.class";

/** The older way to name a class and the newer one must agree at first. */
export function checkNewIngress(ingress: Fields, failures: Failure[]): void {
  const named = part(part(ingress, "metadata"), "annotations")[CLASS_ANNOTATION];
  const name = part(ingress, "spec")["ingressClassName"];
  if (isSet(named) && isSet(name) && named !== name)
    failures.push(
      invalidValue(
        `annotations.${CLASS_ANNOTATION}`,
        named,
        "must match `ingressClassName` when both are specified",
      ),
    );
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
    const hosts = (tls["hosts"] as readonly (string | null)[] | undefined | null) ?? [];
    hosts.forEach((host, each) => {
      checkHostName(host ?? "", `spec.tls[${index}].hosts[${each}]`, failures);
    });
    const secret = text(tls, "secretName");
    if (secret !== "") checkText(dnsSubdomain, secret, `spec.tls[${index}].secretName`, failures);
  });
  if (isSet(spec["ingressClassName"]))
    checkText(dnsSubdomain, text(spec, "ingressClassName"), "spec.ingressClassName", failures);
}

function checkHost(host: string, path: string, failures: Failure[]): void {
  if (host === "") return;
  if (isAddress(host)) failures.push(invalidValue(path, host, "must be a DNS name, not an IP address"));
  checkHostName(host, path, failures);
}

/** A star stands for one label, in front. */
function checkHostName(host: string, path: string, failures: Failure[]): void {
  checkText(host.includes("*") ? wildcardSubdomain : dnsSubdomain, host, path, failures);
}

function checkPath(path: Fields, at: string, failures: Failure[]): void {
  const [type, value] = [text(path, "pathType"), text(path, "path")];
  if (!isSet(path["pathType"])) {
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
    if (isSet(backend["resource"]))
      checkObjectReference(part(backend, "resource"), `${path}.resource`, failures);
    else failures.push(invalidValue(path, "", "resource or service backend is required"));
    return;
  }
  const service = part(backend, "service");
  const name = text(service, "name");
  if (name === "") failures.push(required(`${path}.service.name`));
  else checkText(dnsLabel, name, `${path}.service.name`, failures);
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
  if (types.length > POLICY_TYPES.length) {
    failures.push(invalidValue("spec.policyTypes", types, "may not specify more than two policyTypes"));
    return;
  }
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
  else {
    if ((last as number) < (first as number))
      failures.push(invalidValue(`${path}.endPort`, first, "must be greater than or equal to `port`"));
    checkPort(last, `${path}.endPort`, failures);
  }
}

function checkPeer(peer: Fields, path: string, failures: Failure[]): void {
  const given = ["podSelector", "namespaceSelector", "ipBlock"].filter((name) => isSet(peer[name]));
  if (given.length === 0) failures.push(required(path, "must specify a peer"));
  if (given.length > 1 && isSet(peer["ipBlock"]))
    failures.push(forbiddenField(path, "may not specify both ipBlock and another peer"));
  for (const name of ["podSelector", "namespaceSelector"])
    if (isSet(peer[name])) checkSelector(part(peer, name), `${path}.${name}`, failures);
  if (isSet(peer["ipBlock"])) checkAddressBlock(part(peer, "ipBlock"), `${path}.ipBlock`, failures);
}

function checkAddressBlock(block: Fields, path: string, failures: Failure[]): void {
  const cidr = text(block, "cidr");
  if (cidr === "") {
    failures.push(required(`${path}.cidr`));
    return;
  }
  const [network, bits] = readBlock(cidr, `${path}.cidr`, failures) ?? [];
  if (network === undefined || bits === undefined) return;
  const excepted = (block["except"] as readonly (string | null)[] | undefined | null) ?? [];
  excepted.forEach((each, index) => {
    const at = `${path}.except[${index}]`;
    const [inner, innerBits] = readBlock(each ?? "", at, failures) ?? [];
    if (inner === undefined || innerBits === undefined) return;
    const isInside = inner.kind() === network.kind() && inner.match(network, bits);
    if (!isInside || bits >= innerBits)
      failures.push(invalidValue(at, each, "must be a strict subset of `cidr`"));
  });
}

function readBlock(cidr: string, path: string, failures: Failure[]) {
  if (ipaddr.isValidCIDR(cidr)) return ipaddr.parseCIDR(cidr);
  failures.push(invalidValue(path, cidr, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"));
  return null;
}
