// The page of a run that only schedules Pods, in a real browser.
import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { launchBrowser, openPage, withoutChromium as skip } from "../browser-page.test-data.js";
import { reportHtml } from "../html.js";
import { sampleSchedulingRecord } from "./sample-scheduler.test-data.js";

const folder = mkdtempSync(join(tmpdir(), "plumbline-scheduler-"));
const file = join(folder, "report.html");
const DESKTOP = { width: 1280, height: 800 };
let browser: Browser;

before(async () => {
  if (skip !== false) return;
  writeFileSync(file, reportHtml(sampleSchedulingRecord()));
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
});

const unfold = (page: Page) =>
  page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");
const widthOf = (page: Page): Promise<number> => page.evaluate("document.documentElement.scrollWidth");

test("the page loads without a complaint and asks for nothing but itself", { skip }, async () => {
  const { page, complaints, requests } = await openPage(browser, file, { viewport: DESKTOP });
  await unfold(page);
  assert.deepEqual(complaints, []);
  assert.deepEqual(requests, [pathToFileURL(file).href]);
  await page.context().close();
});

for (const width of [360, 390, 1280]) {
  test(`the page fits ${width} px without scrolling sideways, all details open`, { skip }, async () => {
    const { page } = await openPage(browser, file, { viewport: { width, height: 800 } });
    await unfold(page);
    assert.ok((await widthOf(page)) <= width, `${await widthOf(page)} px wide`);
    await page.context().close();
  });
}

test("the note on set-ups and the first rate stand on the first screen of a desktop", { skip }, async () => {
  const { page } = await openPage(browser, file, { viewport: DESKTOP });
  const row = await page.locator("table.rates tbody tr").first().boundingBox();
  const note = await page.locator(".callout").boundingBox();
  assert.ok(row && note && note.y + note.height <= row.y, "the note should stand above the table");
  assert.ok(row.y + row.height <= DESKTOP.height, `the first row ends at ${row.y + row.height} px`);
  await page.context().close();
});

test("on a phone the rate of a workload shows beside its name", { skip }, async () => {
  const { page } = await openPage(browser, file, { viewport: { width: 390, height: 844 } });
  const value = await page.locator("table.rates td.bar .value").first().boundingBox();
  assert.ok(
    value && value.x + value.width <= 390,
    `the value ends at ${value ? value.x + value.width : "?"} px`,
  );
  await page.context().close();
});

test("without JavaScript tables and drawings show, and folded parts open", { skip }, async () => {
  const { page } = await openPage(browser, file, { javaScriptEnabled: false, viewport: DESKTOP });
  assert.ok(await page.locator("table.rates").isVisible());
  const folded = page.locator("details.workload").first();
  assert.equal(await folded.locator("svg").first().isVisible(), false);
  await folded.locator("summary").first().click();
  assert.ok(await folded.locator(".wide svg").first().isVisible());
  assert.equal(await page.locator("button:visible").count(), 0);
  await page.context().close();
});

test("a row of the first table leads to its workload, unfolded; plugins sort by a column", {
  skip,
}, async () => {
  const { page, complaints } = await openPage(browser, file, { viewport: DESKTOP });
  await page.locator("table.rates tbody th a").nth(1).click();
  const target = page.locator(":target");
  assert.ok(await target.isVisible());
  const table = target.locator("table.plugins");
  await table.locator(".sorter").nth(2).click();
  const totals = await table
    .locator("tbody td:nth-child(3)")
    .evaluateAll((cells) => cells.map((cell) => Number(cell.getAttribute("data-sort"))));
  assert.ok(totals.length > 2);
  assert.deepEqual(
    totals,
    totals.toSorted((a, b) => a - b),
  );
  assert.deepEqual(complaints, []);
  await page.context().close();
});
