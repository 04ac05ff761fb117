// A page in a headless Chromium, for tests: what the browser complains about and asks for is kept.
// Needs a Chromium: CHROMIUM=path, or the one of Debian.
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
/** Why tests that need it are skipped, or false. */
export const withoutChromium = existsSync(executablePath)
  ? false
  : `no Chromium at ${executablePath}; set CHROMIUM to its path`;
const FLAGS = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync"],
];

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath, args: FLAGS });
}

export interface OpenPage {
  readonly page: Page;
  readonly complaints: readonly string[];
  /** URLs. */
  readonly requests: readonly string[];
}

export async function openPage(
  browser: Browser,
  file: string,
  options: BrowserContextOptions,
): Promise<OpenPage> {
  const context = await browser.newContext({ offline: true, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => requests.push(request.url()));
  await page.goto(pathToFileURL(file).href);
  return { page, complaints, requests };
}
