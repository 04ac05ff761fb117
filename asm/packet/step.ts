// What a stage answers: a hook's walk or the local stage behind INPUT. One small number; the reason of a drop is in
// the flight. Twin: HookResult and LocalResult of src/netfilter/tracer/trace.ts.

/** The packet goes on (for the local stage: it was delivered to a process on the node). */
export const STEP_ACCEPT: u32 = 0;
export const STEP_DROP: u32 = 1;
export const STEP_REJECT: u32 = 2;
/** Local stage: the destination was rewritten, and the packet goes on through OUTPUT and POSTROUTING. */
export const STEP_FORWARDED: u32 = 3;
/** Local stage: a userspace proxy took the connection and opened its own to the flight's destination. */
export const STEP_PROXIED: u32 = 4;
