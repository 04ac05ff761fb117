// Volumes of Pods: each of one source.
// Source: pkg/apis/core/validation/validation.go (validateVolumes, validateVolumeSource, validateProjectionSources).
import { quantityMilliValue } from "../quantity.js";
import {
  checkChoice,
  checkDescending,
  checkUnique,
  type Fields,
  isSet,
  items,
  part,
  text,
} from "./checks.js";
import { type Failure, forbiddenField, invalidValue, required } from "./failure.js";
import { checkText, dnsLabel } from "./names.js";

const NAMED_SOURCES: Readonly<Record<string, string>> = {
  secret: "secretName",
  persistentVolumeClaim: "claimName",
  hostPath: "path",
  configMap: "name",
  csi: "driver",
};
const HOST_PATH_TYPES = [
  "",
  "BlockDevice",
  "CharDevice",
  "Directory",
  "DirectoryOrCreate",
  "File",
  "FileOrCreate",
  "Socket",
];
const PROJECTED = [
  "secret",
  "configMap",
  "downwardAPI",
  "serviceAccountToken",
  "clusterTrustBundle",
  "podCertificate",
];
const TOKEN_SECONDS_MIN = 600;
const TOKEN_SECONDS_MAX = 2 ** 32;
const MODE_RANGE = "must be a number between 0 and 0777 (octal), both inclusive";
const ONE_TYPE = "may not specify more than 1 volume type";
const NO_NAMES: ReadonlySet<string> = new Set();

/** @returns the names of the volumes that are there */
export function checkVolumes(spec: Fields, path: string, failures: Failure[]): ReadonlySet<string> {
  const volumes = items(spec, "volumes");
  if (volumes.length === 0) return NO_NAMES;
  const names = new Set<string>();
  for (let index = 0; index < volumes.length; index++) {
    const volume = volumes[index] as Fields;
    const at = `${path}[${index}]`;
    const name = text(volume, "name");
    if (name === "") failures.push(required(`${at}.name`));
    else {
      checkText(dnsLabel, name, `${at}.name`, failures);
      checkUnique(names, name, `${at}.name`, failures);
    }
    checkSource(volume, at, failures);
  }
  return names;
}

function checkSource(volume: Fields, path: string, failures: Failure[]): void {
  let source: string | null = null;
  for (const name in volume) {
    if (name === "name" || !isSet(volume[name])) continue;
    if (source === null) source = name;
    else failures.push(forbiddenField(`${path}.${name}`, ONE_TYPE));
  }
  if (source === null) {
    failures.push(required(path, "must specify a volume type"));
    return;
  }
  const at = `${path}.${source}`;
  const content = part(volume, source);
  const field = NAMED_SOURCES[source];
  if (field !== undefined && text(content, field) === "") failures.push(required(`${at}.${field}`));
  checkMode(content["defaultMode"], `${at}.defaultMode`, failures);
  if (source === "projected") checkProjections(content, at, failures);
  else checkItems(content, source, at, failures);
  OWN_CHECKS[source]?.(content, at, failures);
}

/** What is asked of one kind of source beside its name. */
const OWN_CHECKS: Readonly<Record<string, (source: Fields, path: string, failures: Failure[]) => void>> = {
  hostPath(source, path, failures) {
    checkNoBacksteps(text(source, "path"), `${path}.path`, failures);
    checkChoice(source["type"], HOST_PATH_TYPES, `${path}.type`, failures);
  },
  emptyDir({ sizeLimit }, path, failures) {
    if (isSet(sizeLimit) && (quantityMilliValue(sizeLimit as string) ?? -1) < 0)
      failures.push(forbiddenField(`${path}.sizeLimit`, "SizeLimit field must be a valid resource quantity"));
  },
  nfs(source, path, failures) {
    const place = text(source, "path");
    if (text(source, "server") === "") failures.push(required(`${path}.server`));
    if (place === "") failures.push(required(`${path}.path`));
    if (!place.startsWith("/"))
      failures.push(invalidValue(`${path}.path`, place, "must be an absolute path"));
  },
};

function checkNoBacksteps(place: string, path: string, failures: Failure[]): void {
  if (place.split("/").includes("..")) failures.push(invalidValue(path, place, "must not contain '..'"));
}

function checkMode(mode: unknown, path: string, failures: Failure[]): void {
  if (typeof mode === "number" && (mode < 0 || mode > 0o777))
    failures.push(invalidValue(path, mode, MODE_RANGE));
}

function checkItems(content: Fields, source: string, path: string, failures: Failure[]): void {
  const keys = items(content, "items");
  for (let index = 0; index < keys.length; index++) {
    const item = keys[index] as Fields;
    const at = `${path}.items[${index}]`;
    if (source !== "downwardAPI" && text(item, "key") === "") failures.push(required(`${at}.key`));
    if (text(item, "path") === "") failures.push(required(`${at}.path`));
    checkDescending(text(item, "path"), `${at}.path`, failures);
    checkMode(item["mode"], `${at}.mode`, failures);
  }
}

function checkProjections(content: Fields, path: string, failures: Failure[]): void {
  for (const [index, source] of items(content, "sources").entries()) {
    const at = `${path}.sources[${index}]`;
    const given = PROJECTED.filter((name) => isSet(source[name]));
    for (const name of given.slice(1)) failures.push(forbiddenField(`${at}.${name}`, ONE_TYPE));
    for (const name of given) {
      const projected = part(source, name);
      const isNamed = name === "secret" || name === "configMap";
      if (isNamed && text(projected, "name") === "") failures.push(required(`${at}.${name}.name`));
      checkItems(projected, name, `${at}.${name}`, failures);
    }
    if (isSet(source["serviceAccountToken"]))
      checkToken(part(source, "serviceAccountToken"), at, path, failures);
  }
}

/** @param path of the volume's source, where upstream reports the path of the token */
function checkToken(token: Fields, at: string, path: string, failures: Failure[]): void {
  const seconds = token["expirationSeconds"];
  const secondsPath = `${at}.serviceAccountToken.expirationSeconds`;
  if (typeof seconds === "number" && seconds < TOKEN_SECONDS_MIN)
    failures.push(invalidValue(secondsPath, seconds, "may not specify a duration less than 10 minutes"));
  if (typeof seconds === "number" && seconds > TOKEN_SECONDS_MAX)
    failures.push(invalidValue(secondsPath, seconds, "may not specify a duration larger than 2^32 seconds"));
  const place = text(token, "path");
  if (place === "") failures.push(required(`${path}.path`));
  else checkDescending(place, `${path}.path`, failures);
}
