// Apply what one sync changed to the table it changed, in place.
import { present } from "../../base/assert.js";
import type { NftChange, NftTable } from "./model.js";

/** Cost: proportional to the change. Afterwards the table is what compiling the new state would give. */
export function applyNftChange(table: NftTable, change: NftChange): void {
  for (const set of change.addedSets) table.sets.set(set.name, set);
  for (const chain of change.chains) table.chains.set(chain.name, chain);
  for (const { set, add, remove } of change.setElements) {
    const { elements } = present(table.sets.get(set), `set '${set}'`);
    for (const key of remove) elements.delete(key);
    for (const { key, comment } of add) elements.set(key, comment);
  }
  for (const { map, add, remove } of change.mapElements) {
    const { elements } = present(table.maps.get(map), `map '${map}'`);
    for (const key of remove) elements.delete(key);
    for (const { key, verdict, comment } of add) elements.set(key, { verdict, comment });
  }
  for (const name of change.removedChains) table.chains.delete(name);
  for (const name of change.removedSets) table.sets.delete(name);
}
