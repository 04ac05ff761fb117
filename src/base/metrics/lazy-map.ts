/** A Map that makes what it is first asked for. Nested, it finds a value by several keys without joining them to one. */
export class LazyMap<Key, Value> {
  readonly #values = new Map<Key, Value>();
  readonly #make: (key: Key) => Value;

  constructor(make: (key: Key) => Value) {
    this.#make = make;
  }

  /** Those made so far. */
  values(): IterableIterator<Value> {
    return this.#values.values();
  }

  get(key: Key): Value {
    let value = this.#values.get(key);
    if (value === undefined) {
      value = this.#make(key);
      this.#values.set(key, value);
    }
    return value;
  }
}
