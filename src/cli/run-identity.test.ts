import assert from "node:assert/strict";
import { test } from "node:test";
import { repeatCommand, withoutOutput } from "./run-identity.js";

test("what is recorded of a command line, and what repeats it, says nothing of where it wrote", () => {
  for (const output of [["-o", "/tmp/a b"], ["--output", "x"], ["--output=x"], ["-ox"]])
    assert.deepEqual(withoutOutput(["run", "quick", ...output, "--seed", "7"]), [
      "run",
      "quick",
      "--seed",
      "7",
    ]);
  assert.equal(repeatCommand(["run", "a b", "-o", "x"]), "plumb run 'a b'");
});
