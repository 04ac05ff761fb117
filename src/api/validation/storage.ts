// ConfigMaps, Secrets, volumes and claims.
// Source: pkg/apis/core/validation/validation.go, pkg/apis/storage/validation/validation.go.
import { jsonEquals } from "../patch/json-tree.js";
import { quantityMilliValue } from "../quantity.js";
import type { KubeObject } from "../meta.js";
import {
  checkChoice,
  checkQuantities,
  checkSelector,
  type Fields,
  isSet,
  items,
  part,
  text,
} from "./checks.js";
import {
  type Failure,
  forbiddenField,
  IMMUTABLE,
  invalidValue,
  required,
  tooLong,
  unsupported,
} from "./failure.js";
import { checkNodeSelector } from "./pod-placement.js";
import { checkText, configKey, dnsSubdomain } from "./names.js";

const BYTES_MAX = 1024 * 1024;
const ACCESS_MODES = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
const VOLUME_MODES = ["Block", "Filesystem"];
const RECLAIM_POLICIES = ["Delete", "Recycle", "Retain"];

/** What a Secret of a type must hold. */
const SECRET_KEYS: Readonly<Record<string, readonly string[]>> = {
  "kubernetes.io/dockercfg": [".dockercfg"],
  "kubernetes.io/dockerconfigjson": [".dockerconfigjson"],
  "kubernetes.io/ssh-auth": ["ssh-privatekey"],
  "kubernetes.io/tls": ["tls.crt", "tls.key"],
};

export function checkConfigMap(map: Fields, failures: Failure[]): void {
  const [data, binary] = [part(map, "data"), part(map, "binaryData")];
  let bytes = 0;
  for (const key in data) {
    checkText(configKey, key, `data[${key}]`, failures);
    if (Object.hasOwn(binary, key))
      failures.push(invalidValue(`data[${key}]`, key, "duplicate of key present in binaryData"));
    bytes += Buffer.byteLength(data[key] as string);
  }
  for (const key in binary) {
    checkText(configKey, key, `binaryData[${key}]`, failures);
    bytes += decodedBytes(binary[key]);
  }
  if (bytes > BYTES_MAX) failures.push(tooLong("[]", BYTES_MAX));
}

export function checkSecret(secret: Fields, failures: Failure[]): void {
  const data = part(secret, "data");
  let bytes = 0;
  for (const key in data) {
    checkText(configKey, key, `data[${key}]`, failures);
    bytes += decodedBytes(data[key]);
  }
  if (bytes > BYTES_MAX) failures.push(tooLong("data", BYTES_MAX));
  const type = text(secret, "type");
  for (const key of SECRET_KEYS[type] ?? []) if (!isSet(data[key])) failures.push(required(`data[${key}]`));
  const annotations = part(part(secret, "metadata"), "annotations");
  const account = "kubernetes.io/service-account.name";
  if (type === "kubernetes.io/service-account-token" && !annotations[account])
    failures.push(required(`metadata.annotations[${account}]`));
  if (type === "kubernetes.io/basic-auth" && !isSet(data["username"]) && !isSet(data["password"])) {
    failures.push(required("data[username]"));
    failures.push(required("data[password]"));
  }
}

function decodedBytes(base64: unknown): number {
  const encoded = String(base64 ?? "");
  return Math.floor((encoded.length * 3) / 4) - (encoded.endsWith("==") ? 2 : encoded.endsWith("=") ? 1 : 0);
}

const SEALED = "field is immutable when `immutable` is set";

/** ConfigMaps and Secrets that say they are immutable stay as they are. */
export function checkSealed(next: KubeObject, current: KubeObject, failures: Failure[]): void {
  const [after, before] = [next as unknown as Fields, current as unknown as Fields];
  if (next.kind === "Secret" && after["type"] !== before["type"])
    failures.push(invalidValue("type", after["type"], IMMUTABLE));
  if (before["immutable"] !== true) return;
  if (after["immutable"] !== true) failures.push(forbiddenField("immutable", SEALED));
  for (const name of ["data", "binaryData"])
    if (!jsonEquals(part(after, name), part(before, name))) failures.push(forbiddenField(name, SEALED));
}

export function checkClaim(claim: Fields, failures: Failure[]): void {
  checkClaimSpec(part(claim, "spec"), "spec", failures);
}

export function checkClaimSpec(spec: Fields, path: string, failures: Failure[]): void {
  const modes = (spec["accessModes"] as readonly string[] | undefined) ?? [];
  if (modes.length === 0)
    failures.push(required(`${path}.accessModes`, "at least 1 access mode is required"));
  checkModes(modes, `${path}.accessModes`, failures);
  const requests = part(part(spec, "resources"), "requests");
  const storage = requests["storage"];
  if (!isSet(storage)) failures.push(required(`${path}.resources[storage]`));
  else if ((quantityMilliValue(storage as string) ?? 0) <= 0)
    failures.push(invalidValue(`${path}.resources[storage]`, String(storage), "must be greater than zero"));
  checkQuantities(requests, `${path}.resources.requests`, failures);
  const name = text(spec, "storageClassName");
  if (name !== "") checkText(dnsSubdomain, name, `${path}.storageClassName`, failures);
  checkChoice(spec["volumeMode"], VOLUME_MODES, `${path}.volumeMode`, failures);
  if (isSet(spec["selector"])) checkSelector(part(spec, "selector"), `${path}.selector`, failures);
  checkDataSources(spec, path, failures);
}

/** What a volume starts with, under its older name and its newer one. */
function checkDataSources(spec: Fields, path: string, failures: Failure[]): void {
  for (const name of ["dataSource", "dataSourceRef"])
    if (isSet(spec[name])) checkDataSource(part(spec, name), `${path}.${name}`, failures);
  // Upstream prints a path of its own where the value belongs, which comes out as {}.
  if (isSet(spec["dataSource"]) && isSet(spec["dataSourceRef"]) && !isSameSource(spec))
    failures.push(invalidValue(path, {}, "must match dataSourceRef"));
}

function isSameSource(spec: Fields): boolean {
  const [older, newer] = [part(spec, "dataSource"), part(spec, "dataSourceRef")];
  return ["apiGroup", "kind", "name"].every((name) => text(older, name) === text(newer, name));
}

function checkDataSource(source: Fields, path: string, failures: Failure[]): void {
  for (const name of ["name", "kind"])
    if (text(source, name) === "") failures.push(required(`${path}.${name}`));
  const [group, kind] = [text(source, "apiGroup"), text(source, "kind")];
  if (group !== "") checkText(dnsSubdomain, group, `${path}.apiGroup`, failures);
  else if (kind !== "PersistentVolumeClaim")
    failures.push(
      invalidValue(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"),
    );
}

function checkModes(modes: readonly string[], path: string, failures: Failure[]): void {
  for (const mode of modes)
    if (!ACCESS_MODES.includes(mode)) failures.push(unsupported(path, mode, ACCESS_MODES));
  if (modes.includes("ReadWriteOncePod") && modes.length > 1)
    failures.push(forbiddenField(path, "may not use ReadWriteOncePod with other access modes"));
}

export function checkClaimUpdate(next: KubeObject, current: KubeObject, failures: Failure[]): void {
  const [after, before] = [
    part(next as unknown as Fields, "spec"),
    part(current as unknown as Fields, "spec"),
  ];
  if (after === before) return;
  const isBinding = text(before, "volumeName") === "";
  const storageOf = (spec: Fields) =>
    part(part(spec, "resources"), "requests")["storage"] as string | undefined;
  const fixed = (spec: Fields) => {
    const { resources: _resources, volumeAttributesClassName: _class, volumeName, ...rest } = spec;
    const hasClass = isSet(before["storageClassName"]);
    const { storageClassName: _late, ...unclassed } = rest;
    return { ...(hasClass ? rest : unclassed), ...(isBinding ? {} : { volumeName }) };
  };
  const [now, then] = [
    quantityMilliValue(storageOf(after) ?? "0") ?? 0,
    quantityMilliValue(storageOf(before) ?? "0") ?? 0,
  ];
  const isBound = part(current as unknown as Fields, "status")["phase"] === "Bound";
  if (!jsonEquals(fixed(after), fixed(before)) || (now !== then && !isBound))
    failures.push(
      forbiddenField(
        "spec",
        "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims",
      ),
    );
  if (now < then)
    failures.push(
      forbiddenField("spec.resources.requests.storage", "field can not be less than previous value"),
    );
}

/** Of a volume's spec, what is not where its bytes are. */
const VOLUME_FIELDS: ReadonlySet<string> = new Set([
  "capacity",
  "accessModes",
  "claimRef",
  "persistentVolumeReclaimPolicy",
  "storageClassName",
  "mountOptions",
  "volumeMode",
  "nodeAffinity",
  "volumeAttributesClassName",
]);

function sourcesOf(spec: Fields): Fields {
  return Object.fromEntries(Object.entries(spec).filter(([name]) => !VOLUME_FIELDS.has(name)));
}

export function checkVolume(volume: Fields, failures: Failure[]): void {
  const spec = part(volume, "spec");
  const modes = (spec["accessModes"] as readonly string[] | undefined) ?? [];
  if (modes.length === 0) failures.push(required("spec.accessModes"));
  checkModes(modes, "spec.accessModes", failures);
  const capacity = part(spec, "capacity");
  if (Object.keys(capacity).length === 0) failures.push(required("spec.capacity"));
  checkQuantities(capacity, "spec.capacity", failures);
  checkChoice(
    spec["persistentVolumeReclaimPolicy"],
    RECLAIM_POLICIES,
    "spec.persistentVolumeReclaimPolicy",
    failures,
  );
  checkChoice(spec["volumeMode"], VOLUME_MODES, "spec.volumeMode", failures);
  if (isSet(spec["hostPath"]) && text(part(spec, "hostPath"), "path") === "")
    failures.push(required("spec.hostPath.path"));
  if (isSet(spec["nodeAffinity"])) checkVolumeAffinity(part(spec, "nodeAffinity"), failures);
  const sources = Object.keys(sourcesOf(spec));
  if (sources.length === 0) failures.push(required("spec", "must specify a volume type"));
  for (const extra of sources.slice(1))
    failures.push(forbiddenField(`spec.${extra}`, "may not specify more than 1 volume type"));
  if (spec["persistentVolumeReclaimPolicy"] === "Recycle" && part(spec, "hostPath")["path"] === "/")
    failures.push(
      forbiddenField(
        "spec.persistentVolumeReclaimPolicy",
        "may not be 'recycle' for a hostPath mount of '/'",
      ),
    );
}

function checkVolumeAffinity(affinity: Fields, failures: Failure[]): void {
  const at = "spec.nodeAffinity.required";
  if (!isSet(affinity["required"])) failures.push(required(at, "must specify required node constraints"));
  else checkNodeSelector(part(affinity, "required"), at, failures);
}

export function checkVolumeUpdate(next: KubeObject, current: KubeObject, failures: Failure[]): void {
  const [after, before] = [
    part(next as unknown as Fields, "spec"),
    part(current as unknown as Fields, "spec"),
  ];
  if (!jsonEquals(sourcesOf(after), sourcesOf(before)))
    failures.push(
      forbiddenField(
        "spec.persistentvolumesource",
        "spec.persistentvolumesource is immutable after creation",
      ),
    );
  if (after["volumeMode"] !== before["volumeMode"])
    failures.push(invalidValue("volumeMode", after["volumeMode"], IMMUTABLE));
  if (isSet(before["nodeAffinity"]) && !jsonEquals(after["nodeAffinity"], before["nodeAffinity"]))
    failures.push(
      invalidValue(
        "nodeAffinity",
        after["nodeAffinity"],
        `${IMMUTABLE}, except for updating from beta label to GA`,
      ),
    );
}

/** Fields of a kind that never change. */
export function immutableFields(...names: readonly string[]) {
  return (next: KubeObject, current: KubeObject, failures: Failure[]): void => {
    const [after, before] = [next as unknown as Fields, current as unknown as Fields];
    for (const name of names)
      if (!jsonEquals(after[name], before[name])) failures.push(invalidValue(name, after[name], IMMUTABLE));
  };
}

export function checkCsiDriver(driver: Fields, failures: Failure[]): void {
  const modes = items(part(driver, "spec"), "volumeLifecycleModes") as unknown as readonly string[];
  for (const mode of modes)
    if (mode !== "Persistent" && mode !== "Ephemeral")
      failures.push(unsupported("spec.volumeLifecycleModes", mode, ["Ephemeral", "Persistent"]));
}
