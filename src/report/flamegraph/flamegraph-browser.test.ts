// The flame graph page in a real browser, as a file and without a network. Needs a Chromium, as ../browser.test.ts.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { PROFILE } from "./flamegraph.test-data.js";
import { flamegraphHtml } from "./flamegraph-page.js";

const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const skip = existsSync(executablePath)
  ? false
  : `no Chromium at ${executablePath}; set CHROMIUM to its path`;

const folder = mkdtempSync(join(tmpdir(), "plumbline-flame-"));
const file = join(folder, "x.flame.html");
let browser: Browser;

before(async () => {
  if (skip !== false) return;
  const title = "workload=SomeRatherLongCaseName/5000Nodes_10000Pods nodes=5000";
  writeFileSync(file, flamegraphHtml({ title, notes: [], profile: PROFILE }));
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
});
after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function open(options: BrowserContextOptions): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext({ offline: true, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    if (request.url() !== pathToFileURL(file).href) complaints.push(`asked for ${request.url()}`);
  });
  await page.goto(pathToFileURL(file).href);
  return { page, complaints };
}

const box = (page: Page, name: string) => page.locator("#flame span", { hasText: name });
const detailOf = (page: Page) => page.locator("#flame-detail").textContent();

for (const [width, colorScheme] of [
  [1280, "light"],
  [390, "dark"],
] as const)
  test(`the page fits ${width} px (${colorScheme}) and loads without a complaint`, { skip }, async () => {
    const { page, complaints } = await open({ viewport: { width, height: 800 }, colorScheme });
    assert.deepEqual(complaints, []);
    assert.ok((await page.evaluate<number>("document.documentElement.scrollWidth")) <= width);
    await page.context().close();
  });

test("a click zooms to a frame, hides what stands beside it, and Escape goes back", { skip }, async () => {
  const { page, complaints } = await open({ viewport: { width: 1280, height: 800 } });
  const widthOf = async () => (await box(page, "filterFit").boundingBox())?.width ?? 0;
  const before = await widthOf();
  await box(page, "filterFit").click();
  assert.ok((await widthOf()) > before * 2);
  assert.equal(await box(page, "garbage").isVisible(), false);
  await page.keyboard.press("Escape");
  assert.equal(Math.round(await widthOf()), Math.round(before));
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test("keys walk the tree, zoom and search, and details follow", { skip }, async () => {
  const { page } = await open({ viewport: { width: 1280, height: 800 } });
  await page.locator("#flame li").first().focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  assert.match((await detailOf(page)) ?? "", /^asm\/scheduler\/filter\/filterFit/);
  await page.keyboard.press("ArrowRight");
  assert.match((await detailOf(page)) ?? "", /^<score>.*30\.0 ms, 30\.0%/);
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  assert.equal(await box(page, "garbage").isVisible(), false);
  await page.locator("#flame-reset").click();
  assert.equal(await box(page, "garbage").isVisible(), true);
  await page.keyboard.press("/");
  await page.keyboard.type("scheduler/");
  assert.equal(await page.locator("#flame-found").textContent(), "3 frames, 90.0% of the time");
  await page.context().close();
});

test("the page is readable without JavaScript: graph and table show, dead controls do not", {
  skip,
}, async () => {
  const { page } = await open({ javaScriptEnabled: false, viewport: { width: 1280, height: 800 } });
  assert.ok(await box(page, "filterFit").isVisible());
  assert.equal(await page.locator("table.own-time tbody tr").count(), 5);
  assert.equal(await page.locator("button:visible, input:visible").count(), 0);
  await page.context().close();
});
