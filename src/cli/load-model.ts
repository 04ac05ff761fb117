// --load: how measured Pods arrive, in words.
import { InvalidArgumentError } from "commander";
import { parseQuantity } from "../base/document/quantities.js";
import type { LoadModel } from "../workload/arrivals.js";

/** "closed", "fixed 500/s", "poisson 2k/s", "waves 100 1s". @throws {InvalidArgumentError} for anything else */
export function loadModel(text: string): LoadModel {
  const [model, first = "", second = "", ...rest] = text.trim().split(/\s+/);
  const load = rest.length > 0 ? null : modelOf(model ?? "", first, second);
  if (load === null)
    throw new InvalidArgumentError("expected 'closed', 'fixed 500/s', 'poisson 500/s' or 'waves 100 1s'");
  return load;
}

function modelOf(model: string, first: string, second: string): LoadModel | null {
  if (model === "closed") return first === "" ? { model } : null;
  if (model === "fixed" || model === "poisson") {
    const ratePerSecond = parseQuantity("rate", first);
    return second === "" && ratePerSecond !== null && ratePerSecond > 0 ? { model, ratePerSecond } : null;
  }
  if (model !== "waves") return null;
  const gapNs = parseQuantity("duration", second);
  const waveSize = /^[1-9]\d*$/.test(first) ? Number(first) : null;
  return gapNs !== null && waveSize !== null ? { model, waveSize, gapMs: gapNs / 1e6 } : null;
}
