/**
 * A copy of an object with other fields: those that it had in their places, new ones after them.
 *
 * Why not `{ ...object, field }`: V8 11 (Node 20) gives what a spread copies a shape that leads nowhere, so that each new
 * field calls the runtime, as does each field that is replaced where objects of many shapes come by: 800 ns and more, where
 * this takes 100. Where objects have one shape and fields are only replaced, a spread takes 30.
 *
 * @param object without a key "__proto__", which would become the copy's prototype
 */
export function extended<Base extends object, Added extends object>(
  object: Base,
  added: Added,
): Base & Added {
  return Object.assign({}, object, added);
}
