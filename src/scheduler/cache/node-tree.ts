// The order in which nodes are looked at: by turns from each zone, so that neighbours in the list lie in different zones.
//
//   zones, in order of first sight     a: n1 n2 n5    b: n3    c: n4 n6
//   list                               n1 n3 n4 n2 n6 n5
//
// Cost: add and remove O(nodes of the zone); list O(nodes), made again only after a change.
// Source: kube-scheduler backend/cache/node_tree.go.
import { LABEL_REGION, LABEL_REGION_BETA, LABEL_ZONE_BETA } from "../../api/scheduling.js";
import { LABEL_ZONE, type Node } from "../../api/types.js";
import { assert } from "../../base/assert.js";

export class NodeTree {
  readonly #zones = new Map<string, string[]>();
  readonly #zoneOf = new Map<string, string>();
  #list: readonly string[] | null = [];

  /** Number of nodes. */
  get size(): number {
    return this.#zoneOf.size;
  }

  add(node: Node): void {
    const { name } = node.metadata;
    assert(!this.#zoneOf.has(name), `node ${name} is in the tree already`);
    const zone = zoneKey(node);
    const names = this.#zones.get(zone);
    if (names === undefined) this.#zones.set(zone, [name]);
    else names.push(name);
    this.#zoneOf.set(name, zone);
    this.#list = null;
  }

  remove(name: string): void {
    const zone = this.#zoneOf.get(name);
    const names = zone === undefined ? undefined : this.#zones.get(zone);
    if (zone === undefined || names === undefined) return;
    names.splice(names.indexOf(name), 1);
    if (names.length === 0) this.#zones.delete(zone);
    this.#zoneOf.delete(name);
    this.#list = null;
  }

  /** A node that changed its zone goes to the end of the new one; any other stays where it is. */
  update(node: Node): void {
    const { name } = node.metadata;
    if (this.#zoneOf.get(name) === zoneKey(node)) return;
    this.remove(name);
    this.add(node);
  }

  /** The same array until a node comes, goes or moves. */
  list(): readonly string[] {
    this.#list ??= this.#interleave();
    return this.#list;
  }

  #interleave(): string[] {
    const list: string[] = [];
    const zones = [...this.#zones.values()];
    for (let turn = 0; list.length < this.size; turn++) {
      for (const names of zones) {
        const name = names[turn];
        if (name !== undefined) list.push(name);
      }
    }
    return list;
  }
}

/** Region and zone, joined by a byte that no label holds; "" when a node says neither. */
export function zoneKey(node: Node): string {
  const labels = node.metadata.labels ?? {};
  const region = labels[LABEL_REGION] ?? labels[LABEL_REGION_BETA] ?? "";
  const zone = labels[LABEL_ZONE] ?? labels[LABEL_ZONE_BETA] ?? "";
  return region === "" && zone === "" ? "" : `${region}:\0:${zone}`;
}
