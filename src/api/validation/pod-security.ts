// Who the processes of a Pod are, and what they may do.
// Source: pkg/apis/core/validation/validation.go (ValidateSecurityContext, validatePodSpecSecurityContext).
import { checkChoice, checkDescending, type Fields, isSet, items, part, text } from "./checks.js";
import { duplicate, type Failure, invalidValue, required, tooLong, unsupported } from "./failure.js";

const ID_MAX = 2_147_483_647;
const ID_RANGE = `must be between 0 and ${ID_MAX}, inclusive`;
const PROFILE_TYPES = ["Localhost", "RuntimeDefault", "Unconfined"];
const PROC_MOUNTS = ["Default", "Unmasked"];
/** PATH_MAX, less the end. */
const PROFILE_BYTES_MAX = 4095;
const SYSCTL_BYTES_MAX = 253;
const SYSCTL = "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";
const SYSCTL_NAME = new RegExp(SYSCTL);

const POD_CHOICES: readonly (readonly [field: string, choices: readonly string[]])[] = [
  ["fsGroupChangePolicy", ["Always", "OnRootMismatch"]],
  ["supplementalGroupsPolicy", ["Merge", "Strict"]],
  ["seLinuxChangePolicy", ["MountOption", "Recursive"]],
];

/** @param spec of a Pod @param path of the spec */
export function checkPodSecurity(spec: Fields, path: string, failures: Failure[]): void {
  const at = `${path}.securityContext`;
  if (spec["shareProcessNamespace"] === true && spec["hostPID"] === true)
    failures.push(
      invalidValue(
        `${at}.shareProcessNamespace`,
        true,
        "ShareProcessNamespace and HostPID cannot both be enabled",
      ),
    );
  if (!isSet(spec["securityContext"])) return;
  const context = part(spec, "securityContext");
  checkIds(context, ["fsGroup", "runAsUser", "runAsGroup"], at, failures);
  const groups = (context["supplementalGroups"] as readonly number[] | undefined) ?? [];
  for (const [index, group] of groups.entries())
    if (!isId(group)) failures.push(invalidValue(`${at}.supplementalGroups[${index}]`, group, ID_RANGE));
  checkSysctls(context, `${at}.sysctls`, failures);
  for (const [field, choices] of POD_CHOICES)
    checkChoice(context[field], choices, `${at}.${field}`, failures);
  checkProfiles(context, at, failures);
}

/** @param context of a container @param usesHostUsers whether the Pod has no user namespace of its own */
export function checkContainerSecurity(
  context: Fields,
  usesHostUsers: boolean,
  path: string,
  failures: Failure[],
): void {
  checkIds(context, ["runAsUser", "runAsGroup"], path, failures);
  const mount = context["procMount"];
  if (isSet(mount) && !PROC_MOUNTS.includes(mount as string))
    failures.push(unsupported(`${path}.procMount`, mount, PROC_MOUNTS));
  if (mount === "Unmasked" && usesHostUsers)
    failures.push(invalidValue(`${path}.procMount`, mount, "`hostUsers` must be false to use `Unmasked`"));
  if (context["allowPrivilegeEscalation"] === false) checkNoEscalation(context, path, failures);
  checkProfiles(context, path, failures);
}

function checkNoEscalation(context: Fields, path: string, failures: Failure[]): void {
  const refuse = (what: string) =>
    failures.push(
      invalidValue(path, context, `cannot set \`allowPrivilegeEscalation\` to false and ${what}`),
    );
  if (context["privileged"] === true) refuse("`privileged` to true");
  const added = (part(context, "capabilities")["add"] as readonly string[] | undefined) ?? [];
  if (added.includes("CAP_SYS_ADMIN")) refuse("`capabilities.Add` CAP_SYS_ADMIN");
}

function checkIds(context: Fields, names: readonly string[], path: string, failures: Failure[]): void {
  for (const name of names)
    if (isSet(context[name]) && !isId(context[name]))
      failures.push(invalidValue(`${path}.${name}`, context[name], ID_RANGE));
}

function isId(id: unknown): boolean {
  return typeof id === "number" && id >= 0 && id <= ID_MAX;
}

function checkSysctls(context: Fields, path: string, failures: Failure[]): void {
  const names = new Set<string>();
  for (const [index, sysctl] of items(context, "sysctls").entries()) {
    const name = text(sysctl, "name");
    const at = `${path}[${index}].name`;
    if (name === "") failures.push(required(at));
    else if (name.length > SYSCTL_BYTES_MAX || !SYSCTL_NAME.test(name))
      failures.push(
        invalidValue(at, name, `must have at most ${SYSCTL_BYTES_MAX} characters and match regex ${SYSCTL}`),
      );
    else if (names.has(name)) failures.push(duplicate(at, name));
    names.add(name);
  }
}

function checkProfiles(context: Fields, path: string, failures: Failure[]): void {
  if (isSet(context["seccompProfile"]))
    checkSeccomp(part(context, "seccompProfile"), `${path}.seccompProfile`, failures);
  if (isSet(context["appArmorProfile"]))
    checkAppArmor(part(context, "appArmorProfile"), `${path}.appArmorProfile`, failures);
}

function checkSeccomp(profile: Fields, path: string, failures: Failure[]): void {
  const type = text(profile, "type");
  if (type === "") failures.push(required(`${path}.type`, "type is required when seccompProfile is set"));
  else checkChoice(type, PROFILE_TYPES, `${path}.type`, failures);
  const at = `${path}.localhostProfile`;
  const isGiven = isSet(profile["localhostProfile"]);
  if (type === "Localhost" && isGiven) checkDescending(text(profile, "localhostProfile"), at, failures);
  else if (type === "Localhost") failures.push(required(at, "must be set when seccomp type is Localhost"));
  else if (isGiven)
    failures.push(invalidValue(at, profile, "can only be set when seccomp type is Localhost"));
}

function checkAppArmor(profile: Fields, path: string, failures: Failure[]): void {
  const type = text(profile, "type");
  const local = profile["localhostProfile"];
  const at = `${path}.localhostProfile`;
  if (type === "") failures.push(required(`${path}.type`, "type is required when appArmorProfile is set"));
  else if (!PROFILE_TYPES.includes(type)) failures.push(unsupported(`${path}.type`, type, PROFILE_TYPES));
  else if (type !== "Localhost") {
    if (isSet(local))
      failures.push(invalidValue(at, local, "can only be set when AppArmor type is Localhost"));
  } else if (typeof local !== "string" || local === "")
    failures.push(required(at, "must be set when AppArmor type is Localhost"));
  else {
    if (local.trim() !== local) failures.push(invalidValue(at, local, "must not be padded with whitespace"));
    if (local.length > PROFILE_BYTES_MAX) failures.push(tooLong(at, PROFILE_BYTES_MAX));
  }
}
