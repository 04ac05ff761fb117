// Requests that become streams: exec, attach and port-forward. They are authorized like all others before the connection
// is upgraded.
// Source: k8s.io/api core/v1 PodExecOptions, PodAttachOptions, PodPortForwardOptions.
import type { ApiRequest } from "../../protocol/api-request.js";
import { badRequest } from "../registry/api-failures.js";
import { isTrue } from "../request-info.js";

export const STREAM_SUBRESOURCES = ["exec", "attach", "portforward"] as const;
export type StreamSubresource = (typeof STREAM_SUBRESOURCES)[number];

export interface ProcessOptions {
  readonly container: string | null;
  readonly command: readonly string[];
  readonly hasStdin: boolean;
  readonly hasStdout: boolean;
  readonly hasStderr: boolean;
  readonly isTty: boolean;
}

/** @throws {StatusError} BadRequest */
export function processOptions({ query }: ApiRequest, subresource: "exec" | "attach"): ProcessOptions {
  const isSet = (name: string) => query.has(name) && isTrue(query.get(name));
  const command = query.getAll("command");
  if (subresource === "exec" && command.length === 0)
    throw badRequest("you must specify at least one command");
  const options = {
    container: query.get("container") || null,
    command,
    hasStdin: isSet("stdin"),
    hasStdout: isSet("stdout"),
    hasStderr: isSet("stderr"),
    isTty: isSet("tty"),
  };
  if (!options.hasStdin && !options.hasStdout && !options.hasStderr)
    throw badRequest("you must specify at least 1 of stdin, stdout, stderr");
  return options;
}
