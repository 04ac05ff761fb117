// Where in an object something is, as upstream writes it: "spec.containers[0].ports[1].name".

export function joinKey(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

/** @param steps keys and indices, from the root */
export function pathOf(steps: readonly (string | number)[]): string {
  let path = "";
  for (const step of steps) path = typeof step === "number" ? `${path}[${step}]` : joinKey(path, step);
  return path;
}
