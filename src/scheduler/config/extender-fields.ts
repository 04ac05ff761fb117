// Declarations of `extenders`, and the order in which they are called.
// Source: v1.36.3 apis/config/types.go, validation/validation.go validateExtenders, scheduler.go buildExtenders.
import type { DurationNs } from "../../base/clock.js";
import { anyText, count, type Field, flag, list, mapped, object, text } from "../../base/document/fields.js";
import { checkedWithin, type Fault, omittable } from "../../base/document/field-rules.js";
import type { ExtenderConfig, ExtenderTlsConfig, ManagedResource } from "./configuration.js";
import { goDuration } from "./go-duration.js";
import { EXTENDED_RESOURCE_NAME } from "./resource-names.js";

const HTTP_TIMEOUT_NS = 5e9 as DurationNs;

const tlsConfigField = object<ExtenderTlsConfig>("How the extender is trusted.", {
  insecure: off("Do not verify its certificate."),
  serverName: maybeText("Name in its certificate."),
  certFile: maybeText("The client's certificate."),
  keyFile: maybeText("The client's key."),
  caFile: maybeText("Whom to trust."),
  certData: maybeText("The client's certificate, in base64."),
  keyData: maybeText("The client's key, in base64."),
  caData: maybeText("Whom to trust, in base64."),
});

const managedResourceField = object<ManagedResource>("A resource that the extender looks after.", {
  name: text("The resource.", EXTENDED_RESOURCE_NAME),
  ignoredByScheduler: off("Leave it to the extender alone."),
});

type WrittenExtender = Omit<ExtenderConfig, "httpTimeoutNs"> & { readonly httpTimeout: DurationNs };

const extenderField = checkedWithin(
  object<WrittenExtender>("A service that takes part in scheduling.", {
    urlPrefix: text("Where it answers."),
    filterVerb: verb("Filters nodes."),
    preemptVerb: verb("Filters nodes where preemption would help, and their victims."),
    prioritizeVerb: verb("Scores nodes."),
    weight: omittable(count("Factor of its scores."), 0),
    bindVerb: verb("Binds."),
    enableHTTPS: off("Use HTTPS."),
    tlsConfig: omittable<ExtenderTlsConfig | null>(tlsConfigField, null),
    httpTimeout: omittable(goDuration("Limit of one call; 0 means 5s."), HTTP_TIMEOUT_NS),
    nodeCacheCapable: off("Send names of nodes only."),
    managedResources: omittable(list(managedResourceField, "Send only Pods that request one of these."), []),
    ignorable: off("Go on when it fails."),
  }),
  ({ prioritizeVerb, weight }) =>
    prioritizeVerb === null || weight > 0
      ? []
      : [{ path: ["weight"], message: "an extender with a prioritizeVerb needs a weight from 1" }],
);

export const extendersField: Field<readonly ExtenderConfig[]> = mapped(
  checkedWithin(omittable(list(extenderField, "Services that take part."), []), (extenders) => [
    ...surplusBinders(extenders),
    ...repeatedResources(extenders),
  ]),
  (extenders) => [
    ...extenders.filter(({ ignorable }) => !ignorable).map(withTimeout),
    ...extenders.filter(({ ignorable }) => ignorable).map(withTimeout),
  ],
);

function withTimeout({ httpTimeout, ...extender }: WrittenExtender): ExtenderConfig {
  return { ...extender, httpTimeoutNs: httpTimeout === 0 ? HTTP_TIMEOUT_NS : httpTimeout };
}

function surplusBinders(extenders: readonly WrittenExtender[]): readonly Fault[] {
  const binders = [...extenders.keys()].filter((index) => extenders[index]?.bindVerb !== null);
  return binders.slice(1).map((index) => ({
    path: [index, "bindVerb"],
    message: `extenders[${binders[0]}] binds already; only one may`,
  }));
}

function repeatedResources(extenders: readonly WrittenExtender[]): readonly Fault[] {
  const owners = new Map<string, number>();
  return extenders.flatMap(({ managedResources }, index) =>
    managedResources.flatMap(({ name }, at) => {
      const owner = owners.get(name);
      owners.set(name, owner ?? index);
      const path = [index, "managedResources", at, "name"];
      return owner === undefined ? [] : [{ path, message: `extenders[${owner}] manages ${name} already` }];
    }),
  );
}

function verb(description: string): Field<string | null> {
  return mapped(maybeText(description), (written) => (written === "" ? null : written));
}

function maybeText(description: string): Field<string> {
  return omittable(anyText(description), "");
}

function off(description: string): Field<boolean> {
  return omittable(flag(description), false);
}
