// The frame of every page: one file that needs nothing else, says so to the browser, and reads without JavaScript.
// The content security policy forbids every request and every script but our own, so that a hole in escaping
// would still not run anything.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { sourcePath } from "../base/source-path.js";
import { type Markup, markup, trustedMarkup } from "./markup.js";
import type { Section } from "./report-view.js";

export interface PageParts {
  readonly title: string;
  /** Beside the name of the tool, at the top. */
  readonly subtitle: string;
  readonly top: Markup;
  readonly sections: readonly Section[];
  readonly footer: string;
  /** What this page needs beyond every page's style and script. */
  readonly assets?: { readonly style: string; readonly script: string };
}

export function pageHtml(parts: PageParts): string {
  const style = ownFile("style.css") + (parts.assets?.style ?? "");
  const script = ownFile("page-script.js") + (parts.assets?.script ?? "");
  const digest = createHash("sha256").update(script).digest("base64");
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>\n${
    markup`<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${parts.title}</title>
<style>${trustedMarkup(style)}</style></head>
<body><a class="skip" href="#main">Skip to the content</a>
<header><div class="topbar"><span class="brand">Plumbline</span> <span class="subtitle">${parts.subtitle}</span>
<button type="button" class="js-only" id="theme" aria-live="polite">Theme: system</button></div>
<nav aria-label="Sections">${parts.sections.map((section) => markup`<a href="#${section.id}">${section.label}</a>`)}</nav></header>
<main id="main" tabindex="-1">${parts.top}
${parts.sections.map((section) => markup`<section id="${section.id}" aria-label="${section.label}">${section.body}</section>\n`)}</main>
<footer>${parts.footer}</footer>
<script>${trustedMarkup(script)}</script></body></html>`.text
  }\n`;
}

function ownFile(name: "style.css" | "page-script.js"): string {
  return readFileSync(sourcePath(import.meta.url, name), "utf8");
}
