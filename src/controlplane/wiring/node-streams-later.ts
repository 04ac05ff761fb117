// The API server is made before the kubelets whose containers it reaches: their streams are bound to it later.
import { StatusError } from "../../api/status.js";
import type { NodeStreams } from "../protocol/node-streams.js";

export class NodeStreamsLater implements NodeStreams {
  #streams: NodeStreams | null = null;

  bind(streams: NodeStreams): void {
    this.#streams = streams;
  }

  logs: NodeStreams["logs"] = (request, signal) => this.#bound().logs(request, signal);
  exec: NodeStreams["exec"] = (request, streams) => this.#bound().exec(request, streams);
  attach: NodeStreams["attach"] = (request, streams) => this.#bound().attach(request, streams);
  portForward: NodeStreams["portForward"] = (request, connection) =>
    this.#bound().portForward(request, connection);
  answer: NodeStreams["answer"] = (target, path) => this.#bound().answer(target, path);
  page: NodeStreams["page"] = (node, path) => this.#bound().page(node, path);

  #bound(): NodeStreams {
    if (this.#streams === null) throw new StatusError("ServiceUnavailable", "the nodes are not up yet");
    return this.#streams;
  }
}
