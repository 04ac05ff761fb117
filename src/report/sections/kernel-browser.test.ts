// Pages with a verification, in a real browser: they fit a phone with every detail open, and nothing complains.
import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { launchBrowser, openPage, withoutChromium as skip } from "../browser-page.test-data.js";
import { reportHtml } from "../html.js";
import { sampleVerificationOnly, sampleVerifiedRecord } from "./sample-kernel.test-data.js";

const folder = mkdtempSync(join(tmpdir(), "plumbline-kernel-"));
const PAGES = { run: sampleVerifiedRecord(), verification: sampleVerificationOnly() };
const fileOf = (name: string) => join(folder, `${name}.html`);
let browser: Browser;

before(async () => {
  if (skip !== false) return;
  for (const [name, record] of Object.entries(PAGES)) writeFileSync(fileOf(name), reportHtml(record));
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
});

for (const name of Object.keys(PAGES))
  for (const width of [390, 1280])
    test(`the page of a ${name} fits ${width} px with all details open`, { skip }, async () => {
      const { page, complaints } = await openPage(browser, fileOf(name), {
        viewport: { width, height: 800 },
      });
      await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");
      const wide = await page.evaluate<number>("document.documentElement.scrollWidth");
      assert.ok(wide <= width, `${wide} px wide`);
      assert.deepEqual(complaints, []);
      await page.context().close();
    });

test("a modelled badge in the head of a column that sorts leads to the section and does not sort", {
  skip,
}, async () => {
  const { page } = await openPage(browser, fileOf("run"), { viewport: { width: 1280, height: 800 } });
  await page.locator("#scoreboard-table thead a.badge-modelled").first().click();
  assert.match(page.url(), /#kernel$/);
  assert.equal(await page.locator("#scoreboard-table th[aria-sort]").count(), 0);
  await page.context().close();
});

test("commands of a mismatch can be copied", { skip }, async () => {
  const { page, complaints } = await openPage(browser, fileOf("run"), {
    viewport: { width: 1280, height: 800 },
  });
  await page.locator("#kernel-mismatch-1 summary").click();
  await page.locator("#kernel-mismatch-1 button").click();
  assert.match((await page.locator("#kernel-mismatch-1 button").textContent()) ?? "", /Copied|by hand/);
  assert.deepEqual(complaints, []);
  await page.context().close();
});
