// Raw scores to 0..100: the way most plugins do it.
// Source: kube-scheduler plugins/helper/normalize_score.go.
import { mulDiv } from "./integer-division.js";

export const MAX_NODE_SCORE = 100;

/** Scales so that the largest becomes 100, in place. Reversed, the largest becomes 0. Raw scores are from 0. */
export function normalizeScores(scores: number[], isReversed = false): void {
  // A loop, as Math.max takes its arguments on the stack, and there is one for each node.
  let max = 0;
  for (const score of scores) max = Math.max(max, score);
  for (const [index, score] of scores.entries()) {
    const scaled = max === 0 ? 0 : mulDiv(MAX_NODE_SCORE, score, max);
    scores[index] = isReversed ? MAX_NODE_SCORE - scaled : scaled;
  }
}
