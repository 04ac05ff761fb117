// StorageClasses, and which volumes are attached to which nodes.
// Source: pkg/apis/storage/validation/validation.go; core's ValidateTopologySelectorTerm.
import { jsonEquals } from "../patch/json-tree.js";
import { checkChoice, checkUnique, type Fields, isSet, items, part, text } from "./checks.js";
import { duplicate, type Failure, forbiddenField, invalidValue, required, tooLong } from "./failure.js";
import { checkText, dnsSubdomain, qualifiedName } from "./names.js";

const PARAMETERS_MAX = 512;
const PARAMETERS_BYTES_MAX = 256 * 1024;
const DRIVER_NAME_BYTES_MAX = 63;

export function checkStorageClass(storageClass: Fields, failures: Failure[]): void {
  const provisioner = text(storageClass, "provisioner").toLowerCase();
  if (provisioner === "") failures.push(required("provisioner"));
  else checkText(qualifiedName, provisioner, "provisioner", failures);
  checkParameters(part(storageClass, "parameters"), failures);
  // An empty policy is none.
  if (storageClass["reclaimPolicy"] !== "")
    checkChoice(storageClass["reclaimPolicy"], ["Delete", "Retain"], "reclaimPolicy", failures);
  checkChoice(
    storageClass["volumeBindingMode"],
    ["Immediate", "WaitForFirstConsumer"],
    "volumeBindingMode",
    failures,
  );
  checkTopologies(items(storageClass, "allowedTopologies"), failures);
}

function checkParameters(parameters: Fields, failures: Failure[]): void {
  const entries = Object.entries(parameters);
  if (entries.length > PARAMETERS_MAX) {
    failures.push(tooLong("parameters", PARAMETERS_MAX));
    return;
  }
  let bytes = 0;
  for (const [name, value] of entries) {
    if (name === "") failures.push(invalidValue("parameters", name, "field can not be empty."));
    bytes += Buffer.byteLength(name) + Buffer.byteLength(String(value));
  }
  if (bytes > PARAMETERS_BYTES_MAX) failures.push(tooLong("parameters", PARAMETERS_BYTES_MAX));
}

function checkTopologies(terms: readonly Fields[], failures: Failure[]): void {
  // Upstream compares to as many empty terms as there are terms, too, so that an empty one is always a duplicate.
  const seen: Record<string, string[]>[] = terms.map(() => ({}));
  terms.forEach((term, index) => {
    const at = `allowedTopologies[${index}].matchLabelExpressions`;
    const labels: Record<string, string[]> = {};
    items(term, "matchLabelExpressions").forEach((requirement, each) => {
      const [key, path] = [text(requirement, "key"), `${at}[${each}]`];
      const values = (requirement["values"] as readonly string[] | undefined | null) ?? [];
      if (values.length === 0) failures.push(required(`${path}.values`));
      const names = new Set<string>();
      values.forEach((value, place) => {
        checkUnique(names, value, `${path}.values[${place}]`, failures);
      });
      checkText(qualifiedName, key, `${path}.key`, failures);
      if (Object.hasOwn(labels, key)) failures.push(duplicate(`${path}.key`, key));
      labels[key] = [...names].sort();
    });
    for (const other of seen) if (jsonEquals(labels, other)) failures.push(duplicate(at, ""));
    seen.push(labels);
  });
}

export function checkVolumeAttachment(attachment: Fields, failures: Failure[]): void {
  const spec = part(attachment, "spec");
  checkDriverName(text(spec, "attacher"), "spec.attacher", failures);
  const source = part(spec, "source");
  const hasVolume = isSet(source["persistentVolumeName"]);
  const why = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
  if (hasVolume && isSet(source["inlineVolumeSpec"])) failures.push(forbiddenField("spec.source", why));
  else if (!hasVolume && !isSet(source["inlineVolumeSpec"])) failures.push(required("spec.source", why));
  else if (source["persistentVolumeName"] === "")
    failures.push(
      required("spec.source.persistentVolumeName", "must specify non empty persistentVolumeName"),
    );
  checkText(dnsSubdomain, text(spec, "nodeName"), "spec.nodeName", failures);
  if (hasVolume)
    checkText(
      dnsSubdomain,
      text(source, "persistentVolumeName"),
      "spec.source.persistentVolumeName",
      failures,
    );
}

function checkDriverName(name: string, path: string, failures: Failure[]): void {
  if (name === "") {
    failures.push(required(path));
    return;
  }
  if (name.length > DRIVER_NAME_BYTES_MAX) failures.push(tooLong(path, DRIVER_NAME_BYTES_MAX));
  for (const why of dnsSubdomain(name.toLowerCase())) failures.push(invalidValue(path, name, why));
}
