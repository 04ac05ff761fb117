// What upstream says of types and fields, from descriptions.json: for `kubectl explain` and whoever reads the documents
// under /openapi. Read from disk when the first document is made, and not kept: documents are made once.
import { readFileSync } from "node:fs";
import { sourcePath } from "../../base/source-path.js";

/** Type name -> field -> text; "" is the type itself. */
export type Descriptions = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Cost: about 5 ms. */
export function readDescriptions(): Descriptions {
  const text = readFileSync(sourcePath(import.meta.url, "descriptions.json"), "utf8");
  return (JSON.parse(text) as { types: Descriptions }).types;
}
