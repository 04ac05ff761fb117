// Declarations of spec.proxy: the knobs of kube-proxy, the same for every mode of a comparison.
// Defaults are KubeProxyConfiguration's, except that Services are visited in sorted order, so that runs are alike.
import type { LocalDetector } from "../proxy/config.js";
import { IPVS_SCHEDULERS } from "../netfilter/ipvs/model.js";
import {
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

const localDetectorField = tagged<LocalDetector>("kind", "way to tell local Pods' traffic", {
  none: object("Not told apart.", { kind: word("none") }),
  cidr: object("By the Pods' CIDRs.", {
    kind: word("cidr"),
    cidrs: list(text("A CIDR."), "CIDRs of local Pods.", 1),
  }),
  bridge: object("By the bridge they are on.", {
    kind: word("bridge"),
    interface: text("The bridge's name."),
  }),
  prefix: object("By the prefix of their interfaces.", {
    kind: word("prefix"),
    prefix: text("The prefix, such as veth."),
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
    nodePortAddresses: optional(
      list(text('A CIDR, or "primary".'), "Where node ports answer."),
      DEFAULTS.nodePortAddresses,
    ),
    ipvs: optional(ipvsField, DEFAULTS.ipvs),
    nftables: optional(nftablesField, DEFAULTS.nftables),
  }),
  DEFAULTS,
);
