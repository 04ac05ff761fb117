// Compilers broken on purpose: each row changes the text that is loaded while the model stays right, so the kernel must
// be seen to do otherwise. The cluster is the packet-flow one with a Service that has affinity.
import { type ClusterObjects, LABEL_SERVICE_NAME } from "../../api/types.js";
import type { RuleText } from "../../kernel/host/rule-loading.js";
import type { KernelPath } from "../../measure/kernel-record.js";
import { FLOW_OBJECTS } from "../../proxy/packet-flow-cluster.test-data.js";

type Edit = (lines: readonly string[]) => string[];

export interface Fault {
  readonly name: string;
  /** Kinds of packets that are sent. */
  readonly kinds: readonly string[];
  /** Kind of the mismatch: one of these. */
  readonly shows: readonly string[];
  /** What is broken in the text of each form; a string says why the form cannot have this fault. */
  readonly edits: Readonly<Record<"iptables" | "nftables" | "ipset", Edit | string>>;
}

export const FAULTY_CLUSTER: ClusterObjects = {
  ...FLOW_OBJECTS,
  services: [
    ...FLOW_OBJECTS.services,
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { namespace: "flow", name: "sticky" },
      spec: {
        clusterIP: "172.30.0.60",
        sessionAffinity: "ClientIP",
        ports: [{ name: "p", protocol: "TCP", port: 80, targetPort: 8080 }],
      },
    },
  ],
  endpointSlices: [
    ...FLOW_OBJECTS.endpointSlices,
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { namespace: "flow", name: "sticky-1", labels: { [LABEL_SERVICE_NAME]: "sticky" } },
      addressType: "IPv4",
      endpoints: ["10.180.0.31", "10.180.1.32", "10.180.1.33"].map((ip) => ({ addresses: [ip] })),
      ports: [{ name: "p", protocol: "TCP", port: 8080 }],
    },
  ],
};

/** Every line that matches goes. */
const without =
  (pattern: RegExp): Edit =>
  (lines) =>
    lines.filter((line) => !pattern.test(line));

/** In every line where it occurs. */
const instead =
  (pattern: RegExp, text: string): Edit =>
  (lines) =>
    lines.map((line) => line.replace(pattern, text));

/** The first line that matches `later` moves in front of the first that matches `earlier`. */
const moved =
  (later: RegExp, earlier: RegExp): Edit =>
  (lines) => {
    const line = lines.find((it) => later.test(it));
    const rest = lines.filter((it) => it !== line);
    const at = rest.findIndex((it) => earlier.test(it));
    return line === undefined || at < 0 ? [...lines] : rest.toSpliced(at, 0, line);
  };

const NO_CHANCE = "one backend stands for all of IPVS's: nothing is chosen or remembered";

export const FAULTS: readonly Fault[] = [
  {
    name: "wrong probability",
    kinds: ["cluster-ip"],
    shows: ["spread"],
    edits: {
      iptables: instead(/("flow\/two:p -> \S+" .*--probability) 0\.50*/, "$1 0.2000000000"),
      nftables: instead(
        /(flow\/two\/\S+ .*) mod 2 map \{ 0 : (.*) , 1 : (.*) \}/,
        "$1 mod 4 map { 0 : $2 , 1 : $3 , 2 : $3 , 3 : $3 }",
      ),
      ipset: NO_CHANCE,
    },
  },
  {
    name: "no masquerade of strangers",
    kinds: ["cluster-ip"],
    shows: ["cluster-ip"],
    edits: {
      iptables: without(/flow\/two:p cluster IP".* ! -s .*KUBE-MARK-MASQ/),
      nftables: without(/masquerade clusterIP traffic/),
      ipset: without(/cluster ip \+ port for masquerade.*KUBE-MARK-MASQ/),
    },
  },
  {
    name: "no masquerade of a Pod that reaches itself",
    kinds: ["hairpin", "to-itself"],
    shows: ["hairpin", "to-itself"],
    edits: {
      iptables: without(/^-A KUBE-SEP-.* -s 10\.180\.0\.1 -j KUBE-MARK-MASQ/),
      nftables: instead(/ , 10\.180\.0\.1 \. 10\.180\.0\.1 \. tcp \. 8080/, ""),
      ipset: without(/add KUBE-LOOP-BACK 10\.180\.0\.1,/),
    },
  },
  {
    name: "rules in another order",
    kinds: ["cluster-ip"],
    shows: ["cluster-ip"],
    edits: {
      iptables: moved(/flow\/plain:p -> /, /flow\/plain:p cluster IP".*KUBE-MARK-MASQ/),
      nftables: moved(/vmap @service-ips/, /masquerade clusterIP traffic/),
      ipset: moved(
        /-A KUBE-SERVICES -m set --match-set KUBE-CLUSTER-IP/,
        /cluster ip \+ port for masquerade/,
      ),
    },
  },
  {
    name: "DNAT to elsewhere",
    kinds: ["cluster-ip", "node-port"],
    shows: ["cluster-ip"],
    edits: {
      iptables: instead(/--to-destination 10\.180\.1\.5:8080/, "--to-destination 10.180.1.5:8081"),
      nftables: instead(/10\.180\.1\.5 \. 8080/, "10.180.1.5 . 8081"),
      ipset: instead(/(KUBE-CLUSTER-IP dst,dst -j DNAT --to-destination) \S+/, "$1 10.9.9.8"),
    },
  },
  {
    name: "no REJECT",
    kinds: ["no-endpoints"],
    shows: ["no-endpoints"],
    edits: {
      iptables: without(/flow\/empty:p has no endpoints" -m tcp.*REJECT/),
      nftables: instead(
        /172\.30\.0\.43 \. tcp \. 80 comment "flow\/empty:p" : goto reject-chain/,
        '172.30.0.43 . tcp . 80 comment "flow/empty:p" : drop',
      ),
      ipset: "nothing is refused where virtual addresses are not the node's",
    },
  },
  {
    name: "policy Local lets in",
    kinds: ["policy-local"],
    shows: ["policy-local"],
    edits: {
      iptables: without(/lb-elsewhere:p has no local endpoints".*1\.2\.3\.5/),
      nftables: instead(/, 1\.2\.3\.5 \. tcp \. 80 comment "[^"]*" : drop/, ""),
      ipset: "IPVS decides about policies, not the rules",
    },
  },
  {
    name: "affinity lost",
    kinds: ["affinity"],
    shows: ["affinity"],
    edits: {
      iptables: without(/--rcheck/),
      nftables: without(/ update @affinity/),
      ipset: NO_CHANCE,
    },
  },
  {
    name: "source ranges ignored",
    kinds: ["source-ranges"],
    shows: ["source-ranges"],
    edits: {
      iptables: without(/-A KUBE-PROXY-FIREWALL .*-j DROP/),
      nftables: without(/add element .* firewall-ips /),
      ipset: without(/-A KUBE-SOURCE-RANGES-FIREWALL -j DROP/),
    },
  },
  {
    name: "a Service missing",
    kinds: ["cluster-ip"],
    shows: ["cluster-ip"],
    edits: {
      iptables: without(/-A KUBE-SERVICES .*flow\/hinted:p cluster IP/),
      nftables: instead(/172\.30\.0\.51 \. tcp \. 80 : goto \S+ , /, ""),
      ipset: without(/add KUBE-CLUSTER-IP 172\.30\.0\.51,/),
    },
  },
  {
    name: "two Services swapped",
    kinds: ["cluster-ip"],
    shows: ["cluster-ip"],
    edits: {
      iptables: (lines) =>
        swapped(lines, /^(-A KUBE-SERVICES .*-d 172\.30\.0\.(?:41|50) .* -j )(KUBE-SVC-\S+)$/gm),
      nftables: (lines) => swapped(lines, /(172\.30\.0\.(?:41|50) \. tcp \. 80 : goto )(\S+)/g),
      ipset: "members of a set have no value to swap",
    },
  },
  {
    name: "INVALID packets let through",
    kinds: ["invalid"],
    shows: ["invalid"],
    edits: {
      iptables: without(/--ctstate INVALID -j DROP/),
      nftables: "nftables mode has no rule about them",
      ipset: "ipvs mode has no rule about them",
    },
  },
];

/** The two places that the pattern finds exchange their second groups. */
function swapped(lines: readonly string[], pattern: RegExp): string[] {
  const text = lines.join("\n");
  const values = [...text.matchAll(pattern)].map((found) => found[2] ?? "").reverse();
  return text.replace(pattern, (_, head: string) => `${head}${values.shift()}`).split("\n");
}

const FORM_OF_PATH: Readonly<Record<KernelPath, keyof Fault["edits"]>> = {
  "iptables-legacy": "iptables",
  "iptables-nft": "iptables",
  nftables: "nftables",
  ipset: "ipset",
  ipvs: "ipset",
};

/** How a path's texts are broken; a string says why they cannot be. */
export function faultOf({ edits }: Fault, path: KernelPath): ((text: RuleText) => RuleText) | string {
  const edit = edits[FORM_OF_PATH[path]];
  if (typeof edit === "string") return edit;
  return (whole) => ({
    ...whole,
    text: () => edit([...whole.text()].join("").split("\n")).map((line) => `${line}\n`),
  });
}
