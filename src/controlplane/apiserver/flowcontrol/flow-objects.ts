// FlowSchemas and PriorityLevelConfigurations as this room reads them.
import type { KubeObject } from "../../../api/meta.js";

export interface FlowSubject {
  readonly kind: string;
  readonly user?: { readonly name: string };
  readonly group?: { readonly name: string };
  readonly serviceAccount?: { readonly namespace: string; readonly name: string };
}

export interface ResourcePolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly clusterScope?: boolean;
  readonly namespaces?: readonly string[];
}

export interface UrlPolicyRule {
  readonly verbs: readonly string[];
  readonly nonResourceURLs: readonly string[];
}

export interface PolicyRules {
  readonly subjects: readonly FlowSubject[];
  readonly resourceRules?: readonly ResourcePolicyRule[];
  readonly nonResourceRules?: readonly UrlPolicyRule[];
}

interface DanglingCondition {
  readonly type: string;
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

export interface FlowSchemaObject extends KubeObject {
  readonly spec: {
    readonly priorityLevelConfiguration: { readonly name: string };
    readonly matchingPrecedence: number;
    readonly distinguisherMethod?: { readonly type: string };
    readonly rules?: readonly PolicyRules[];
  };
  readonly status?: { readonly conditions?: readonly DanglingCondition[] };
}

export interface Queuing {
  readonly queues: number;
  readonly handSize: number;
  readonly queueLengthLimit: number;
}

export interface PriorityLevelObject extends KubeObject {
  readonly spec: {
    readonly type: string;
    readonly exempt?: { readonly nominalConcurrencyShares?: number };
    readonly limited?: {
      readonly nominalConcurrencyShares?: number;
      readonly lendablePercent?: number;
      readonly limitResponse: { readonly type: string; readonly queuing?: Queuing };
    };
  };
}
