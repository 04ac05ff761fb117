// How far a modelled time may be from the real one, and so how finely modelled times may be ranked.

/**
 * Relative error of a modelled time. Source: predictions for whole rulesets of 1 to 30,000 Services against times taken
 * in the kernel of the calibration machine, iptables and nftables, first and established packets: all lie within it.
 * The ipvs and userspace modes have no such check.
 */
export const MODELLED_ERROR_SHARE = 0.15;

/** Whether two modelled times differ by less than the model errs: then neither is known to be the lower one. */
export function withinModelledError(a: number, b: number): boolean {
  return Math.max(a, b) <= Math.min(a, b) * (1 + MODELLED_ERROR_SHARE);
}
