// What every namespace has: its default ServiceAccount, and the certificate by which Pods know the server.
// Source: pkg/controller/serviceaccount/serviceaccounts_controller.go, pkg/controller/certificates/rootcacertpublisher.
import type { KubeObject } from "../../../api/meta.js";
import { isStatus } from "../../../api/status.js";
import {
  CONFIG_MAPS,
  type ConfigMap,
  NAMESPACES,
  type Namespace,
  SERVICE_ACCOUNTS,
} from "../../client/cluster-resources.js";
import { clientOf, type Resource } from "../../client/resources.js";
import type { Controller, ControllerContext, Reconcile } from "../harness/controller.js";
import { isNamespaceTerminating } from "../harness/refusals.js";

const ROOT_CA = "kube-root-ca.crt";
const ROOT_CA_DESCRIPTION =
  "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

export const serviceAccountController: Controller = {
  name: "serviceaccount",
  component: "service-account-controller",
  workersCount: 1,
  start: (context) =>
    perNamespace(context, SERVICE_ACCOUNTS, "default", async (namespace, known) => {
      if (known !== undefined) return;
      const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default", namespace } };
      await clientOf(context.client, SERVICE_ACCOUNTS, namespace).create(account);
    }),
};

/** @param certificate the bundle of the server's CA, PEM */
export function rootCaPublisher(certificate: string): Controller {
  const data = { "ca.crt": certificate };
  return {
    name: "root-ca-certificate-publisher",
    component: "root-ca-certificate-publisher-controller",
    workersCount: 1,
    start: (context) =>
      perNamespace(context, CONFIG_MAPS, ROOT_CA, async (namespace, known) => {
        const maps = clientOf(context.client, CONFIG_MAPS, namespace);
        const annotations = { "kubernetes.io/description": ROOT_CA_DESCRIPTION };
        if (known === undefined) {
          const metadata = { name: ROOT_CA, namespace, annotations };
          await maps.create({ apiVersion: "v1", kind: "ConfigMap", metadata, data });
        } else if (!isPublished(known, certificate))
          await maps.update({
            ...known,
            metadata: { ...known.metadata, annotations: { ...known.metadata.annotations, ...annotations } },
            data,
          });
      }),
  };
}

function isPublished({ data = {}, metadata }: ConfigMap, certificate: string): boolean {
  const isWhole = Object.keys(data).length === 1 && data["ca.crt"] === certificate;
  return isWhole && metadata.annotations?.["kubernetes.io/description"] === ROOT_CA_DESCRIPTION;
}

/** Looks at one object of each namespace when the namespace or the object changes. */
function perNamespace<Kind extends KubeObject>(
  { informers, queue }: ControllerContext,
  resource: Resource<Kind>,
  name: string,
  ensure: (namespace: string, known: Kind | undefined) => Promise<void>,
): Reconcile {
  const namespaces = informers.informer(NAMESPACES);
  const objects = informers.informer(resource);
  const look = ({ metadata }: Namespace): void => queue.add(metadata.name);
  const lookAtNamespaceOf = ({ metadata }: KubeObject): void => {
    if (metadata.name === name) queue.add(metadata.namespace ?? "");
  };
  namespaces.addHandler({ onAdd: look, onUpdate: (_, namespace) => look(namespace) });
  objects.addHandler({ onUpdate: (_, object) => lookAtNamespaceOf(object), onDelete: lookAtNamespaceOf });
  return async (namespace) => {
    const known = namespaces.lister.get(namespace);
    if (known === undefined || known.metadata.deletionTimestamp !== undefined) return;
    try {
      await ensure(namespace, objects.lister.get(`${namespace}/${name}`));
    } catch (error) {
      if (!isNamespaceTerminating(error) && !isStatus(error, "AlreadyExists")) throw error;
    }
  };
}
