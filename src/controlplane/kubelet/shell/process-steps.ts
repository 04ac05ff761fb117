// What most commands are made of: print something and end, read everything.
import { FOREVER_MS, type Process } from "./run-shell.js";

/** Servers and the like: they run until they are stopped. */
export function* forever(): Process {
  yield { is: "wait", ms: FOREVER_MS };
  return 0;
}

export function* print(text: string, code = 0): Process {
  if (text !== "") yield { is: "print", to: 1, text };
  return code;
}

export function* complain(text: string, code = 1): Process {
  yield { is: "print", to: 2, text: `${text}\n` };
  return code;
}

/** All of standard input, which may come in chunks. */
export function* readAll(stdin: string | null): Generator<{ readonly is: "read" }, string, string | null> {
  if (stdin !== null) return stdin;
  let text = "";
  for (let chunk = yield { is: "read" }; chunk !== null; chunk = yield { is: "read" }) text += chunk;
  return text;
}
