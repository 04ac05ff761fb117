// Declarations of spec.proxy: the knobs of kube-proxy, the same for every mode of a comparison.
// Defaults are KubeProxyConfiguration's, except that Services are visited in sorted order, so that runs are alike.
import { parseCidr } from "../base/ip.js";
import type { LocalDetector } from "../proxy/config.js";
import { INTERFACE_NAME } from "../proxy/local-detector.js";
import { IPVS_SCHEDULERS } from "../netfilter/ipvs/model.js";
import {
  checked,
  choice,
  count,
  type Field,
  flag,
  list,
  object,
  optional,
  tagged,
  text,
  word,
} from "../base/document/fields.js";
import type { ProxySpec } from "./scenario-types.js";

const interfaceName = {
  pattern: INTERFACE_NAME,
  expected: "an interface's name, 1 to 15 characters without blanks, quotes and slashes",
};

const isCidr = (value: string) => value.includes("/") && parseCidr(value) !== null;
const cidr = (description: string) =>
  checked(text(description), (value) =>
    isCidr(value) ? null : `expected a CIDR such as 10.244.0.0/16, got ${JSON.stringify(value)}`,
  );

const nodePortAddressesField = checked(
  list(text('A CIDR, or "primary".'), "Where node ports answer."),
  (values) =>
    values.every(isCidr) || (values.length === 1 && values[0] === "primary")
      ? null
      : `expected CIDRs, or the one word "primary", got ${JSON.stringify(values)}`,
);

const localDetectorField = tagged<LocalDetector>("kind", "way to tell local Pods' traffic", {
  none: object("Not told apart.", { kind: word("none") }),
  cidr: object("By the Pods' CIDRs.", {
    kind: word("cidr"),
    cidrs: list(cidr("A CIDR."), "CIDRs of local Pods.", 1),
  }),
  bridge: object("By the bridge they are on.", {
    kind: word("bridge"),
    interface: text("The bridge's name.", interfaceName),
  }),
  prefix: object("By the prefix of their interfaces.", {
    kind: word("prefix"),
    prefix: text("The prefix, such as veth.", interfaceName),
  }),
});

const ipvsField = object<ProxySpec["ipvs"]>("ipvs mode.", {
  scheduler: optional(choice(IPVS_SCHEDULERS, "How real servers are chosen."), "rr"),
  tables: optional(
    choice(
      ["fixed", "resizable"],
      "The kernel's service table: 256 buckets, or as many as needed (newer kernels).",
    ),
    "fixed",
  ),
});

const nftablesField = object<ProxySpec["nftables"]>("nftables mode.", {
  layout: optional(choice(["1.36", "1.35"], "Which release's rules."), "1.36"),
});

const DEFAULTS: ProxySpec = {
  masqueradeAll: false,
  localDetector: { kind: "none" },
  order: "sorted",
  largeClusterEndpoints: 1000,
  nodePortAddresses: [],
  ipvs: { scheduler: "rr", tables: "fixed" },
  nftables: { layout: "1.36" },
};

export const proxyField: Field<ProxySpec> = optional(
  object<ProxySpec>("What every mode is told alike.", {
    masqueradeAll: optional(flag("Translate the source of all Service traffic."), DEFAULTS.masqueradeAll),
    localDetector: optional(localDetectorField, DEFAULTS.localDetector),
    order: optional(
      choice(["sorted", "seeded", "input"], "The order in which Services are programmed."),
      DEFAULTS.order,
    ),
    largeClusterEndpoints: optional(
      count("More endpoints than this leave debugging comments out of the rules."),
      DEFAULTS.largeClusterEndpoints,
    ),
    nodePortAddresses: optional(nodePortAddressesField, DEFAULTS.nodePortAddresses),
    ipvs: optional(ipvsField, DEFAULTS.ipvs),
    nftables: optional(nftablesField, DEFAULTS.nftables),
  }),
  DEFAULTS,
);
