import type { Kind } from "../../../api/kinds/kind.js";

/** A resource as discovery describes it. */
export type OfferedResource = Pick<
  Kind,
  "kind" | "plural" | "singular" | "shortNames" | "categories" | "isNamespaced" | "subresources"
> & { readonly verbs: readonly string[] };
