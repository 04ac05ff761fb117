// Pods and their templates.
// Source: pkg/apis/core/v1/defaults.go, zz_generated.defaults.go (SetObjectDefaults_Pod).
import { imageTag } from "../image-name.js";
import { requestsFollowLimits, resourceList, resources } from "./resource-defaults.js";
import {
  always,
  chained,
  each,
  type Fields,
  isObject,
  type Rule,
  unlessSet,
  unlessZero,
  when,
  within,
} from "./rule.js";

/** 0644 */
const FILE_MODE = 420;
const TOKEN_SECONDS = 3600;

/** What is tagged latest may change under its name. */
function pullPolicy(image: unknown): string {
  return imageTag(String(image ?? "")) === "latest" ? "Always" : "IfNotPresent";
}

const fieldRef = within({ apiVersion: unlessZero("v1") });
const resourceFieldRef = within({ divisor: unlessZero("0") });
const httpGet = within({ path: unlessZero("/"), scheme: unlessZero("HTTP") });

const probe = within({
  httpGet,
  grpc: within({ service: unlessSet("") }),
  timeoutSeconds: unlessZero(1),
  periodSeconds: unlessZero(10),
  successThreshold: unlessZero(1),
  failureThreshold: unlessZero(3),
});

const handler = within({ httpGet });

const container = within({
  ports: each(within({ protocol: unlessZero("TCP") })),
  env: each(
    within({
      valueFrom: within({ fieldRef, resourceFieldRef, fileKeyRef: within({ optional: unlessSet(false) }) }),
    }),
  ),
  resources: chained(unlessSet({}), resources),
  livenessProbe: probe,
  readinessProbe: probe,
  startupProbe: probe,
  lifecycle: within({ postStart: handler, preStop: handler }),
  terminationMessagePath: unlessZero("/dev/termination-log"),
  terminationMessagePolicy: unlessZero("File"),
  imagePullPolicy: (value, owner) => value || pullPolicy(owner["image"]),
});

export const claimSpec = always({ volumeMode: unlessSet("Filesystem"), resources });

const downwardItems = each(within({ fieldRef, resourceFieldRef }));
const withFileMode = { defaultMode: unlessSet(FILE_MODE) };

const volumeSources = within({
  hostPath: within({ type: unlessSet("") }),
  secret: within(withFileMode),
  configMap: within(withFileMode),
  downwardAPI: within({ ...withFileMode, items: downwardItems }),
  projected: within({
    ...withFileMode,
    sources: each(
      within({
        downwardAPI: within({ items: downwardItems }),
        serviceAccountToken: within({ expirationSeconds: unlessSet(TOKEN_SECONDS) }),
      }),
    ),
  }),
  iscsi: within({ iscsiInterface: unlessZero("default") }),
  rbd: within({
    pool: unlessZero("rbd"),
    user: unlessZero("admin"),
    keyring: unlessZero("/etc/ceph/keyring"),
  }),
  azureDisk: within({
    cachingMode: unlessSet("ReadWrite"),
    fsType: unlessSet("ext4"),
    readOnly: unlessSet(false),
    kind: unlessSet("Shared"),
  }),
  scaleIO: within({ storageMode: unlessZero("ThinProvisioned"), fsType: unlessZero("xfs") }),
  ephemeral: within({ volumeClaimTemplate: within({ spec: claimSpec }) }),
  image: within({ pullPolicy: (value, owner) => value || pullPolicy(owner["reference"]) }),
});

/** A volume that says nothing is an empty folder. */
const volume: Rule = (value) => {
  if (!isObject(value)) return value;
  const hasSource = Object.keys(value).some((name) => name !== "name" && value[name] != null);
  return hasSource ? volumeSources(value) : { ...value, emptyDir: {} };
};

const specRules = {
  volumes: each(volume),
  initContainers: each(container),
  containers: each(container),
  ephemeralContainers: each(container),
  overhead: resourceList,
  resources,
  restartPolicy: unlessZero("Always"),
  terminationGracePeriodSeconds: unlessSet(30),
  dnsPolicy: unlessZero("ClusterFirst"),
  securityContext: unlessSet({}),
  schedulerName: unlessZero("default-scheduler"),
  // The older name of the same field is written beside it.
  serviceAccountName: (value: unknown, owner: Fields) => value || owner["serviceAccount"] || undefined,
  serviceAccount: (value: unknown, owner: Fields) => owner["serviceAccountName"] || value,
};

const usesHostNetwork = (spec: Fields) => spec["hostNetwork"] === true;

/** Who uses the node's network listens on the node's ports. */
const hostPorts = when(
  usesHostNetwork,
  each(within({ ports: each(within({ hostPort: (value, port) => value || port["containerPort"] })) })),
);

/** Of Pods, not of templates. */
const podContainers = chained(each(within({ resources: requestsFollowLimits })), hostPorts);

const podSpec = always({
  ...specRules,
  initContainers: chained(specRules.initContainers, podContainers),
  containers: chained(specRules.containers, podContainers),
  enableServiceLinks: unlessSet(true),
});

export const pod = within({ spec: podSpec });

/** Always made: a template is no pointer in most kinds. */
export const podTemplate = always({ spec: always(specRules) });

/** A template that may be absent. */
export const podTemplateIfAny = within({ spec: always(specRules) });
