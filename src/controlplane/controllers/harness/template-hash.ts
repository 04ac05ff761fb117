// Names revisions of a template: two templates that mean the same have the same hash, in every process and release.
// FNV-1a over the template's canonical text, and the number of earlier collisions. Upstream hashes the memory layout of
// Go structs, so names differ from upstream's; their alphabet (no vowels, no 0, 1, 3) is the same.
// Source: pkg/controller/controller_utils.go (ComputeHash), apimachinery util/rand (SafeEncodeString).

const ALPHABET = "bcdfghjklmnpqrstvwxz2456789";
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** Keys sorted; null, empty lists and empty objects count as absent. */
export function canonicalText(value: object): string {
  return JSON.stringify(canonical(value)) ?? "null";
}

/** Ten letters and digits at most. */
export function templateHash(template: object, collisionCount = 0): string {
  const suffix = collisionCount === 0 ? "" : `#${collisionCount}`;
  return safeText(fnv1a(canonicalText(template) + suffix).toString());
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value))
    return value.length === 0 ? undefined : value.map((item) => canonical(item) ?? null);
  if (typeof value !== "object" || value === null) return value ?? undefined;
  const fields = Object.entries(value)
    .map(([name, field]) => [name, canonical(field)] as const)
    .filter(([, field]) => field !== undefined)
    .sort(([left], [right]) => (left < right ? -1 : 1));
  return fields.length === 0 ? undefined : Object.fromEntries(fields);
}

function fnv1a(text: string): number {
  let hash = FNV_OFFSET;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, FNV_PRIME) >>> 0;
  return hash;
}

function safeText(text: string): string {
  let safe = "";
  for (let index = 0; index < text.length; index++)
    safe += ALPHABET[text.charCodeAt(index) % ALPHABET.length];
  return safe;
}
