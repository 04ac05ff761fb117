import assert from "node:assert/strict";
import test from "node:test";
import { PlumbError } from "../../base/errors.js";
import { Problems } from "../problems.js";
import { type CsvTable, HEADER, readCsv } from "./csv.js";

function read(text: string): CsvTable {
  const problems = new Problems();
  const table = readCsv({ file: "t.csv", text }, problems);
  problems.throwIfAny();
  return table;
}

function rowsOf(text: string): (readonly string[])[] {
  const table = read(text);
  return Array.from({ length: table.rowCount }, (_, row) => table.row(row));
}

function refuses(text: string, message: string): void {
  assert.throws(
    () => read(text),
    (error) => error instanceof PlumbError && error.code === "InvalidInput" && error.message === message,
    JSON.stringify(text),
  );
}

test("readCsv reads quotes, commas, newlines and doubled quotes within cells", () => {
  assert.deepEqual(rowsOf('a,b,c\n"1,5","say ""hi""","two\nlines"\n"",x,""""\n'), [
    ["1,5", 'say "hi"', "two\nlines"],
    ["", "x", '"'],
  ]);
});

test("readCsv reads the same of LF, CRLF, a byte order mark and a missing last newline", () => {
  const expected = [
    ["1", ""],
    ["2", "y"],
  ];
  for (const text of [
    "a,b\n1,\n2,y\n",
    "a,b\r\n1,\r\n2,y\r\n",
    "\ufeffa,b\n1,\n2,y",
    "a,b\n\n1,\n2,y\r\n\r\n",
  ]) {
    assert.deepEqual(rowsOf(text), expected, JSON.stringify(text));
    assert.deepEqual(read(text).columns, ["a", "b"]);
  }
  assert.equal(read("a,b").rowCount, 0);
});

test("positionOf gives the place of a cell, behind quoted newlines too", () => {
  const table = read('\ufeffa,bb,c\r\n"x\ny",2,3\r\n4,"5",6');
  assert.deepEqual(table.positionOf(HEADER, 2), { file: "t.csv", line: 1, column: 6 });
  assert.deepEqual(table.positionOf(0, 1), { file: "t.csv", line: 3, column: 4 });
  assert.deepEqual(table.positionOf(1, 2), { file: "t.csv", line: 4, column: 7 });
});

test("readCsv says what is no CSV, and where", () => {
  refuses("", "t.csv:1:1: no header, expected a first line of column names");
  refuses("\n\r\n", "t.csv:1:1: no header, expected a first line of column names");
  refuses('a,b\n1,x"y\n', 't.csv:2:4: a quote within a cell, expected the cell in quotes and this one as ""');
  refuses('a,b\n1,"x\n', "t.csv:2:3: a quote that is never closed, expected another");
  refuses('a,b\n"1"2,3\n', 't.csv:2:4: text behind a closing quote, expected "," or the end of the line');
  refuses("a,b\n1,\u0000\n", "t.csv:2:3: a control character, expected CSV text");
});

test("readCsv reports columns named twice and rows of another length, all at once", () => {
  const cells = "(a cell with a comma needs quotes)";
  refuses(
    "a,b,a\n1,2\n1,2,3\n1,2,3,4\n",
    [
      't.csv:1:5: column "a" is there twice, expected each name once',
      `t.csv:2:4: the row has 2 cells, expected 3 as in the header ${cells}`,
      `t.csv:4:7: the row has 4 cells, expected 3 as in the header ${cells}`,
    ].join("\n"),
  );
});

test("readCsv gives back what was written, for 2,000 rows of awkward cells", () => {
  const contents = ["", "x", ",", '"', '""', "\n", "\r\n", "a,b", " y ", '",\n"', "é", "日本"];
  const rows = Array.from({ length: 2000 }, (_, row) =>
    Array.from({ length: 3 }, (_, column) => contents[(row * 7 + column * 5 + row * column) % 12] as string),
  );
  const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`;
  const text = rows.map((row) => `${row.map(quoted).join(",")}\r\n`).join("");
  assert.deepEqual(rowsOf(`a,b,c\r\n${text}`), rows);
});
