// Ingress and IngressClass, and which Ingresses are this controller's.
// Source: Kubernetes API reference networking.k8s.io/v1; "Ingress class" and "Default IngressClass" of its concepts.
import type {
  Ingress as IngressType,
  IngressBackend as IngressBackendType,
  IngressClass as IngressClassType,
} from "kubernetes-types/networking/v1.js";
import type { DeepReadonly, Stored } from "../../client/object-types.js";
import { resourceOf } from "../../client/resources.js";

export type Ingress = Stored<IngressType>;
export type IngressClass = Stored<IngressClassType>;
export type IngressBackend = DeepReadonly<IngressBackendType>;

export const INGRESSES = resourceOf<Ingress>("networking.k8s.io", "v1", "ingresses");
export const INGRESS_CLASSES = resourceOf<IngressClass>("networking.k8s.io", "v1", "ingressclasses");

const CLASS_NAME = "plumbline";
/** In spec.controller of the classes that are served here; there may be others beside CLASS_NAME. */
const CONTROLLER_NAME = "plumbline/ingress-controller";

const DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class";
/** What stood for spec.ingressClassName before networking.k8s.io/v1. */
const CLASS_ANNOTATION = "kubernetes.io/ingress.class";

/** The class that the controller makes when there is none of that name. */
export const INGRESS_CLASS = {
  apiVersion: "networking.k8s.io/v1",
  kind: "IngressClass",
  metadata: { name: CLASS_NAME, annotations: { [DEFAULT_CLASS]: "true" } },
  spec: { controller: CONTROLLER_NAME },
} as const;

/** By class, by the old annotation, or because it names no class and one of ours is the default. */
export function isOurs({ metadata, spec }: Ingress, classes: readonly IngressClass[]): boolean {
  const ours = classes.filter((each) => each.spec?.controller === CONTROLLER_NAME);
  const name = spec?.ingressClassName;
  if (name !== undefined) return ours.some((each) => each.metadata.name === name);
  const annotation = metadata.annotations?.[CLASS_ANNOTATION];
  if (annotation !== undefined) return annotation === CLASS_NAME;
  return ours.some((each) => each.metadata.annotations?.[DEFAULT_CLASS] === "true");
}

/** Of the default and of all paths. */
export function backendsOf({ spec }: Ingress): readonly IngressBackend[] {
  const ofPaths = (spec?.rules ?? []).flatMap(({ http }) =>
    (http?.paths ?? []).map(({ backend }) => backend),
  );
  return spec?.defaultBackend === undefined ? ofPaths : [spec.defaultBackend, ...ofPaths];
}
