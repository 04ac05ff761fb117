// Services.
// Source: pkg/apis/core/validation/validation.go (validateService, ValidateServiceUpdate).
import { parseCidr } from "../../base/ip.js";
import type { KubeObject } from "../meta.js";
import {
  checkLabels,
  checkRequiredChoice,
  checkUnique,
  type Fields,
  isSet,
  items,
  part,
  text,
} from "./checks.js";
import {
  duplicate,
  type Failure,
  forbiddenField,
  IMMUTABLE,
  invalidValue,
  required,
  unsupported,
} from "./failure.js";
import {
  checkAddress,
  checkNotSpecial,
  isAddress,
  checkPort,
  checkPortOrName,
  checkText,
  dnsLabel,
  dnsSubdomain,
  qualifiedName,
} from "./names.js";

const PROTOCOLS = ["SCTP", "TCP", "UDP"];
const TYPES = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const AFFINITIES = ["ClientIP", "None"];
const POLICIES = ["Cluster", "Local"];
const DISTRIBUTIONS = ["PreferClose", "PreferSameZone", "PreferSameNode"];
const AFFINITY_SECONDS_MAX = 86_400;

export function checkService(service: Fields, failures: Failure[]): void {
  const spec = part(service, "spec");
  const type = text(spec, "type");
  const isHeadless = text(spec, "clusterIP") === "None";
  if (items(spec, "ports").length === 0 && !isHeadless && type !== "ExternalName")
    failures.push(required("spec.ports"));
  if (isHeadless && (type === "LoadBalancer" || type === "NodePort"))
    failures.push(
      invalidValue("spec.clusterIPs[0]", "None", `may not be set to 'None' for ${type} services`),
    );
  checkRequiredChoice(type, TYPES, "spec.type", failures);
  if (isSet(spec["trafficDistribution"]))
    checkRequiredChoice(spec["trafficDistribution"], DISTRIBUTIONS, "spec.trafficDistribution", failures);
  checkRequiredChoice(spec["sessionAffinity"], AFFINITIES, "spec.sessionAffinity", failures);
  checkAffinity(spec, failures);
  if (type === "ExternalName") checkExternalName(spec, failures);
  if (isSet(spec["selector"])) checkLabels(spec["selector"], "spec.selector", failures);
  checkPorts(spec, type, failures);
  checkAddresses(spec, failures);
  checkBalancer(spec, type, failures);
}

function checkAffinity(spec: Fields, failures: Failure[]): void {
  const config = spec["sessionAffinityConfig"];
  if (spec["sessionAffinity"] === "None" && isSet(config))
    failures.push(
      forbiddenField("spec.sessionAffinityConfig", "must not be set when session affinity is None"),
    );
  if (spec["sessionAffinity"] !== "ClientIP") return;
  const seconds = part(part(spec, "sessionAffinityConfig"), "clientIP")["timeoutSeconds"];
  if (typeof seconds === "number" && (seconds <= 0 || seconds > AFFINITY_SECONDS_MAX))
    failures.push(
      invalidValue(
        "spec.sessionAffinityConfig.clientIP.timeoutSeconds",
        seconds,
        `must be greater than 0 and less than ${AFFINITY_SECONDS_MAX}`,
      ),
    );
}

function checkExternalName(spec: Fields, failures: Failure[]): void {
  for (const name of ["clusterIPs", "ipFamilies", "ipFamilyPolicy"])
    if (isSet(spec[name]) && (spec[name] as string | unknown[]).length > 0)
      failures.push(forbiddenField(`spec.${name}`, "may not be set for ExternalName services"));
  const target = text(spec, "externalName").replace(/\.$/, "");
  if (target === "") failures.push(required("spec.externalName"));
  else checkText(dnsSubdomain, target, "spec.externalName", failures);
}

function checkPorts(spec: Fields, type: string, failures: Failure[]): void {
  const ports = items(spec, "ports");
  const [names, taken, nodePorts] = [new Set<string>(), new Set<string>(), new Set<string>()];
  ports.forEach((port, index) => {
    const at = `spec.ports[${index}]`;
    const name = text(port, "name");
    if (name === "" && ports.length > 1) failures.push(required(`${at}.name`));
    else if (name !== "") {
      checkText(dnsLabel, name, `${at}.name`, failures);
      checkUnique(names, name, `${at}.name`, failures);
    }
    checkPort(port["port"], `${at}.port`, failures);
    checkRequiredChoice(port["protocol"], PROTOCOLS, `${at}.protocol`, failures);
    checkPortOrName(port["targetPort"], `${at}.targetPort`, failures);
    if (isSet(port["appProtocol"]))
      checkText(qualifiedName, text(port, "appProtocol"), `${at}.appProtocol`, failures);
    const key = `${port["protocol"]}/${port["port"]}`;
    if (taken.has(key)) failures.push(duplicate(at, { protocol: port["protocol"], port: port["port"] }));
    taken.add(key);
    if (!port["nodePort"]) return;
    if (type === "ClusterIP")
      failures.push(forbiddenField(`${at}.nodePort`, "may not be used when `type` is 'ClusterIP'"));
    const nodeKey = `${port["protocol"]}/${port["nodePort"]}`;
    if (nodePorts.has(nodeKey)) failures.push(duplicate(`${at}.nodePort`, port["nodePort"]));
    nodePorts.add(nodeKey);
  });
}

function checkAddresses(spec: Fields, failures: Failure[]): void {
  const addresses = (spec["clusterIPs"] as readonly string[] | undefined) ?? [];
  const single = text(spec, "clusterIP");
  if (single !== "" && addresses.length > 0 && addresses[0] !== single)
    failures.push(invalidValue("spec.clusterIPs", addresses, "first value must match `clusterIP`"));
  addresses.forEach((address, index) => {
    if (address === "None" && index === 0) return;
    checkAddress(address, `spec.clusterIPs[${index}]`, failures);
  });
  const external = (spec["externalIPs"] as readonly string[] | undefined) ?? [];
  external.forEach((address, index) => {
    checkAddress(address, `spec.externalIPs[${index}]`, failures);
    if (isAddress(address)) checkNotSpecial(address, `spec.externalIPs[${index}]`, failures);
  });
}

function checkBalancer(spec: Fields, type: string, failures: Failure[]): void {
  const isBalanced = type === "LoadBalancer";
  for (const name of ["allocateLoadBalancerNodePorts", "loadBalancerClass", "loadBalancerSourceRanges"])
    if (!isBalanced && isSet(spec[name]))
      failures.push(forbiddenField(`spec.${name}`, "may only be used when `type` is 'LoadBalancer'"));
  if (isBalanced && isSet(spec["loadBalancerClass"]))
    checkText(qualifiedName, text(spec, "loadBalancerClass"), "spec.loadBalancerClass", failures);
  if (isBalanced) checkSourceRanges(spec, failures);
  const isExternal = isBalanced || type === "NodePort" || items(spec, "externalIPs").length > 0;
  const policy = spec["externalTrafficPolicy"];
  if (isSet(policy) && policy !== "") {
    if (!isExternal)
      failures.push(
        invalidValue(
          "spec.externalTrafficPolicy",
          policy,
          "may only be set for externally-accessible services",
        ),
      );
    else if (!POLICIES.includes(policy as string))
      failures.push(unsupported("spec.externalTrafficPolicy", policy, POLICIES));
  }
  const internal = spec["internalTrafficPolicy"];
  if (isSet(internal) && !POLICIES.includes(internal as string))
    failures.push(unsupported("spec.internalTrafficPolicy", internal, POLICIES));
  if (spec["healthCheckNodePort"] && !(isBalanced && policy === "Local"))
    failures.push(
      invalidValue(
        "spec.healthCheckNodePort",
        spec["healthCheckNodePort"],
        "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
      ),
    );
}

function checkSourceRanges(spec: Fields, failures: Failure[]): void {
  const ranges = (spec["loadBalancerSourceRanges"] as readonly string[] | undefined) ?? [];
  for (const [index, range] of ranges.entries())
    if (!range.includes("/") || parseCidr(range) === null)
      failures.push(
        invalidValue(
          `spec.loadBalancerSourceRanges[${index}]`,
          range,
          "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",
        ),
      );
}

/** A cluster IP stays, unless the Service becomes or stops being an ExternalName. */
export function checkServiceUpdate(next: KubeObject, current: KubeObject, failures: Failure[]): void {
  const [after, before] = [
    part(next as unknown as Fields, "spec"),
    part(current as unknown as Fields, "spec"),
  ];
  if (after["type"] === "ExternalName" || before["type"] === "ExternalName") return;
  checkBalancerKept(after, before, failures);
  const [now, then] = [clusterAddresses(after), clusterAddresses(before)];
  if (now[0] === "None" && then[0] === "None") return;
  checkFamiliesKept(after, before, failures);
  if (then.length > 0 && now.length === 0)
    failures.push(invalidValue("spec.clusterIPs[0]", null, "primary clusterIP can not be unset"));
  now.forEach((address, index) => {
    const old = then[index];
    if (old !== undefined && old !== address)
      failures.push(invalidValue(`spec.clusterIPs[${index}]`, now, "may not change once set"));
  });
  if (then.length === 2 && now.length === 1 && after["ipFamilyPolicy"] !== "SingleStack")
    failures.push(
      invalidValue(
        "spec.ipFamilyPolicy",
        after["ipFamilyPolicy"],
        "must be set to 'SingleStack' when releasing the secondary clusterIP",
      ),
    );
}

function checkBalancerKept(after: Fields, before: Fields, failures: Failure[]): void {
  if (after["type"] !== "LoadBalancer" || before["type"] !== "LoadBalancer") return;
  if (after["loadBalancerClass"] !== before["loadBalancerClass"])
    failures.push(
      invalidValue("spec.loadBalancerClass", after["loadBalancerClass"], "may not change once set"),
    );
  const [port, old] = [after["healthCheckNodePort"], before["healthCheckNodePort"]];
  const isKept = after["externalTrafficPolicy"] === "Local" && before["externalTrafficPolicy"] === "Local";
  if (isKept && isSet(old) && port !== old)
    failures.push(forbiddenField("spec.healthCheckNodePort", IMMUTABLE));
}

/** The primary family stays, as the primary address does. */
function checkFamiliesKept(after: Fields, before: Fields, failures: Failure[]): void {
  const familiesOf = (spec: Fields) => (spec["ipFamilies"] as readonly string[] | undefined) ?? [];
  const [now, then] = [familiesOf(after), familiesOf(before)];
  const [first, old] = [now[0], then[0]];
  if (first !== undefined && old !== undefined && first !== old)
    failures.push(invalidValue("spec.ipFamilies[0]", now, "may not change once set"));
}

function clusterAddresses(spec: Fields): readonly string[] {
  const addresses = (spec["clusterIPs"] as readonly string[] | undefined) ?? [];
  const single = text(spec, "clusterIP");
  return addresses.length === 0 && single !== "" ? [single] : addresses;
}
