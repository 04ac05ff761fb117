// Texts -> Kubernetes objects with positions: YAML streams, JSON, streams of JSON, and Lists of any of them.
// JSON that looks like JSON is read by JSON.parse, everything else as YAML, of which JSON is a part.
import { PlumbError, type SourcePosition } from "../base/errors.js";
import { locateJson, looksLikeJson, scanJson } from "./json-text.js";
import { type Located, type Path, Problems } from "./problems.js";
import { SourceText, type TextError } from "./source-text.js";
import { locateYaml, scanYaml, type YamlDocument } from "./yaml-text.js";

/** A text and the name to call it by in messages. */
export interface SourceInput {
  readonly file: string;
  readonly text: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** One Kubernetes object as it stands in the input: nothing but apiVersion and kind has been checked. */
export class KubeDocument implements Located {
  readonly apiVersion: string;
  readonly kind: string;
  readonly value: Fields;
  readonly #root: Located;
  readonly #prefix: Path;

  constructor(value: Fields, names: { apiVersion: string; kind: string }, root: Located, prefix: Path) {
    this.apiVersion = names.apiVersion;
    this.kind = names.kind;
    this.value = value;
    this.#root = root;
    this.#prefix = prefix;
  }

  positionOf(path: Path): SourcePosition {
    return this.#root.positionOf([...this.#prefix, ...path]);
  }
}

/**
 * Every object of every input, in order, Lists taken apart.
 *
 * @throws {PlumbError} InvalidInput with one line per problem: the first syntax error of each text, and every document
 *   that is no Kubernetes object
 */
export function readDocuments(inputs: readonly SourceInput[]): KubeDocument[] {
  const problems = new Problems();
  const documents: KubeDocument[] = [];
  for (const input of inputs) {
    const source = new SourceText(input.file, input.text);
    for (const root of readValues(source, problems))
      collect({ ...root, prefix: [] }, { problems, documents });
  }
  problems.throwIfAny();
  if (documents.length > 0) return documents;
  const first = inputs[0]?.file ?? "-";
  throw new PlumbError("InvalidInput", "no Kubernetes object, expected at least one Service", {
    position: { file: first, line: 1, column: 1 },
    hint: "kubectl get services,endpointslices,nodes -A -o json makes a good input",
  });
}

interface Root {
  readonly value: unknown;
  readonly located: Located;
}

function readValues(source: SourceText, problems: Problems): Root[] {
  const report = (error: TextError): Root[] => {
    problems.add(error.message, () => source.positionAt(error.offset));
    return [];
  };
  const binary = source.findBinary();
  if (binary !== null) return report(binary);
  if (!looksLikeJson(source.text)) return readYaml(source, report);
  const scan = scanJson(source.text);
  if (scan.ok) return scan.values.map((value) => jsonRoot(source, value));
  // JSON and then YAML in one stream is fine, as long as a separator stands between them.
  if (scan.valuesBefore > 0 && /^---/m.test(source.text)) return readYaml(source, report);
  return report(scan.error);
}

function jsonRoot(source: SourceText, { start, end }: { start: number; end: number }): Root {
  return {
    value: JSON.parse(source.text.slice(start, end)),
    located: { positionOf: (path) => source.positionAt(locateJson(source.text, start, path)) },
  };
}

function readYaml(source: SourceText, report: (error: TextError) => Root[]): Root[] {
  const scan = scanYaml(source.text);
  if (!scan.ok) return report(scan.error);
  const locate = (document: YamlDocument) => (path: Path) =>
    source.positionAt(locateYaml(source.text, document, path));
  return scan.documents.map((document) => ({
    value: document.value,
    located: { positionOf: locate(document) },
  }));
}

interface Found {
  readonly value: unknown;
  readonly located: Located;
  readonly prefix: Path;
}

/** Names that items of a typed list leave out. */
interface Inherited {
  readonly apiVersion: string;
  readonly kind: string;
}

function collect(
  found: Found,
  into: { problems: Problems; documents: KubeDocument[] },
  inherited: Inherited | null = null,
): void {
  const { value, located, prefix } = found;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    into.problems.at(located, prefix, `${describe(value)}, expected a Kubernetes object`);
    return;
  }
  const fields = value as Fields;
  const apiVersion = fields["apiVersion"] ?? inherited?.apiVersion;
  const kind = fields["kind"] ?? inherited?.kind;
  for (const [name, text] of Object.entries({ apiVersion, kind })) {
    if (typeof text === "string" && text !== "") continue;
    into.problems.at(
      located,
      [...prefix, name],
      `${name} is ${describe(text)}, expected the ${name} of a Kubernetes object`,
    );
    return;
  }
  const names = { apiVersion: apiVersion as string, kind: kind as string };
  const items = names.kind.endsWith("List") ? fields["items"] : undefined;
  if (items === undefined) into.documents.push(new KubeDocument(fields, names, located, prefix));
  else collectItems(items, { located, prefix: [...prefix, "items"] }, { ...into, names });
}

function collectItems(
  items: unknown,
  { located, prefix }: Pick<Found, "located" | "prefix">,
  into: { problems: Problems; documents: KubeDocument[]; names: Inherited },
): void {
  if (items === null) return;
  if (!Array.isArray(items)) {
    into.problems.at(located, prefix, `items is ${describe(items)}, expected a list of Kubernetes objects`);
    return;
  }
  const kind = into.names.kind.slice(0, -"List".length);
  const inherited = kind === "" ? null : { apiVersion: into.names.apiVersion, kind };
  for (const [index, value] of items.entries())
    collect({ value, located, prefix: [...prefix, index] }, into, inherited);
}

/** A value in a message: what it is, and its text when that is short. */
export function describe(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  const text = typeof value === "string" ? `'${value}'` : String(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}
