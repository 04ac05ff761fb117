// Members of objects that come from outside, by name: `__proto__` is a name like any other there (a ConfigMap may have such
// a key), but reading it by index answers the prototype, and assigning it changes that.

/** undefined: there is none. */
export function ownMember(object: Readonly<Record<string, unknown>>, name: string): unknown {
  return name === "__proto__" && !Object.hasOwn(object, name) ? undefined : object[name];
}

export function setMember(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name === "__proto__")
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
  else object[name] = value;
}
