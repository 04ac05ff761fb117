// Endpoints and EndpointSlices.
// Source: pkg/apis/core/validation/validation.go (ValidateEndpoints), pkg/apis/discovery/validation/validation.go.
import { checkRequiredChoice, checkUnique, type Fields, isSet, items, text } from "./checks.js";
import { type Failure, invalidValue, required, tooMany, unsupported } from "./failure.js";
import {
  checkAddress,
  checkNotSpecial,
  checkPort,
  checkText,
  dnsLabel,
  dnsSubdomain,
  isAddress,
  labelValue,
  NOT_AN_ADDRESS,
  qualifiedName,
  type TextCheck,
} from "./names.js";

const ADDRESS_TYPES = ["FQDN", "IPv4", "IPv6"];
const PROTOCOLS = ["SCTP", "TCP", "UDP"];
const ENDPOINTS_MAX = 1000;
const ADDRESSES_MAX = 100;
const SLICE_PORTS_MAX = 20_000;
const HINTS_MAX = 8;

export function checkEndpoints(endpoints: Fields, failures: Failure[]): void {
  items(endpoints, "subsets").forEach((subset, index) => {
    const at = `subsets[${index}]`;
    const ports = items(subset, "ports");
    if (items(subset, "addresses").length === 0 && items(subset, "notReadyAddresses").length === 0)
      failures.push(required(at, "must specify `addresses` or `notReadyAddresses`"));
    for (const list of ["addresses", "notReadyAddresses"])
      items(subset, list).forEach((address, each) => {
        checkSubsetAddress(address, `${at}.${list}[${each}]`, failures);
      });
    ports.forEach((port, each) => {
      checkSubsetPort(port, ports.length > 1, `${at}.ports[${each}]`, failures);
    });
  });
}

const LOOPBACK = /^127\.|^::1$/;

/** Loopback addresses are taken, unlike upstream: the cluster's DNS and extension servers of this machine are there. */
function checkReachable(address: string, path: string, failures: Failure[]): void {
  if (!LOOPBACK.test(address)) checkNotSpecial(address, path, failures);
}

function checkSubsetAddress(address: Fields, path: string, failures: Failure[]): void {
  const ip = text(address, "ip");
  checkAddress(ip, `${path}.ip`, failures);
  const hostname = text(address, "hostname");
  if (hostname !== "") checkText(dnsLabel, hostname, `${path}.hostname`, failures);
  if (isSet(address["nodeName"]))
    checkText(dnsSubdomain, text(address, "nodeName"), `${path}.nodeName`, failures);
  // Said twice, as upstream does: once as an address and once as an endpoint's.
  if (isAddress(ip)) checkReachable(ip, `${path}.ip`, failures);
  else failures.push(invalidValue(`${path}.ip`, ip, "must be a valid IP address"));
}

/** Of several ports every one has a name. */
function checkSubsetPort(port: Fields, isNamed: boolean, path: string, failures: Failure[]): void {
  const name = text(port, "name");
  if (name !== "") checkText(dnsLabel, name, `${path}.name`, failures);
  else if (isNamed) failures.push(required(`${path}.name`));
  checkPort(port["port"], `${path}.port`, failures);
  checkRequiredChoice(port["protocol"], PROTOCOLS, `${path}.protocol`, failures);
  checkAppProtocol(port, path, failures);
}

function checkAppProtocol(port: Fields, path: string, failures: Failure[]): void {
  if (isSet(port["appProtocol"]))
    checkText(qualifiedName, text(port, "appProtocol"), `${path}.appProtocol`, failures);
}

export function checkEndpointSlice(slice: Fields, failures: Failure[]): void {
  checkRequiredChoice(slice["addressType"], ADDRESS_TYPES, "addressType", failures);
  checkSlicePorts(items(slice, "ports"), failures);
  const endpoints = items(slice, "endpoints");
  if (endpoints.length > ENDPOINTS_MAX) failures.push(tooMany("endpoints", endpoints.length, ENDPOINTS_MAX));
  else
    for (let index = 0; index < endpoints.length; index++)
      checkEndpoint(endpoints[index] as Fields, slice["addressType"], `endpoints[${index}]`, failures);
}

function checkSlicePorts(ports: readonly Fields[], failures: Failure[]): void {
  if (ports.length > SLICE_PORTS_MAX) {
    failures.push(tooMany("ports", ports.length, SLICE_PORTS_MAX));
    return;
  }
  const names = new Set<string>();
  ports.forEach((port, index) => {
    const [at, name, protocol] = [`ports[${index}]`, text(port, "name"), port["protocol"]];
    if (name !== "") checkText(dnsLabel, name, `${at}.name`, failures);
    checkUnique(names, name, `${at}.name`, failures);
    if (!isSet(protocol)) failures.push(required(`${at}.protocol`));
    else if (!PROTOCOLS.includes(protocol as string))
      failures.push(unsupported(`${at}.protocol`, protocol, PROTOCOLS));
    checkAppProtocol(port, at, failures);
  });
}

function checkEndpoint(endpoint: Fields, type: unknown, path: string, failures: Failure[]): void {
  const addresses = (endpoint["addresses"] as readonly (string | null)[] | undefined) ?? [];
  if (addresses.length === 0) failures.push(required(`${path}.addresses`, "must contain at least 1 address"));
  else if (addresses.length > ADDRESSES_MAX)
    failures.push(tooMany(`${path}.addresses`, addresses.length, ADDRESSES_MAX));
  for (let index = 0; index < addresses.length; index++)
    checkEndpointAddress(addresses[index] ?? "", type, path, index, failures);
  if (isSet(endpoint["nodeName"]))
    checkText(dnsSubdomain, text(endpoint, "nodeName"), `${path}.nodeName`, failures);
  if (isSet(endpoint["hostname"]))
    checkText(dnsLabel, text(endpoint, "hostname"), `${path}.hostname`, failures);
  const hints = endpoint["hints"] as Fields | undefined | null;
  if (!hints) return;
  checkHints(items(hints, "forZones"), labelValue, `${path}.hints.forZones`, failures);
  checkHints(items(hints, "forNodes"), dnsSubdomain, `${path}.hints.forNodes`, failures);
}

function checkEndpointAddress(
  address: string,
  type: unknown,
  path: string,
  index: number,
  failures: Failure[],
): void {
  const at = () => `${path}.addresses[${index}]`;
  if (type !== "IPv4" && type !== "IPv6") {
    if (type === "FQDN") checkDomain(address, at(), failures);
    return;
  }
  if (!isAddress(address)) {
    failures.push(invalidValue(at(), address, NOT_AN_ADDRESS));
    return;
  }
  // Upstream names the list here, and not the address in it.
  if (address.includes(":") !== (type === "IPv6"))
    failures.push(invalidValue(`${path}.addresses`, address, `must be an ${type} address`));
  checkReachable(address, at(), failures);
}

/** At least two labels; a dot at the end is allowed. */
function checkDomain(name: string, path: string, failures: Failure[]): void {
  const domain = name.endsWith(".") ? name.slice(0, -1) : name;
  const labels = domain.split(".");
  const badLabel = labels.find((label) => dnsLabel(label).length > 0);
  if (name === "") failures.push(required(path));
  else if (dnsSubdomain(domain).length > 0)
    failures.push(invalidValue(path, domain, dnsSubdomain(domain).join(",")));
  else if (labels.length < 2)
    failures.push(
      invalidValue(path, domain, "should be a domain with at least two segments separated by dots"),
    );
  else if (badLabel !== undefined) failures.push(invalidValue(path, badLabel, dnsLabel(badLabel).join(",")));
}

function checkHints(hints: readonly Fields[], check: TextCheck, path: string, failures: Failure[]): void {
  if (hints.length > HINTS_MAX) {
    failures.push(tooMany(path, hints.length, HINTS_MAX));
    return;
  }
  const names = new Set<string>();
  hints.forEach((hint, index) => {
    const [at, name] = [`${path}[${index}].name`, text(hint, "name")];
    checkUnique(names, name, at, failures);
    checkText(check, name, at, failures);
  });
}
