// Timestamps as the API writes them: UTC, whole seconds. The text of a second is kept: thousands of Pods come in it.
let lastSecond = Number.NaN;
let lastText = "";

/** @param ms since 1970 */
export function rfc3339(ms: number): string {
  const second = Math.floor(ms / 1000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastText = `${new Date(second * 1000).toISOString().slice(0, 19)}Z`;
  }
  return lastText;
}
