// A KubeProxyConfiguration file -> the part of our configuration that it decides.
// Files of several documents (kubeadm writes them) may hold other kinds beside it, which are left alone.
// Source: k8s.io/kube-proxy/config/v1alpha1; kube-proxy cmd/kube-proxy/app/server_linux.go (getLocalDetectors).
import { isMap, isScalar, type Document, type Node } from "yaml";
import { PlumbError } from "../base/errors.js";
import { parseCidr } from "../base/ip.js";
import { IPVS_SCHEDULERS, type IpvsScheduler } from "../netfilter/ipvs/model.js";
import { MODES, type Mode } from "../netfilter/rule-model.js";
import type { LocalDetector, ProxyConfig, ProxyNode } from "./config.js";
import { INTERFACE_NAME } from "./local-detector.js";
import { KUBE_PROXY_FIELDS } from "./kube-proxy-fields.js";
import { readFields, YamlProblems, type FieldValue } from "./kube-proxy-yaml.js";

const API_VERSION = "kubeproxy.config.k8s.io/v1alpha1";
const KIND = "KubeProxyConfiguration";

/** What the meaning of a file depends on besides its text. */
export interface ConfigurationContext {
  /** The mode that is compiled for, when it is not the file's: masquerade fields are the mode's own section's. */
  readonly mode?: Mode;
  /** Needed for detectLocalMode NodeCIDR. */
  readonly node?: ProxyNode;
}

/**
 * Read a file. Fields it does not set are absent from the result.
 *
 * @throws {PlumbError} InvalidInput naming file, line and column of everything that is wrong; Unsupported for Windows'
 *   kernelspace, and for NodeCIDR without a node
 */
export function parseKubeProxyConfiguration(
  source: { readonly file: string; readonly text: string },
  context: ConfigurationContext = {},
): Partial<ProxyConfig> {
  const problems = new YamlProblems(source.file);
  const documents = problems.documents(source.text);
  problems.throwIfAny();
  const root = configurationOf(documents, problems);
  problems.throwIfAny();
  const fields = new Fields(
    root === null ? new Map() : readFields(root, KUBE_PROXY_FIELDS, problems),
    problems,
  );
  const config = configOf(fields, context);
  problems.throwIfAny();
  return config;
}

function configurationOf(documents: readonly Document[], problems: YamlProblems): Node | null {
  const roots = documents.map((document) => document.contents as Node | null).filter((root) => root !== null);
  const named = roots.filter((root) => scalarAt(root, "kind") === KIND);
  const root = named[0] ?? roots[0] ?? null;
  if (root === null || named.length > 1) {
    problems.add(named[1] ?? null, `${named.length} documents of kind ${KIND}, expected one`);
    return null;
  }
  expectHeader(root, "kind", KIND, problems);
  expectHeader(root, "apiVersion", API_VERSION, problems);
  return root;
}

function expectHeader(root: Node, field: string, expected: string, problems: YamlProblems): void {
  const got = scalarAt(root, field);
  if (got === expected || !isMap(root)) return;
  const node = (root.get(field, true) ?? root) as Node;
  problems.add(
    node,
    `${field}: ${got === undefined ? "absent" : JSON.stringify(got)}, expected "${expected}"`,
  );
}

function scalarAt(root: Node, field: string): unknown {
  const node = isMap(root) ? root.get(field, true) : undefined;
  return isScalar(node) ? node.value : undefined;
}

/** Checked values by path. */
class Fields {
  readonly #values: ReadonlyMap<string, FieldValue>;
  readonly problems: YamlProblems;

  constructor(values: ReadonlyMap<string, FieldValue>, problems: YamlProblems) {
    this.#values = values;
    this.problems = problems;
  }

  at(path: string): FieldValue | undefined {
    return this.#values.get(path);
  }

  /** The schema has checked the type. */
  get<T>(path: string): T | undefined {
    return this.#values.get(path)?.value as T | undefined;
  }

  reject(path: string, expected: string): void {
    const field = this.at(path);
    this.problems.add(field?.node ?? null, `${path}: ${JSON.stringify(field?.value)}, expected ${expected}`);
  }
}

/** Values without those that are undefined: an absent field must not hide a default. */
function present<T extends object>(values: { readonly [Key in keyof T]?: T[Key] | undefined }): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function configOf(fields: Fields, context: ConfigurationContext): Partial<ProxyConfig> {
  const fileMode = modeOf(fields);
  const mode = context.mode ?? fileMode ?? "iptables";
  // ipvs and userspace have always read the masquerade settings of the iptables section.
  const section = mode === "nftables" ? "nftables" : "iptables";
  return present<ProxyConfig>({
    mode: fileMode,
    localDetector: detectorOf(fields, context),
    masqueradeAll: fields.get(`${section}.masqueradeAll`),
    masqueradeBit: masqueradeBitOf(fields, section),
    localhostNodePorts: fields.get("iptables.localhostNodePorts"),
    nodePortAddresses: fields.get("nodePortAddresses"),
    conntrackTcpBeLiberal: fields.get("conntrack.tcpBeLiberal"),
    ipvs: ipvsOf(fields),
  });
}

function modeOf(fields: Fields): Mode | undefined {
  const mode = fields.get<string>("mode");
  if (mode === undefined || mode === "") return undefined;
  if (mode === "kernelspace") {
    throw new PlumbError("Unsupported", "Cannot compile for mode 'kernelspace': it programs Windows nodes", {
      hint: `modes: ${MODES.join(", ")}`,
    });
  }
  const known = MODES.find((it) => it === mode);
  if (known === undefined) fields.reject("mode", `one of ${MODES.join(", ")}`);
  return known;
}

function masqueradeBitOf(fields: Fields, section: "iptables" | "nftables"): number | undefined {
  const path = `${section}.masqueradeBit`;
  const bit = fields.get<number>(path);
  if (bit !== undefined && (bit < 0 || bit > 31)) fields.reject(path, "a bit, 0 to 31");
  return bit;
}

function ipvsOf(fields: Fields): ProxyConfig["ipvs"] | undefined {
  const name = fields.get<string>("ipvs.scheduler");
  const scheduler: IpvsScheduler | undefined = IPVS_SCHEDULERS.find((it) => it === (name || "rr"));
  if (scheduler === undefined) fields.reject("ipvs.scheduler", `one of ${IPVS_SCHEDULERS.join(", ")}`);
  const strictARP = fields.get<boolean>("ipvs.strictARP");
  const excludeCIDRs = fields.get<string[]>("ipvs.excludeCIDRs");
  if (name === undefined && strictARP === undefined && excludeCIDRs === undefined) return undefined;
  return { scheduler: scheduler ?? "rr", strictARP: strictARP ?? false, excludeCIDRs: excludeCIDRs ?? [] };
}

/** Each way of detection reads its own field; without it nothing is local, and upstream warns and goes on. */
function detectorOf(fields: Fields, { node }: ConfigurationContext): LocalDetector | undefined {
  const mode = fields.get<string>("detectLocalMode") || "ClusterCIDR";
  switch (mode) {
    case "ClusterCIDR":
      return clusterCidrDetector(fields);
    case "NodeCIDR":
      if (node === undefined) {
        throw new PlumbError("Unsupported", "Cannot detect local traffic by NodeCIDR: no node is given");
      }
      return node.podCIDRs.length > 0 ? { kind: "cidr", cidrs: node.podCIDRs } : { kind: "none" };
    case "BridgeInterface": {
      const name = fields.get<string>("detectLocal.bridgeInterface") ?? "";
      return named(fields, name, "detectLocal.bridgeInterface", { kind: "bridge", interface: name });
    }
    case "InterfaceNamePrefix": {
      const prefix = fields.get<string>("detectLocal.interfaceNamePrefix") ?? "";
      return named(fields, prefix, "detectLocal.interfaceNamePrefix", { kind: "prefix", prefix });
    }
    default:
      fields.reject("detectLocalMode", "ClusterCIDR, NodeCIDR, BridgeInterface or InterfaceNamePrefix");
      return undefined;
  }
}

function named(
  fields: Fields,
  name: string,
  path: string,
  detector: LocalDetector,
): LocalDetector | undefined {
  if (INTERFACE_NAME.test(name)) return detector;
  const node = fields.at(path)?.node ?? fields.at("detectLocalMode")?.node ?? null;
  fields.problems.add(
    node,
    `${path}: ${JSON.stringify(name)}, expected an interface name of 1 to 15 characters`,
  );
  return undefined;
}

function clusterCidrDetector(fields: Fields): LocalDetector | undefined {
  const text = fields.get<string>("clusterCIDR");
  if (text === undefined || text === "") return undefined;
  const cidrs = text.split(",").map((part) => (part.includes("/") ? parseCidr(part) : null));
  if (cidrs.includes(null)) {
    fields.reject(
      "clusterCIDR",
      'a CIDR such as "10.244.0.0/16", or two of different families joined by a comma',
    );
    return undefined;
  }
  return { kind: "cidr", cidrs: cidrs.flatMap((cidr) => cidr?.text ?? []) };
}
