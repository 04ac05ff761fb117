// The page in a real browser: nothing on the console, nothing over the network, readable without JavaScript and on a phone.
// Screenshots land in a folder that the test prints.
import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { launchBrowser, openPage, withoutChromium as skip } from "./browser-page.test-data.js";
import { reportHtml } from "./html.js";
import { sampleRecord } from "./sample-record.test-data.js";

const folder = mkdtempSync(join(tmpdir(), "plumbline-page-"));
const file = join(folder, "report.html");
let browser: Browser;

before(async () => {
  if (skip !== false) return;
  writeFileSync(file, reportHtml(sampleRecord()));
  writeFileSync(join(folder, "result.json"), "{}");
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
});

const open = (options: BrowserContextOptions) => openPage(browser, file, options);
const widthOf = (page: Page): Promise<number> => page.evaluate("document.documentElement.scrollWidth");

test("the page loads without a complaint and asks for nothing but itself", { skip }, async () => {
  const { page, complaints, requests } = await open({ viewport: { width: 1280, height: 900 } });
  assert.deepEqual(complaints, []);
  assert.deepEqual(requests, [pathToFileURL(file).href]);
  await page.context().close();
});

for (const width of [360, 390, 768, 1280]) {
  test(`the page fits ${width} px without scrolling sideways`, { skip }, async () => {
    const { page } = await open({ viewport: { width, height: 800 } });
    assert.ok((await widthOf(page)) <= width, `${await widthOf(page)} px wide`);
    await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");
    assert.ok((await widthOf(page)) <= width, `${await widthOf(page)} px wide with all details open`);
    await page.context().close();
  });
}

test("the page is readable without JavaScript: answer, table and drawings show, dead buttons do not", {
  skip,
}, async () => {
  const { page } = await open({ javaScriptEnabled: false, viewport: { width: 1280, height: 900 } });
  await page.getByText("a new connection evaluates").first().waitFor({ state: "visible", timeout: 2000 });
  assert.equal(await page.locator("table.answer tbody tr").count(), 4);
  assert.ok(await page.locator("figure .wide svg").first().isVisible());
  assert.equal(await page.locator("button:visible, input:visible").count(), 0);
  await page.context().close();
});

test("the answer and its table stand on the first screen of a desktop", { skip }, async () => {
  const { page } = await open({ viewport: { width: 1280, height: 800 } });
  const box = await page.locator("table.answer").boundingBox();
  assert.ok(
    box && box.y + box.height <= 800,
    `the table ends at ${box ? box.y + box.height : "?"} px of 800`,
  );
  await page.context().close();
});

test("sorting, filtering and the theme button work", { skip }, async () => {
  const { page, complaints } = await open({ viewport: { width: 1280, height: 900 }, colorScheme: "light" });
  const rows = page.locator("#scoreboard-table tbody tr:visible");
  const total = await rows.count();
  await page.locator("#scoreboard-filter").fill("ipvs 10,000");
  assert.equal(await rows.count(), 1);
  await page.locator("#scoreboard-filter").fill("");
  assert.equal(await rows.count(), total);
  await page.locator("#scoreboard-table .sorter").nth(1).click();
  const values = await page
    .locator("#scoreboard-table tbody td:nth-child(2)")
    .evaluateAll((cells) => cells.map((cell) => Number(cell.getAttribute("data-sort"))));
  assert.deepEqual(
    values,
    values.toSorted((a, b) => a - b),
  );
  const colorOf = () => page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
  const light = await colorOf();
  await page.locator("#theme").click();
  await page.locator("#theme").click();
  assert.equal(await page.locator("#theme").textContent(), "Theme: dark");
  assert.notEqual(await colorOf(), light);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test("charts change their colours with the theme", { skip }, async () => {
  const strokeOf = async (colorScheme: "light" | "dark") => {
    const { page } = await open({ colorScheme, viewport: { width: 1280, height: 900 } });
    const stroke = await page.evaluate<string>(
      "getComputedStyle(document.querySelector('figure .wide svg text')).fill",
    );
    await page.context().close();
    return stroke;
  };
  assert.notEqual(await strokeOf("light"), await strokeOf("dark"));
});

test("screenshots of desktop and phone, light and dark, are taken to be looked at", {
  skip,
}, async (context) => {
  for (const [name, viewport] of Object.entries({
    desktop: { width: 1280, height: 900 },
    phone: { width: 390, height: 844 },
  })) {
    for (const colorScheme of ["light", "dark"] as const) {
      const { page } = await open({ viewport, colorScheme });
      const path = join(folder, `${name}-${colorScheme}.png`);
      // One whole page; the others show their first screens, which is where they differ.
      const image = await page.screenshot({ path, fullPage: name === "desktop" && colorScheme === "light" });
      assert.ok(image.length > 20_000, `${path} is nearly empty: ${image.length} bytes`);
      await page.context().close();
    }
  }
  context.diagnostic(`screenshots: ${folder}`);
});
