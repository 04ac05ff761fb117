// Taking real servers out without cutting their connections: a removed TCP server that still has some gets weight 0
// and waits; it is looked at again every minute and deleted once it has none. UDP and SCTP servers go at once.
// Pure: events and loads in, actions out; the caller keeps the state and the clock.
// Source: kube-proxy pkg/proxy/ipvs/graceful_termination.go.
import type { VirtualServer } from "../../netfilter/ipvs/model.js";
import { realServerText, serviceText } from "../../netfilter/ipvs/text.js";

/** A real server of a virtual server. */
export interface ServerBinding {
  readonly service: Pick<VirtualServer, "protocol" | "ip" | "port">;
  readonly ip: string;
  readonly port: number;
}

export interface ServerLoad {
  readonly active: number;
  readonly inactive: number;
}

/** What to do to the kernel's table. */
export type TerminationAction =
  | { readonly kind: "delete"; readonly server: ServerBinding }
  | { readonly kind: "set-weight"; readonly server: ServerBinding; readonly weight: 0 }
  | { readonly kind: "add"; readonly server: ServerBinding; readonly weight: 1 };

/** Servers that wait for their connections to end, by identity. */
export type WaitingServers = ReadonlyMap<string, ServerBinding>;

export interface TerminationStep {
  readonly waiting: WaitingServers;
  readonly actions: readonly TerminationAction[];
}

/** An endpoint is no longer wanted. */
export function terminate(waiting: WaitingServers, server: ServerBinding, load: ServerLoad): TerminationStep {
  if (!mustWait(server, load))
    return { waiting: without(waiting, [server]), actions: [{ kind: "delete", server }] };
  const next = new Map(waiting).set(bindingKey(server), server);
  return { waiting: next, actions: [{ kind: "set-weight", server, weight: 0 }] };
}

/** An endpoint is wanted. One that waits for its end is deleted and made anew, with weight 1. */
export function restore(waiting: WaitingServers, server: ServerBinding): TerminationStep {
  const add: TerminationAction = { kind: "add", server, weight: 1 };
  if (!waiting.has(bindingKey(server))) return { waiting, actions: [add] };
  return { waiting: without(waiting, [server]), actions: [{ kind: "delete", server }, add] };
}

/** Every minute: delete those whose connections have ended. */
export function recheck(
  waiting: WaitingServers,
  loadOf: (server: ServerBinding) => ServerLoad,
): TerminationStep {
  const ended = [...waiting.values()].filter((server) => !mustWait(server, loadOf(server)));
  const actions = ended.map((server): TerminationAction => ({ kind: "delete", server }));
  return { waiting: without(waiting, ended), actions };
}

/** Whether a server is waiting; such a one is not cleaned up as a leftover. */
export function isWaiting(waiting: WaitingServers, server: ServerBinding): boolean {
  return waiting.has(bindingKey(server));
}

function mustWait(server: ServerBinding, load: ServerLoad): boolean {
  return server.service.protocol === "tcp" && load.active + load.inactive > 0;
}

function without(waiting: WaitingServers, servers: readonly ServerBinding[]): WaitingServers {
  const rest = new Map(waiting);
  for (const server of servers) rest.delete(bindingKey(server));
  return rest;
}

function bindingKey(server: ServerBinding): string {
  return `${serviceText(server.service)} ${realServerText({ ...server, weight: 0 })}`;
}
