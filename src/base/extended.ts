/**
 * A copy of an object with fields that it did not have, after those that it had.
 *
 * Why not `{ ...object, field }`: V8 11 (Node 20) gives what a spread copies a shape that leads nowhere, so that each field
 * added to it calls the runtime: 800 ns, where this takes 100. A spread that only replaces fields is quicker still.
 *
 * @param object without a key "__proto__", which would become the copy's prototype
 */
export function extended<Base extends object, Added extends object>(
  object: Base,
  added: Added,
): Base & Added {
  return Object.assign({}, object, added);
}
