// A CPU profile as one offline HTML page: the flame graph, and the functions with most time of their own as a table.
// The graph is a nested list whose widths are shares of the caller's: no script draws it, so that it is there without
// JavaScript, scales with the window, and reads as a tree to a screen reader. The script adds zoom, search and keys.
//
//   <li all> ┌──────────────────────────────┐
//            │ <li> main ────────┐ <li> (gc)│      children stand below their caller, widest first;
//            │ │ filter │ score │          │      what is left of a row is the caller's own time
//
// Source: B. Gregg, The Flame Graph, CACM 59(6), 2016; here with the root at the top.
import { readFileSync } from "node:fs";
import { sourcePath } from "../../base/source-path.js";
import { type CallNode, callTree, type CpuProfile, selfTimes } from "../../measure/cpu-profile.js";
import { joinMarkup, type Markup, markup } from "../markup.js";
import { pageHtml } from "../page.js";
import { countText, percentText, quantityText } from "../quantity.js";
import { tableMarkup } from "../table.js";
import { FRAME_KINDS, type FlameFrames, type FrameKind, frameKind, visibleFrames } from "./flame-frames.js";

export interface FlamegraphParts {
  /** What was profiled. */
  readonly title: string;
  /** What it was profiled under, a sentence each. */
  readonly notes: readonly string[];
  readonly profile: CpuProfile;
}

const LIMITS = { shareMin: 0.001, framesMax: 5000 };
const ROWS_MAX = 40;

/** Same profile, same bytes; below 2 MB however large the profile is. */
export function flamegraphHtml({ title, notes, profile }: FlamegraphParts): string {
  const tree = callTree(profile);
  const total = quantityText(tree.totalUs * 1000, "ns");
  const samples = countText(profile.samples.length);
  return pageHtml({
    title: `${title} · flame graph · Plumbline`,
    subtitle: "flame graph",
    top: markup`<section class="verdict" aria-label="Profile"><h1 class="headline">${title}</h1>
<p class="facts">${total} by the wall clock in ${samples} samples. ${notes.join(" ")}</p></section>\n`,
    sections: [
      { id: "graph", label: "Flame graph", body: graphMarkup(tree) },
      { id: "own-time", label: "Own time", body: ownTimeMarkup(profile, tree.totalUs) },
    ],
    footer: "Made from a V8 CPU profile. A frame is as wide as the time it was on the stack.",
    assets: { style: ownFile("flamegraph.css"), script: ownFile("flamegraph-script.js") },
  });
}

function graphMarkup(tree: CallNode): Markup {
  if (tree.totalUs === 0) return markup`<p class="note">The profile holds no time: nothing to draw.</p>`;
  const frames = visibleFrames(tree, LIMITS);
  return markup`<h2>Flame graph</h2>
<p class="note">${readingHelp(frames)}<span class="js-only"> Click a frame, or press Enter on it, to zoom in; Escape zooms out. Arrow keys walk, / searches.</span></p>
<div class="flame-tools js-only"><label for="flame-search">Search</label> <input id="flame-search" type="search" placeholder="part of a name" autocomplete="off" spellcheck="false"> <button type="button" id="flame-reset">Reset zoom</button> <span id="flame-found" role="status"></span></div>
<p class="flame-legend">${(Object.keys(FRAME_KINDS) as FrameKind[]).map((kind) => markup`<span><i class="${kind}" aria-hidden="true"></i>${FRAME_KINDS[kind]}</span> `)}</p>
<div class="flame" id="flame"><ul aria-label="Calls">${frameMarkup(frames.root, frames.root, frames.root.totalUs)}</ul></div>
<p class="flame-detail js-only" id="flame-detail">Point at a frame to see what it took.</p>`;
}

function readingHelp({ count, shareMin }: FlameFrames): string {
  return `${countText(count)} frames: callers above, what they call below, widest first. Frames below ${percentText(shareMin)} of the time are left out.`;
}

function frameMarkup(node: CallNode, caller: CallNode, allUs: number): Markup {
  const { frame, selfUs, totalUs, children } = node;
  const name = node === caller ? "all" : frame;
  const width = ((totalUs / caller.totalUs) * 100).toFixed(3);
  const own = selfUs === totalUs || selfUs === 0 ? "" : `, own ${timeText(selfUs)}`;
  const detail = `${name}: ${timeText(totalUs)}, ${percentText(totalUs / allUs, 3)}${own}`;
  const below =
    children.length === 0
      ? null
      : markup`<ul>${joinMarkup(children.map((child) => frameMarkup(child, node, allUs)))}</ul>`;
  return markup`<li style="--w:${width}" data-us="${totalUs}"><span class="${frameKind(frame)}" title="${detail}">${name}</span>${below}</li>`;
}

function ownTimeMarkup(profile: CpuProfile, allUs: number): Markup {
  const rows = selfTimes(profile)
    .filter(({ frame, microseconds }) => frame !== "(idle)" && microseconds > 0)
    .slice(0, ROWS_MAX);
  const mostUs = rows[0]?.microseconds ?? 1;
  return markup`<h2>Own time</h2><p class="note">Time in a function itself, without what it calls; all its calls together.</p>${tableMarkup(
    {
      caption: "Functions with most time of their own",
      hideCaption: true,
      className: "own-time",
      head: ["Function", "Share", "Time"],
      rows: rows.map(({ frame, microseconds }) => ({
        head: frame,
        cells: [
          { content: percentText(microseconds / allUs, 3), share: microseconds / mostUs, className: "share" },
          { content: timeText(microseconds) },
        ],
      })),
    },
  )}`;
}

function timeText(microseconds: number): string {
  return quantityText(microseconds * 1000, "ns");
}

function ownFile(name: string): string {
  return readFileSync(sourcePath(import.meta.url, name), "utf8");
}
