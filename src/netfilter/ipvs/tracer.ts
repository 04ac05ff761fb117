// Traces packets through an ipvs model: the path and the iptables rules of every other mode, with IPVS behind INPUT,
// OUTPUT and FORWARD. Oracle of asm/ipvs.
import type { IpvsModel } from "../rule-model.js";
import { IptablesWalker } from "../tracer/iptables-walker.js";
import { createPathTracer } from "../tracer/path.js";
import type { HookWalker, Tracer, TracerOptions } from "../tracer/trace.js";
import { type IpvsOptions, IpvsStage } from "./stage.js";

/** Tables as Linux has them up to 6.x, and a connection table no trace fills. */
const FIXED_TABLES: IpvsOptions = { serviceTable: "fixed", connectionsMax: 1 << 20 };

/** A tracer with no connections yet, every scheduler at its start. */
export function createIpvsTracer(
  model: IpvsModel,
  options: TracerOptions,
  tables: IpvsOptions = FIXED_TABLES,
): Tracer {
  const stage = new IpvsStage(model.family, model.virtualServers, tables);
  const { family, localAddresses } = model;
  const walker = withReplies(new IptablesWalker(model.ruleset, model), stage);
  return createPathTracer({ walker, localStage: stage, localAddresses, family, options });
}

/** IPVS hooks in behind the filter rules of FORWARD, to recognise replies on their way through. */
function withReplies(rules: HookWalker, stage: IpvsStage): HookWalker {
  return {
    walk(hook, flight) {
      const result = rules.walk(hook, flight);
      if (hook === "FORWARD" && result.kind === "accept") stage.reply(flight);
      return result;
    },
  };
}
