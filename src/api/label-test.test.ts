import assert from "node:assert/strict";
import { test } from "node:test";
import { labelTest } from "./label-test.js";
import { StatusError } from "./status.js";

const LABELS = { app: "web", "example.com/tier": "front", rank: "4", empty: "", in: "x" };

const MATCHES: readonly (readonly [selector: string, matches: boolean])[] = [
  ["app", true],
  ["!app", false],
  ["! missing", true],
  ["app=web", true],
  ["app == web , rank", true],
  ["app!=web", false],
  ["missing!=web", true],
  ["app in (api, web)", true],
  ["app in(web)", true],
  ["app notin (api,web)", false],
  ["missing notin (a)", true],
  ["empty in (,a)", true],
  ["empty in ()", true],
  ["empty=", true],
  ["empty=,app", true],
  ["rank>3,rank<5", true],
  ["rank>4", false],
  ["example.com/tier=front", true],
  ["in=x", true],
];

test("labelTest means what upstream means, for every operator", () => {
  for (const [selector, matches] of MATCHES) assert.equal(labelTest(selector)?.(LABELS), matches, selector);
  assert.equal(labelTest("  "), null);
});

const NAME_PART =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

/** The texts are what kube-apiserver v1.36.3 answered. */
const REFUSED: readonly (readonly [selector: string, message: string])[] = [
  ["a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
  ["a in (", "unable to parse requirement: found '', expected: ',', ')' or identifier"],
  ["a in b", "unable to parse requirement: found 'b' expected: '('"],
  ["a in (b c)", "unable to parse requirement: found 'c', expected: ',' or ')'"],
  ["a===b", "unable to parse requirement: found '=', expected: identifier"],
  ["a,,b", "found ',', expected: identifier after ','"],
  ["a=b c", "found 'c', expected: ',' or 'end of string'"],
  [",a", "found ',', expected: !, identifier, or 'end of string'"],
  ["!", "unable to parse requirement: found '', expected: identifier"],
  ["-a=b", `unable to parse requirement: <nil>: Invalid value: "-a": ${NAME_PART}`],
  [
    "a>b",
    `unable to parse requirement: values[0]: Invalid value: "b": for 'Gt', 'Lt' operators, the value must be an integer`,
  ],
];

test("labelTest says what it found and what it expected, when a selector cannot be read", () => {
  for (const [selector, message] of REFUSED)
    assert.throws(
      () => labelTest(selector),
      (error: StatusError) => {
        assert.ok(error instanceof StatusError, selector);
        assert.equal(error.status.reason, "BadRequest");
        assert.equal(error.status.message, message);
        return true;
      },
    );
});
