// Everything that is wrong with an input, gathered so that one run tells all.
import { oneLine } from "../base/document/one-line.js";
import { PlumbError, type SourcePosition } from "../base/errors.js";

/** More than these are counted, not listed. */
const LISTED_MAX = 20;

/** Steps from a document's root to a value: field names and list indices. */
export type Path = readonly (string | number)[];

/** Something that knows where its values stand in the text. */
export interface Located {
  /** Position of the value at `path`, or of the nearest above it that exists. */
  positionOf(path: Path): SourcePosition;
}

/** "what, and what was expected" at a place; the place is looked up only for problems that are listed. */
export interface Problem {
  readonly message: string;
  readonly position: () => SourcePosition;
}

/** Collects problems up to the moment when there must be none. */
export class Problems {
  readonly #list: Problem[] = [];

  get count(): number {
    return this.#list.length;
  }

  add(message: string, position: () => SourcePosition): void {
    this.#list.push({ message, position });
  }

  at(located: Located, path: Path, message: string): void {
    this.add(message, () => located.positionOf(path));
  }

  /** @throws {PlumbError} InvalidInput with one line "file:line:col: message" per problem, when there is any */
  throwIfAny(): void {
    const [first, ...rest] = this.#list;
    if (first === undefined) return;
    const lines = rest.slice(0, LISTED_MAX - 1).map(({ message, position }) => {
      const { file, line, column } = position();
      return `${file}:${line}:${column}: ${oneLine(message)}`;
    });
    const more = this.#list.length - LISTED_MAX;
    if (more > 0) lines.push(`and ${more} more`);
    throw new PlumbError("InvalidInput", [oneLine(first.message), ...lines].join("\n"), {
      position: first.position(),
    });
  }
}

/** "spec.ports[0].port" */
export function pathText(path: Path): string {
  return path.reduce<string>(
    (text, step) => (typeof step === "number" ? `${text}[${step}]` : text === "" ? step : `${text}.${step}`),
    "",
  );
}
