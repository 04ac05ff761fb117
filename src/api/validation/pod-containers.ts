// Containers of Pods and templates.
// Source: pkg/apis/core/validation/validation.go (validateContainerCommon and what it calls).
import {
  checkChoice,
  checkDescending,
  checkNotNegative,
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
  invalidValue,
  notFoundValue,
  required,
  unsupported,
} from "./failure.js";
import { checkResources } from "./container-resources.js";
import { checkContainerSecurity } from "./pod-security.js";
import {
  checkPort,
  checkPortOrName,
  checkText,
  configKey,
  dnsLabel,
  dnsSubdomain,
  isPort,
  PORT_RANGE,
  portName,
} from "./names.js";

const PROTOCOLS = ["SCTP", "TCP", "UDP"];
const RESTART_POLICIES = ["Always", "Never", "OnFailure"];
const PULL_POLICIES = ["Always", "IfNotPresent", "Never"];
const MESSAGE_POLICIES = ["File", "FallbackToLogsOnError"];
const ENV_FIELDS = [
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
];
const HANDLERS = ["exec", "httpGet", "tcpSocket", "grpc"];
const PROBES = ["livenessProbe", "readinessProbe", "startupProbe"];
const PROPAGATIONS = ["Bidirectional", "HostToContainer", "None"];
const RESOURCE_FIELDS = [
  "limits.cpu",
  "limits.ephemeral-storage",
  "limits.memory",
  "requests.cpu",
  "requests.ephemeral-storage",
  "requests.memory",
];
const RESOURCE_PREFIXES = ["limits.hugepages-", "requests.hugepages-"];

export interface PodContext {
  readonly volumes: ReadonlySet<string>;
  /** The Pod has no user namespace of its own. */
  readonly usesHostUsers: boolean;
}

/** Containers proper: at least one, each name once, each host port once. */
export function checkContainers(spec: Fields, path: string, context: PodContext, failures: Failure[]): void {
  const containers = items(spec, "containers");
  if (containers.length === 0) failures.push(required(`${path}.containers`));
  const names = new Set<string>();
  const hostPorts = new Set<string>();
  for (let index = 0; index < containers.length; index++) {
    const at = `${path}.containers[${index}]`;
    const container = containers[index] as Fields;
    checkContainer(container, at, context, failures);
    checkUnique(names, text(container, "name"), `${at}.name`, failures);
    checkHostPorts(container, at, { taken: hostPorts, isOnHost: spec["hostNetwork"] === true }, failures);
    checkProbes(container, at, failures);
  }
  checkInitContainers(spec, path, context, names, failures);
}

function checkInitContainers(
  spec: Fields,
  path: string,
  context: PodContext,
  names: Set<string>,
  failures: Failure[],
): void {
  const containers = items(spec, "initContainers");
  for (let index = 0; index < containers.length; index++) {
    const at = `${path}.initContainers[${index}]`;
    const container = containers[index] as Fields;
    checkContainer(container, at, context, failures);
    checkUnique(names, text(container, "name"), `${at}.name`, failures);
    checkChoice(container["restartPolicy"], RESTART_POLICIES, `${at}.restartPolicy`, failures);
    if (container["restartPolicy"] === "Always") {
      checkProbes(container, at, failures);
      continue;
    }
    for (const name of ["lifecycle", ...PROBES])
      if (isSet(container[name]))
        failures.push(
          forbiddenField(`${at}.${name}`, "may not be set for init containers without restartPolicy=Always"),
        );
  }
}

export function checkContainer(
  container: Fields,
  path: string,
  context: PodContext,
  failures: Failure[],
): void {
  const name = text(container, "name");
  if (name === "") failures.push(required(`${path}.name`));
  else checkText(dnsLabel, name, `${path}.name`, failures);
  if (text(container, "image") === "") failures.push(required(`${path}.image`));
  checkRequiredChoice(
    container["terminationMessagePolicy"],
    MESSAGE_POLICIES,
    `${path}.terminationMessagePolicy`,
    failures,
  );
  if (container["ports"] !== undefined) checkPorts(container, `${path}.ports`, failures);
  if (container["env"] !== undefined) checkEnvironment(container, `${path}.env`, failures);
  if (container["envFrom"] !== undefined) checkEnvironmentSources(container, `${path}.envFrom`, failures);
  if (container["volumeMounts"] !== undefined)
    checkMounts(container, `${path}.volumeMounts`, context, failures);
  if (container["volumeDevices"] !== undefined)
    checkDevices(container, `${path}.volumeDevices`, context, failures);
  checkRequiredChoice(container["imagePullPolicy"], PULL_POLICIES, `${path}.imagePullPolicy`, failures);
  checkResources(part(container, "resources"), `${path}.resources`, failures);
  if (isSet(container["securityContext"]))
    checkContainerSecurity(
      part(container, "securityContext"),
      context.usesHostUsers,
      `${path}.securityContext`,
      failures,
    );
}

function checkPorts(container: Fields, path: string, failures: Failure[]): void {
  const names = new Set<string>();
  items(container, "ports").forEach((port, index) => {
    const at = `${path}[${index}]`;
    const name = text(port, "name");
    if (name !== "") {
      const before = failures.length;
      checkText(portName, name, `${at}.name`, failures);
      if (failures.length === before) checkUnique(names, name, `${at}.name`, failures);
    }
    if (!port["containerPort"]) failures.push(required(`${at}.containerPort`));
    else checkPort(port["containerPort"], `${at}.containerPort`, failures);
    if (port["hostPort"] && !isPort(port["hostPort"]))
      failures.push(invalidValue(`${at}.hostPort`, port["hostPort"], PORT_RANGE));
    checkRequiredChoice(port["protocol"], PROTOCOLS, `${at}.protocol`, failures);
  });
}

function checkHostPorts(
  container: Fields,
  path: string,
  { taken, isOnHost }: { readonly taken: Set<string>; readonly isOnHost: boolean },
  failures: Failure[],
): void {
  items(container, "ports").forEach((port, index) => {
    if (!port["hostPort"]) return;
    if (isOnHost && port["hostPort"] !== port["containerPort"])
      failures.push(
        invalidValue(
          `${path}.ports[${index}].hostPort`,
          port["hostPort"],
          "must match `containerPort` when `hostNetwork` is true",
        ),
      );
    const key = `${port["protocol"]}/${port["hostIP"] ?? ""}/${port["hostPort"]}`;
    if (taken.has(key)) failures.push(duplicate(`${path}.ports[${index}].hostPort`, key));
    else taken.add(key);
  });
}

const SOURCES = ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"];

function checkEnvironment(container: Fields, path: string, failures: Failure[]): void {
  const variables = items(container, "env");
  for (let index = 0; index < variables.length; index++) {
    const variable = variables[index] as Fields;
    const at = `${path}[${index}]`;
    const name = text(variable, "name");
    if (name === "") failures.push(required(`${at}.name`));
    else if (name.includes("=") || !isPrintable(name))
      failures.push(
        invalidValue(
          `${at}.name`,
          name,
          "a valid environment variable name must consist only of printable ASCII characters other than '='",
        ),
      );
    if (isSet(variable["valueFrom"])) checkSource(variable, `${at}.valueFrom`, failures);
  }
}

function isPrintable(name: string): boolean {
  return /^[ -~]+$/.test(name);
}

function checkSource(variable: Fields, path: string, failures: Failure[]): void {
  const source = part(variable, "valueFrom");
  const given = SOURCES.filter((name) => isSet(source[name]));
  if (given.length === 0)
    failures.push(
      invalidValue(
        path,
        "",
        "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`",
      ),
    );
  else if (text(variable, "value") !== "")
    failures.push(invalidValue(path, "", "may not be specified when `value` is not empty"));
  else if (given.length > 1)
    failures.push(invalidValue(path, "", "may not have more than one field specified at a time"));
  const field = part(source, "fieldRef")["fieldPath"];
  if (isSet(source["fieldRef"]))
    checkFieldPath(text({ field }, "field"), `${path}.fieldRef.fieldPath`, failures);
  if (isSet(source["resourceFieldRef"]))
    checkResourceField(
      text(part(source, "resourceFieldRef"), "resource"),
      `${path}.resourceFieldRef`,
      failures,
    );
  for (const name of ["configMapKeyRef", "secretKeyRef"]) {
    if (!isSet(source[name])) continue;
    const ref = part(source, name);
    if (text(ref, "key") === "") failures.push(required(`${path}.${name}.key`));
    else checkText(configKey, text(ref, "key"), `${path}.${name}.key`, failures);
  }
}

function checkResourceField(resource: string, path: string, failures: Failure[]): void {
  if (resource === "") failures.push(required(`${path}.resource`));
  else if (
    !RESOURCE_FIELDS.includes(resource) &&
    !RESOURCE_PREFIXES.some((prefix) => resource.startsWith(prefix))
  )
    failures.push(unsupported(`${path}.resource`, resource, RESOURCE_FIELDS));
}

function checkFieldPath(field: string, path: string, failures: Failure[]): void {
  if (field === "") failures.push(required(path));
  else if (/^metadata\.(labels|annotations)\['.*'\]$/.test(field) || ENV_FIELDS.includes(field)) return;
  else failures.push(unsupported(path, field, ENV_FIELDS));
}

function checkEnvironmentSources(container: Fields, path: string, failures: Failure[]): void {
  items(container, "envFrom").forEach((source, index) => {
    const at = `${path}[${index}]`;
    const given = ["configMapRef", "secretRef"].filter((name) => isSet(source[name]));
    if (given.length === 0)
      failures.push(invalidValue(at, "", "must specify one of: `configMapRef` or `secretRef`"));
    if (given.length > 1)
      failures.push(invalidValue(at, "", "may not have more than one field specified at a time"));
    for (const name of given) {
      const ref = text(part(source, name), "name");
      if (ref === "") failures.push(required(`${at}.${name}.name`));
      else checkText(dnsSubdomain, ref, `${at}.${name}.name`, failures);
    }
  });
}

function checkMounts(container: Fields, path: string, { volumes }: PodContext, failures: Failure[]): void {
  const places = new Set<string>();
  const mounts = items(container, "volumeMounts");
  for (let index = 0; index < mounts.length; index++) {
    const mount = mounts[index] as Fields;
    const at = `${path}[${index}]`;
    const [name, place] = [text(mount, "name"), text(mount, "mountPath")];
    if (name === "") failures.push(required(`${at}.name`));
    if (!volumes.has(name)) failures.push(notFoundValue(`${at}.name`, name));
    if (place === "") failures.push(required(`${at}.mountPath`));
    if (places.has(place)) failures.push(invalidValue(`${at}.mountPath`, place, "must be unique"));
    places.add(place);
    checkDescending(text(mount, "subPath"), `${path}.subPath`, failures);
    const propagation = mount["mountPropagation"];
    checkChoice(propagation, PROPAGATIONS, `${at}.mountPropagation`, failures);
    if (propagation === "Bidirectional" && part(container, "securityContext")["privileged"] !== true)
      failures.push(
        forbiddenField(
          `${at}.mountPropagation`,
          "Bidirectional mount propagation is available only to privileged containers",
        ),
      );
    if (mount["subPathExpr"] && mount["subPath"])
      failures.push(
        invalidValue(
          `${at}.subPathExpr`,
          mount["subPathExpr"],
          "subPathExpr and subPath are mutually exclusive",
        ),
      );
  }
}

function checkDevices(container: Fields, path: string, { volumes }: PodContext, failures: Failure[]): void {
  items(container, "volumeDevices").forEach((device, index) => {
    const name = text(device, "name");
    if (name === "") failures.push(required(`${path}[${index}].name`));
    else if (!volumes.has(name)) failures.push(notFoundValue(`${path}[${index}].name`, name));
    if (text(device, "devicePath") === "") failures.push(required(`${path}[${index}].devicePath`));
  });
}

function checkProbes(container: Fields, path: string, failures: Failure[]): void {
  for (const name of PROBES) {
    if (!isSet(container[name])) continue;
    const at = `${path}.${name}`;
    const probe = part(container, name);
    checkHandler(probe, at, failures);
    checkNotNegative(
      probe,
      ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"],
      at,
      failures,
    );
    const grace = probe["terminationGracePeriodSeconds"];
    if (typeof grace === "number" && grace <= 0)
      failures.push(invalidValue(`${at}.terminationGracePeriodSeconds`, grace, "must be greater than 0"));
    if (isSet(grace) && name === "readinessProbe")
      failures.push(
        invalidValue(`${at}.terminationGracePeriodSeconds`, grace, "must not be set for readinessProbes"),
      );
    if (name !== "readinessProbe" && probe["successThreshold"] !== 1)
      failures.push(invalidValue(`${at}.successThreshold`, probe["successThreshold"], "must be 1"));
  }
  const lifecycle = part(container, "lifecycle");
  for (const name of ["postStart", "preStop"])
    if (isSet(lifecycle[name])) checkHandler(part(lifecycle, name), `${path}.lifecycle.${name}`, failures);
}

function checkHandler(handler: Fields, path: string, failures: Failure[]): void {
  const given = [...HANDLERS, "sleep"].filter((name) => isSet(handler[name]));
  if (given.length === 0) failures.push(required(path, "must specify a handler type"));
  for (const extra of given.slice(1))
    failures.push(forbiddenField(`${path}.${extra}`, "may not specify more than 1 handler type"));
  const http = part(handler, "httpGet");
  if (isSet(handler["httpGet"])) {
    if (text(http, "path") === "") failures.push(required(`${path}.httpGet.path`));
    checkPortOrName(http["port"], `${path}.httpGet.port`, failures);
    if (http["scheme"] !== "HTTP" && http["scheme"] !== "HTTPS")
      failures.push(unsupported(`${path}.httpGet.scheme`, http["scheme"], ["HTTP", "HTTPS"]));
  }
  if (isSet(handler["tcpSocket"]))
    checkPortOrName(part(handler, "tcpSocket")["port"], `${path}.tcpSocket.port`, failures);
  if (isSet(handler["grpc"])) checkPort(part(handler, "grpc")["port"], `${path}.grpc.port`, failures);
  const command = part(handler, "exec")["command"] as readonly unknown[] | undefined;
  if (isSet(handler["exec"]) && (command ?? []).length === 0) failures.push(required(`${path}.exec.command`));
}
