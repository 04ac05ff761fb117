// YAML bodies: apply patches and `application/yaml`. Read as upstream's YAML library does: "yes" and "on" are booleans,
// merge keys work, dates stay text, keys are made text.
import { parseDocument } from "yaml";
import { LIMITS } from "../../base/limits.js";
import { decodeText, depthExceeded } from "./json-text.js";

export interface ParsedYaml {
  readonly value: unknown;
  /** Keys that a mapping holds twice, as upstream words it; the last one counts. */
  readonly problems: readonly string[];
}

/** More would let a small body stand for a large object. */
const ALIASES_MAX = 100;
/** YAML 1.1 types that JSON has no counterpart for: their text is kept. */
const NOT_JSON = new Set(["timestamp", "binary", "omap", "pairs", "set"]);

/**
 * @throws {SyntaxError} when the text is no YAML, or more than one document
 * @throws {StatusError} BadRequest for bytes that are not UTF-8 and for nesting deeper than OBJECT_DEPTH_MAX
 */
export function parseYaml(bytes: Uint8Array): ParsedYaml {
  const text = decodeText(bytes);
  refuseDeepFlow(text);
  try {
    return readDocument(text);
  } catch (error) {
    // Too many aliases, or nested so deeply that the parser's own stack ends.
    throw new SyntaxError(`yaml: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function readDocument(text: string): ParsedYaml {
  const document = parseDocument(text, {
    version: "1.1",
    merge: true,
    prettyErrors: false,
    customTags: (tags) =>
      tags.filter(
        (tag) => typeof tag === "string" || !NOT_JSON.has(tag.tag.slice(tag.tag.lastIndexOf(":") + 1)),
      ),
  });
  const duplicates = document.errors.filter(({ code }) => code === "DUPLICATE_KEY");
  const fatal = document.errors.find(({ code }) => code !== "DUPLICATE_KEY");
  if (fatal !== undefined) throw fatal;
  return {
    value: document.toJS({ maxAliasCount: ALIASES_MAX }),
    problems: duplicates.map(({ pos }) => duplicateMessage(text, pos[0])),
  };
}

/** The parser calls itself for nested flow collections and for indented blocks: count before it does. */
function refuseDeepFlow(text: string): void {
  let depth = 0;
  for (let offset = 0; offset < text.length; offset += 1) {
    const character = text[offset];
    if (character === "[" || character === "{") depth += 1;
    else if (character === "]" || character === "}") depth = Math.max(0, depth - 1);
    if (depth > LIMITS.OBJECT_DEPTH_MAX) throw depthExceeded();
  }
  const indent = /^(?: |- ){1025}/m;
  if (indent.test(text)) throw depthExceeded();
}

function duplicateMessage(text: string, offset: number): string {
  const line = text.slice(0, offset).split("\n").length;
  const key = /^"?([^\s:"]*)/.exec(text.slice(offset))?.[1] ?? "";
  return `yaml: unmarshal errors:\n  line ${line}: key ${JSON.stringify(key)} already set in map`;
}
