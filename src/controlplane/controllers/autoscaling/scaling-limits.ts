// How far and how fast the number of Pods may follow what is recommended.
// Recommendations are remembered: down goes only what was too much for the whole of a window (5 minutes at first), up at
// once. Then policies limit the change in a period, and the bounds of the autoscaler the whole.
// Source: pkg/controller/podautoscaler/horizontal.go (stabilizeRecommendation*, convertDesiredReplicas*,
// calculateScale*Limit*).

export interface ScalingPolicy {
  readonly type: string;
  readonly value: number;
  readonly periodSeconds: number;
}

export interface ScalingRules {
  readonly stabilizationWindowSeconds?: number;
  readonly selectPolicy?: string;
  readonly policies?: readonly ScalingPolicy[];
}

export interface Behavior {
  readonly scaleUp?: ScalingRules;
  readonly scaleDown?: ScalingRules;
}

interface Sample {
  readonly atMs: number;
  readonly value: number;
}

/** What is remembered of one autoscaler. */
export class ScalingHistory {
  #recommendations: Sample[] = [];
  #ups: Sample[] = [];
  #downs: Sample[] = [];

  get recommendations(): readonly Sample[] {
    return this.#recommendations;
  }

  recommend(value: number, nowMs: number): void {
    this.#recommendations = [...younger(this.#recommendations, nowMs), { atMs: nowMs, value }];
  }

  scaled(before: number, after: number, nowMs: number): void {
    const sample = { atMs: nowMs, value: Math.abs(after - before) };
    if (after > before) this.#ups = [...younger(this.#ups, nowMs), sample];
    else this.#downs = [...younger(this.#downs, nowMs), sample];
  }

  /** Replicas at the start of the period that ends now. */
  replicasAtStart(current: number, periodSeconds: number, nowMs: number): number {
    const change = (samples: readonly Sample[]): number =>
      samples
        .filter(({ atMs }) => atMs > nowMs - periodSeconds * 1000)
        .reduce((sum, { value }) => sum + value, 0);
    return current - change(this.#ups) + change(this.#downs);
  }
}

/** The longest window and period that can be asked for. */
const HISTORY_MS = 3_600_000;

function younger(samples: readonly Sample[], nowMs: number): Sample[] {
  return samples.filter(({ atMs }) => atMs >= nowMs - HISTORY_MS);
}

const SCALE_UP: Required<ScalingRules> = {
  stabilizationWindowSeconds: 0,
  selectPolicy: "Max",
  policies: [
    { type: "Pods", value: 4, periodSeconds: 15 },
    { type: "Percent", value: 100, periodSeconds: 15 },
  ],
};
const SCALE_DOWN: Required<ScalingRules> = {
  stabilizationWindowSeconds: 300,
  selectPolicy: "Max",
  policies: [{ type: "Percent", value: 100, periodSeconds: 15 }],
};

export interface LimitInput {
  readonly current: number;
  readonly desired: number;
  readonly min: number;
  readonly max: number;
  /** null: none is set. */
  readonly behavior: Behavior | null;
  readonly nowMs: number;
}

export interface Limited {
  readonly replicas: number;
  readonly able: { readonly reason: string; readonly message: string };
  readonly limited: { readonly status: "True" | "False"; readonly reason: string; readonly message: string };
}

/** Remembers the recommendation, too. */
export function limitReplicas(history: ScalingHistory, input: LimitInput): Limited {
  const stabilized = input.behavior === null ? stabilizeDown(history, input) : stabilize(history, input);
  history.recommend(input.desired, input.nowMs);
  const able =
    stabilized === input.desired
      ? READY
      : input.desired >= input.current && input.behavior !== null
        ? UP_STABILIZED
        : DOWN_STABILIZED;
  const within = { ...input, desired: stabilized };
  const { replicas, reason, message } =
    input.behavior === null ? withinBounds(within) : withinRates(history, within);
  return { replicas, able, limited: { status: replicas === stabilized ? "False" : "True", reason, message } };
}

const READY = { reason: "ReadyForNewScale", message: "recommended size matches current size" };
const DOWN_STABILIZED = {
  reason: "ScaleDownStabilized",
  message: "recent recommendations were higher than current one, applying the highest recent recommendation",
};
const UP_STABILIZED = {
  reason: "ScaleUpStabilized",
  message: "recent recommendations were lower than current one, applying the lowest recent recommendation",
};

function stabilizeDown(history: ScalingHistory, { desired, nowMs }: LimitInput): number {
  const sinceMs = nowMs - SCALE_DOWN.stabilizationWindowSeconds * 1000;
  return Math.max(
    desired,
    ...history.recommendations.filter(({ atMs }) => atMs >= sinceMs).map(({ value }) => value),
  );
}

function stabilize(history: ScalingHistory, { desired, current, behavior, nowMs }: LimitInput): number {
  const since = (rules: ScalingRules): readonly number[] => {
    const sinceMs = nowMs - (rules.stabilizationWindowSeconds ?? 0) * 1000;
    return history.recommendations.filter(({ atMs }) => atMs > sinceMs).map(({ value }) => value);
  };
  const lowest = Math.min(desired, ...since(rulesOf(behavior, "up")));
  const highest = Math.max(desired, ...since(rulesOf(behavior, "down")));
  return Math.min(Math.max(current, lowest), highest);
}

/** What is not said is as it is without a behavior. */
function rulesOf(behavior: Behavior | null, direction: "up" | "down"): Required<ScalingRules> {
  const given = direction === "up" ? behavior?.scaleUp : behavior?.scaleDown;
  return { ...(direction === "up" ? SCALE_UP : SCALE_DOWN), ...given };
}

type Bounded = { readonly replicas: number; readonly reason: string; readonly message: string };

const WITHIN = { reason: "DesiredWithinRange", message: "the desired count is within the acceptable range" };
const TOO_FEW = {
  reason: "TooFewReplicas",
  message: "the desired replica count is less than the minimum replica count",
};
const TOO_MANY = {
  reason: "TooManyReplicas",
  message: "the desired replica count is more than the maximum replica count",
};
const UP_LIMIT = {
  reason: "ScaleUpLimit",
  message: "the desired replica count is increasing faster than the maximum scale rate",
};
const DOWN_LIMIT = {
  reason: "ScaleDownLimit",
  message: "the desired replica count is decreasing faster than the maximum scale rate",
};

/** At most twice as many, or four. */
function withinBounds({ current, desired, min, max }: LimitInput): Bounded {
  const upLimit = Math.max(2 * current, 4);
  const most = Math.min(max, upLimit);
  if (desired < min) return { replicas: min, ...TOO_FEW };
  if (desired > most) return { replicas: most, ...(max > upLimit ? UP_LIMIT : TOO_MANY) };
  return { replicas: desired, ...WITHIN };
}

function withinRates(history: ScalingHistory, input: LimitInput): Bounded {
  const { current, desired, min, max } = input;
  if (desired > current) {
    const limit = Math.max(current, rateLimit(history, input, "up"));
    const most = Math.min(max, limit);
    if (desired > most) return { replicas: most, ...(max > limit ? UP_LIMIT : TOO_MANY) };
  } else if (desired < current) {
    const limit = Math.min(current, rateLimit(history, input, "down"));
    const least = Math.max(min, limit);
    if (desired < least) return { replicas: least, ...(min < limit ? DOWN_LIMIT : TOO_FEW) };
  }
  return { replicas: desired, ...WITHIN };
}

function rateLimit(
  history: ScalingHistory,
  { current, behavior, nowMs }: LimitInput,
  direction: "up" | "down",
): number {
  const { selectPolicy, policies } = rulesOf(behavior, direction);
  if (selectPolicy === "Disabled") return current;
  const sign = direction === "up" ? 1 : -1;
  const limits = policies.map(({ type, value, periodSeconds }) => {
    const start = history.replicasAtStart(current, periodSeconds, nowMs);
    if (type === "Pods") return start + sign * value;
    const percent = start * (1 + (sign * value) / 100);
    return direction === "up" ? Math.ceil(percent - 1e-9) : Math.trunc(percent + 1e-9);
  });
  // The largest change is the highest number on the way up, the lowest on the way down.
  const takesHighest = (selectPolicy === "Min") !== (direction === "up");
  return takesHighest ? Math.max(...limits) : Math.min(...limits);
}
