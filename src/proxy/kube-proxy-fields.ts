// The fields of KubeProxyConfiguration v1alpha1 and their types. The schema is closed: a field that is not here is a
// mistake, as it is for kube-proxy itself. Fields that no rule depends on are known by name and checked by type only.
// Source: k8s.io/kube-proxy/config/v1alpha1/types.go; udpIdleTimeout, resourceContainer: until v1.25.

/** Type of a scalar or list field. cidrs: a list of CIDRs, or the one word "primary". flags: names to booleans. */
export type FieldType =
  | "string"
  | "boolean"
  | "integer"
  | "number"
  | "duration"
  | "strings"
  | "cidrs"
  | "flags";

export interface FieldTable {
  readonly [field: string]: FieldType | FieldTable;
}

const LOGGING_OPTIONS: FieldTable = { splitStream: "boolean", infoBufferSize: "string" };

export const KUBE_PROXY_FIELDS: FieldTable = {
  apiVersion: "string",
  kind: "string",
  featureGates: "flags",
  clientConnection: {
    kubeconfig: "string",
    acceptContentTypes: "string",
    contentType: "string",
    qps: "number",
    burst: "integer",
  },
  logging: {
    format: "string",
    flushFrequency: "duration",
    verbosity: "integer",
    vmodule: "strings",
    options: { text: LOGGING_OPTIONS, json: LOGGING_OPTIONS },
  },
  hostnameOverride: "string",
  bindAddress: "string",
  healthzBindAddress: "string",
  metricsBindAddress: "string",
  bindAddressHardFail: "boolean",
  enableProfiling: "boolean",
  showHiddenMetricsForVersion: "string",
  mode: "string",
  iptables: {
    masqueradeBit: "integer",
    masqueradeAll: "boolean",
    localhostNodePorts: "boolean",
    syncPeriod: "duration",
    minSyncPeriod: "duration",
  },
  ipvs: {
    syncPeriod: "duration",
    minSyncPeriod: "duration",
    scheduler: "string",
    excludeCIDRs: "cidrs",
    strictARP: "boolean",
    tcpTimeout: "duration",
    tcpFinTimeout: "duration",
    udpTimeout: "duration",
  },
  nftables: {
    masqueradeBit: "integer",
    masqueradeAll: "boolean",
    syncPeriod: "duration",
    minSyncPeriod: "duration",
  },
  winkernel: {
    networkName: "string",
    sourceVip: "string",
    enableDSR: "boolean",
    rootHnsEndpointName: "string",
    forwardHealthCheckVip: "boolean",
  },
  detectLocalMode: "string",
  detectLocal: { bridgeInterface: "string", interfaceNamePrefix: "string" },
  clusterCIDR: "string",
  nodePortAddresses: "cidrs",
  oomScoreAdj: "integer",
  conntrack: {
    maxPerCore: "integer",
    min: "integer",
    tcpEstablishedTimeout: "duration",
    tcpCloseWaitTimeout: "duration",
    tcpBeLiberal: "boolean",
    udpTimeout: "duration",
    udpStreamTimeout: "duration",
  },
  configSyncPeriod: "duration",
  portRange: "string",
  windowsRunAsService: "boolean",
  udpIdleTimeout: "duration",
  resourceContainer: "string",
};
