// Conditions of a status: one of each type; their times move only when something changes.

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
  readonly lastUpdateTime?: string;
  readonly lastProbeTime?: string;
}

export function conditionOf<Kind extends Condition>(
  conditions: readonly Kind[] | undefined,
  type: string,
): Kind | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/** With the condition in; as it was, when status and reason are the same. A status that stays keeps its time. */
export function withCondition<Kind extends Condition>(
  conditions: readonly Kind[] | undefined,
  condition: Kind,
): readonly Kind[] {
  const before = conditionOf(conditions, condition.type);
  if (before?.status === condition.status && before.reason === condition.reason) return conditions ?? [];
  const kept = before?.status === condition.status ? before.lastTransitionTime : undefined;
  const changed = kept === undefined ? condition : { ...condition, lastTransitionTime: kept };
  return [...withoutCondition(conditions, condition.type), changed];
}

export function withoutCondition<Kind extends Condition>(
  conditions: readonly Kind[] | undefined,
  type: string,
): readonly Kind[] {
  return (conditions ?? []).filter((condition) => condition.type !== type);
}
