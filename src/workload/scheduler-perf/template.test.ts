import assert from "node:assert/strict";
import { test } from "node:test";
import { SourceText } from "../source-text.js";
import { ObjectTemplate } from "./object-template.js";
import { renderTemplate, type TemplateData } from "./template.js";
import { parseTemplate } from "./template-parser.js";

function render(text: string, data: TemplateData = {}): string {
  return renderTemplate(parseTemplate(new SourceText("t.yaml", text)), { Index: 25, Count: 100, ...data });
}

test("renderTemplate prints fields and arithmetic, as upstream's functions do", () => {
  assert.equal(render("a-{{.Index}} of {{ .Count }}"), "a-25 of 100");
  assert.equal(render("8{{ Mod .Index 12 }}"), "81");
  assert.equal(render("{{DivideInt .Index 10}} {{DivideInt -25 10}} {{DivideFloat 1 4}}"), "2 -2 0.25");
  assert.equal(
    render("{{AddInt 8000 (Mod .Index (DivideInt .pods .nodes))}}", { pods: 40, nodes: 4 }),
    "8005",
  );
  assert.equal(
    render('{{MultiplyInt 2 .n "3"}} {{SubtractInt 1 2.5}} {{AddFloat 0.5 1}}', { n: "4" }),
    "24 -1 1.5",
  );
  assert.equal(render('{{printf "%05d/%s" .Index "x"}} {{`{{`}}'), "00025/x {{");
});

test("renderTemplate branches and repeats, when values say so", () => {
  const priority = "{{if .priority}}{{AddInt 0 .priority}}{{else}}1000{{end}}";
  assert.equal(render(priority), "1000");
  assert.equal(render(priority, { priority: 7 }), "7");
  const mode = '{{if eq .mode "a"}}A{{else if eq .mode "b" "c"}}BC{{else}}-{{end}}';
  assert.equal(render(mode, { mode: "c" }) + render(mode, { mode: "d" }), "BC-");
  assert.equal(render("{{range 3}}{{.}},{{end}}"), "0,1,2,");
  assert.equal(render("{{range $i := (.n | Int)}}{{if ge $i 1}}{{$i}}{{end}}{{end}}", { n: "3" }), "12");
  assert.equal(
    render("{{range $i, $x := .list}}{{$i}}{{$x.name}} {{else}}none{{end}}", { list: [{ name: "a" }] }),
    "0a ",
  );
  assert.equal(render("{{range .list}}{{.}}{{else}}none{{end}}", { list: [] }), "none");
});

test("renderTemplate keeps variables and trims blanks, when asked", () => {
  assert.equal(render("{{$n := or .n 4}}{{range 2}}{{Mod . $n}}{{end}}"), "01");
  assert.equal(render("{{$x := (or .x nil) | JSON}}x: {{$x}}"), "x: null");
  assert.equal(render("{{$x := (or .x nil) | JSON}}x: {{$x}}", { x: [{ a: 1 }] }), 'x: [{"a":1}]');
  assert.equal(render("a  {{- .Index -}}  b{{/* c */}}d"), "a25bd");
});

test("parseTemplate refuses what it does not know, with the place", () => {
  assert.throws(() => render("a\n  {{with .x}}{{end}}"), /t\.yaml:2:3: .*\{\{with\}\} is not supported/);
  assert.throws(() => render("{{if .x}}"), /t\.yaml:1:1: .*\{\{if\}\} without \{\{end\}\}/);
  assert.throws(() => render("x{{end}}"), /t\.yaml:1:2: .*\{\{end\}\} without/);
  assert.throws(() => render("x {{.Index"), /t\.yaml:1:3: .*\{\{ without \}\}/);
  assert.throws(() => render("{{AddInt (.Index}}"), /t\.yaml:1:10: .*\( without \)/);
  assert.throws(
    () => render("{{AddInts 1}}"),
    /t\.yaml:1:3: .*no function 'AddInts' \(did you mean "AddInt"\?\)/,
  );
});

test("renderTemplate refuses values that are not there, with the place", () => {
  assert.throws(() => render("n: {{.name}}"), /t\.yaml:1:4: .*not set/);
  assert.throws(() => render("{{AddInt 1 .name}}"), /t\.yaml:1:3: .*AddInt: expected a number/);
  assert.throws(() => render("{{Mod 1 0}}"), /division by zero/);
  assert.throws(() => render("{{$x}}"), /no variable '\$x'/);
});

test("ObjectTemplate shares one object, when the template has no actions", () => {
  const template = new ObjectTemplate("t.yaml", "apiVersion: v1\nkind: Pod\nspec: { containers: [] }\n");
  assert.equal(template.at({ Index: 0 }), template.at({ Index: 1 }));
});

test("ObjectTemplate shares an object per rendering, when actions come back to the same text", () => {
  const text = "apiVersion: v1\nkind: Pod\nspec: { priority: {{Mod .Index 2}} }\n";
  const template = new ObjectTemplate("t.yaml", text);
  assert.equal(template.at({ Index: 1 }), template.at({ Index: 3 }));
  assert.deepEqual(template.at({ Index: 2 }).spec, { priority: 0 });
});

test("ObjectTemplate takes field names in any case and leaves label names alone", () => {
  const text =
    "apiVersion: v1\nkind: Pod\nmetadata: { labels: { Color: x } }\nspec: { NodeTaintsPolicy: Honor }\n";
  const object = new ObjectTemplate("t.yaml", text).at({});
  assert.deepEqual(object.spec, { nodeTaintsPolicy: "Honor" });
  assert.deepEqual(object.metadata.labels, { Color: "x" });
});

test("ObjectTemplate refuses text that is no object, with the place", () => {
  assert.throws(() => new ObjectTemplate("t.yaml", "kind: Pod\n"), /t\.yaml:1:1: .*apiVersion and kind/);
  assert.throws(() => new ObjectTemplate("t.yaml", "a: 1\n---\nb: 2\n"), /second document/);
});
