// Authorizers one after the other: the first that allows decides, and when none does, all their reasons are told.
import type { UserInfo } from "../../protocol/api-request.js";
import type { AccessAttributes, AccessDecision, AccessRules, Authorizer, Eventually } from "../access.js";

export class AuthorizerChain implements Authorizer {
  readonly #authorizers: readonly Authorizer[];

  constructor(authorizers: readonly Authorizer[]) {
    this.#authorizers = authorizers;
  }

  authorize(asked: AccessAttributes): Eventually<AccessDecision> {
    return this.#from(0, asked, "");
  }

  #from(first: number, asked: AccessAttributes, reasons: string): Eventually<AccessDecision> {
    let told = reasons;
    for (let index = first; index < this.#authorizers.length; index++) {
      const deciding = this.#authorizers[index]?.authorize(asked) as Eventually<AccessDecision>;
      if (deciding instanceof Promise) {
        const before = told;
        return deciding.then((decision) =>
          decision.allowed ? decision : this.#from(index + 1, asked, joined(before, decision.reason)),
        );
      }
      if (deciding.allowed) return deciding;
      told = joined(told, deciding.reason);
    }
    return { allowed: false, reason: told };
  }

  async rulesFor(user: UserInfo, namespace: string): Promise<AccessRules> {
    const all = await Promise.all(this.#authorizers.map((each) => each.rulesFor(user, namespace)));
    return {
      resourceRules: all.flatMap((rules) => rules.resourceRules),
      nonResourceRules: all.flatMap((rules) => rules.nonResourceRules),
    };
  }
}

function joined(one: string, other: string): string {
  if (one === "" || other === "") return one + other;
  return `${one}\n${other}`;
}
