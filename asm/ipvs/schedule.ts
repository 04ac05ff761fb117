// Which real server a new connection goes to. Twin: src/netfilter/ipvs/schedulers.ts, step by step and count by count.
// Cost: rr, wrr and the hashing schedulers one server as a rule; lc, wlc and sed all of them; nq down to the idle one.
// Source: Linux net/netfilter/ipvs/ip_vs_{rr,wrr,lc,wlc,sh,dh,sed,nq,mh}.c.
import { CONTEXT_IMAGE, COUNTER_SCHEDULER_STEPS } from "../abi/context";
import {
  NO_POSITION,
  SCHEDULER_DH,
  SCHEDULER_LC,
  SCHEDULER_MH,
  SCHEDULER_NQ,
  SCHEDULER_RR,
  SCHEDULER_SED,
  SCHEDULER_SH,
  SCHEDULER_WLC,
  SCHEDULER_WRR,
  SERVER_STATE_ACTIVE,
  SERVER_STATE_INACTIVE,
  SERVER_WEIGHT,
  SERVICE_ADDRESS,
  SERVICE_FLAG_SOURCE_PORT,
  SERVICE_FLAGS,
  SERVICE_SCHEDULER,
  SERVICE_SERVERS,
  SERVICE_STATE_LAST,
  SERVICE_STATE_LEVEL,
  SERVICE_TABLE,
  SERVICE_WRR_DIVISOR,
  SERVICE_WRR_LEVEL_MAX,
} from "../abi/ipvs";
import { countMany } from "../packet/counters";
import { FLIGHT_SOURCE, FLIGHT_SOURCE_PORT } from "../packet/flight";
import { maglevOffset, sourceHashBucket } from "./hash";
import { serverAt, serverIdAt, serverState, serviceState } from "./regions";

export const NO_SERVER: i32 = -1;

/** Server id for the flight's new connection to a service, or NO_SERVER. Counts the servers looked at. */
export function schedule<A>(context: usize, service: usize): i32 {
  const scheduler = load<u8>(service, SERVICE_SCHEDULER) as u32;
  let position = NO_SERVER;
  if (scheduler === SCHEDULER_RR) position = roundRobin(context, service);
  else if (scheduler === SCHEDULER_WRR) position = weightedRoundRobin(context, service);
  else if (scheduler === SCHEDULER_NQ) position = neverQueue(context, service);
  else if (scheduler === SCHEDULER_LC || scheduler === SCHEDULER_WLC || scheduler === SCHEDULER_SED) {
    position = least(context, service, scheduler);
  } else position = hashed<A>(context, service, scheduler);
  return position === NO_SERVER ? NO_SERVER : (serverIdAt(context, service, position) as i32);
}

function roundRobin(context: usize, service: usize): i32 {
  const servers = load<u32>(service, SERVICE_SERVERS);
  if (servers === 0) return NO_SERVER;
  const state = serviceState(context, service);
  // Position + 1 of the server chosen last is the position after it; the list's head is before position 0.
  let position = load<u32>(state, SERVICE_STATE_LAST);
  for (let steps: u32 = 1; steps <= servers; steps++) {
    if (position >= servers) position = 0;
    if (load<i32>(serverAt(context, service, position), SERVER_WEIGHT) > 0) {
      store<u32>(state, position + 1, SERVICE_STATE_LAST);
      countMany(context, COUNTER_SCHEDULER_STEPS, steps);
      return position;
    }
    position++;
  }
  countMany(context, COUNTER_SCHEDULER_STEPS, servers);
  return NO_SERVER;
}

function weightedRoundRobin(context: usize, service: usize): i32 {
  const levelMax = load<u16>(service, SERVICE_WRR_LEVEL_MAX) as i32;
  if (levelMax <= 0) return NO_SERVER;
  const state = serviceState(context, service);
  const servers = load<u32>(service, SERVICE_SERVERS);
  const divisor = load<i32>(service, SERVICE_WRR_DIVISOR);
  let position = load<u32>(state, SERVICE_STATE_LAST);
  let level = load<i32>(state, SERVICE_STATE_LEVEL);
  let steps: u32 = 0;
  while (true) {
    steps++;
    if (position === servers) {
      position = 0;
      level -= divisor;
      if (level <= 0) level = levelMax;
    }
    // Some server has the largest weight, so this ends.
    if (load<i32>(serverAt(context, service, position), SERVER_WEIGHT) >= level) break;
    position++;
  }
  store<u32>(state, position + 1, SERVICE_STATE_LAST);
  store<i32>(state, level, SERVICE_STATE_LEVEL);
  countMany(context, COUNTER_SCHEDULER_STEPS, steps);
  return position;
}

function neverQueue(context: usize, service: usize): i32 {
  const servers = load<u32>(service, SERVICE_SERVERS);
  for (let position: u32 = 0; position < servers; position++) {
    if (load<i32>(serverAt(context, service, position), SERVER_WEIGHT) <= 0) continue;
    if (load<u32>(serverState(context, serverIdAt(context, service, position)), SERVER_STATE_ACTIVE) === 0) {
      countMany(context, COUNTER_SCHEDULER_STEPS, position + 1);
      return position;
    }
  }
  return least(context, service, SCHEDULER_SED);
}

/** The first server that no later one beats: by cost alone (lc), or by cost over weight, compared crosswise. */
function least(context: usize, service: usize, scheduler: u32): i32 {
  const servers = load<u32>(service, SERVICE_SERVERS);
  let best = NO_SERVER;
  let bestCost: u64 = 0;
  let bestWeight: u64 = 1;
  for (let position: u32 = 0; position < servers; position++) {
    const weight = load<u32>(serverAt(context, service, position), SERVER_WEIGHT) as u64;
    if (weight === 0) continue;
    const cost = costOf(serverState(context, serverIdAt(context, service, position)), scheduler);
    const factor: u64 = scheduler === SCHEDULER_LC ? 1 : weight;
    if (best === NO_SERVER || cost * bestWeight < bestCost * factor) {
      best = position;
      bestCost = cost;
      bestWeight = factor;
    }
  }
  countMany(context, COUNTER_SCHEDULER_STEPS, servers);
  return best;
}

/** sed counts the connection to come; lc and wlc weigh an inactive connection as a 256th. */
function costOf(state: usize, scheduler: u32): u64 {
  const active = load<u32>(state, SERVER_STATE_ACTIVE) as u64;
  if (scheduler === SCHEDULER_SED) return active + 1;
  return (active << 8) + (load<u32>(state, SERVER_STATE_INACTIVE) as u64);
}

function hashed<A>(context: usize, service: usize, scheduler: u32): i32 {
  const withPort = (load<u8>(service, SERVICE_FLAGS) & SERVICE_FLAG_SOURCE_PORT) !== 0;
  const port: u32 = withPort ? load<u16>(context, FLIGHT_SOURCE_PORT) : 0;
  let bucket: u32 = 0;
  if (scheduler === SCHEDULER_SH) bucket = sourceHashBucket<A>(load<A>(context, FLIGHT_SOURCE), port);
  else if (scheduler === SCHEDULER_DH) bucket = sourceHashBucket<A>(load<A>(service, SERVICE_ADDRESS), 0);
  else if (scheduler === SCHEDULER_MH) bucket = maglevOffset<A>(load<A>(context, FLIGHT_SOURCE), port);
  const table = load<u32>(context, CONTEXT_IMAGE) + load<u32>(service, SERVICE_TABLE);
  const position = load<u16>((table as usize) + ((bucket as usize) << 1)) as i32;
  if (position === NO_POSITION) return NO_SERVER;
  countMany(context, COUNTER_SCHEDULER_STEPS, 1);
  return load<i32>(serverAt(context, service, position), SERVER_WEIGHT) > 0 ? position : NO_SERVER;
}
