// The cluster's name server as Pods reach it: at the address of Service kube-system/kube-dns. Kubelets are made before it
// listens, so it is bound to that address later; until then, and at any other address, nobody answers.
import type { Answer, RecordData } from "../addons/dns/records.js";
import type { NameLookup, NameRecord } from "../protocol/name-lookup.js";

/** What of a DNS server is asked. */
export interface NameServer {
  answer(name: string, type: string): Answer;
}

export class ClusterNames {
  readonly #servers = new Map<string, NameServer>();

  /** @param address canonical */
  bind(address: string, server: NameServer): void {
    this.#servers.set(address, server);
  }

  readonly lookup: NameLookup = (address, name, type) => {
    const answer = this.#servers.get(address)?.answer(name, type);
    if (answer === undefined) return null;
    const records = answer.answers.map(
      ({ name, data }): NameRecord => ({ name, type: data.type, text: dataText(data) }),
    );
    return { rcode: answer.rcode, records };
  };
}

function dataText(data: RecordData): string {
  if ("address" in data) return data.address;
  switch (data.type) {
    case "SRV":
      return `${data.priority} ${data.weight} ${data.port} ${data.target}`;
    case "TXT":
      return JSON.stringify(data.text);
    case "SOA":
      return `${data.server} ${data.mailbox}`;
    default:
      return data.target;
  }
}
