// The scheduler's Filter and Score loops over node columns. One export is one loop; the host (src/scheduler/columns)
// calls those that a Pod needs, plugin by plugin, over a range of candidates.
//
//   list        u32[nodes]      node slots in the order in which they are looked at
//   verdict     u8[slots]       0 while a node is feasible, else the code of the filter that turned it down
//   reason      u32[slots]      what that filter had to say, in bits of its own
//   feasible    u32[n]          slots of nodes that passed, in order
//   score       f64[n]          a plugin's raw or normalised score, one per feasible node
//
// Why plugin by plugin and not node by node: each loop reads two or three columns in order, has one branch, and its time
// is the plugin's time. A node that one filter turned down is passed over by the next, as upstream does.
// Cost: about 1-2 ns a node and loop while the columns lie in L2.
export { begin, collect, tallyVerdicts } from "./candidates";
export { addDomains, addWeightedDomains, anyDomain, minimumDomain, countDomains, zero } from "./domains";
export { countEligible, fillEligible, keepMasked, keepTabled, keepLabelled } from "./eligible";
export { filterFitPair } from "./filter-pairs";
export { filterCounted, filterFit, filterFlagged, filterMasked, filterTabled } from "./filter";
export { filterAbsent, filterPresent, filterSpread, filterUnlabelled } from "./filter-domains";
export { intersectValues, uniteMask, fillMask } from "./masks";
export { normalizeDefault, normalizeRange, normalizeSpread } from "./normalize";
export { addRequests } from "./requests";
export { scoreBalanced, scoreLeastAllocated, scoreMostAllocated, scoreRatio } from "./score-resources";
export { scoreBalancedPairs, scoreLeastAllocatedPairs } from "./score-pairs";
export {
  addDomainScores,
  addMaskScores,
  addSpreadScores,
  roundSpreadScores,
  scoreTabled,
  scoreImages,
} from "./score-columns";
export { addWeighted, fillTotals, best, countBest, nthBest } from "./select";
