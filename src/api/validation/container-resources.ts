// Requests and limits of a container.
// Source: pkg/apis/core/validation/validation.go (validateResourceRequirements).
import { quantityMilliValue } from "../quantity.js";
import { checkQuantities, type Fields, part } from "./checks.js";
import { type Failure, forbiddenField, invalidValue, required } from "./failure.js";

/** Requests of these may be below limits. */
const OVERCOMMITTED: ReadonlySet<string> = new Set(["cpu", "memory", "ephemeral-storage"]);
const HUGE_PAGES = "hugepages-";

/** Requests at most as large as limits. */
export function checkResources(resources: Fields, path: string, failures: Failure[]): void {
  const [limits, requests] = [part(resources, "limits"), part(resources, "requests")];
  for (const [name, amounts] of [
    ["limits", limits],
    ["requests", requests],
  ] as const) {
    for (const resource in amounts) checkResourceName(resource, `${path}.${name}[${resource}]`, failures);
    checkQuantities(amounts, `${path}.${name}`, failures);
    checkPages(amounts, `${path}.${name}`, failures);
  }
  for (const name in requests) checkRequest(name, limits, requests, path, failures);
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  const hasPages = names.some((name) => name.startsWith(HUGE_PAGES));
  if (hasPages && !names.includes("cpu") && !names.includes("memory"))
    failures.push(forbiddenField(path, "HugePages require cpu or memory"));
}

function checkRequest(
  name: string,
  limits: Fields,
  requests: Fields,
  path: string,
  failures: Failure[],
): void {
  const limit = limits[name] as string | number | undefined;
  const request = requests[name] as string | number;
  if (limit === undefined) {
    if (!OVERCOMMITTED.has(name))
      failures.push(required(`${path}.limits`, "Limit must be set for non overcommitable resources"));
    return;
  }
  if (limit === request) return;
  const [more, most] = [quantityMilliValue(request) ?? 0, quantityMilliValue(limit) ?? 0];
  const refuse = (relation: string) =>
    failures.push(
      invalidValue(`${path}.requests`, String(request), `must be ${relation} ${name} limit of ${limit}`),
    );
  if (more !== most && !OVERCOMMITTED.has(name)) refuse("equal to");
  else if (more > most) refuse("less than or equal to");
}

/** Whole pages of the size that the name says: "hugepages-2Mi". */
function checkPages(amounts: Fields, path: string, failures: Failure[]): void {
  for (const name in amounts) {
    if (!name.startsWith(HUGE_PAGES)) continue;
    const amount = amounts[name] as string | number;
    const page = quantityMilliValue(name.slice(HUGE_PAGES.length));
    const size = quantityMilliValue(amount);
    if (page === null || page <= 0 || size === null || size % page !== 0)
      failures.push(
        invalidValue(
          `${path}[${name}]`,
          String(amount),
          `${amount} is not positive integer multiple of ${name}`,
        ),
      );
  }
}

export function checkResourceName(name: string, path: string, failures: Failure[]): void {
  if (OVERCOMMITTED.has(name) || name.startsWith(HUGE_PAGES) || name.includes("/")) return;
  failures.push(invalidValue(path, name, "must be a standard resource for containers"));
}
