// Result records as they lie in memory, read one by one (asm/abi/packet.ts draws them).
import * as abi from "../../asm/abi/packet.js";
import { assert } from "../base/assert.js";
import { type Family, ipText, type IpWords } from "../base/ip.js";
import { DROP_REASONS, type DropReason, type Outcome, VERDICTS, type Verdict } from "../netfilter/packet.js";

export interface PacketEnd {
  readonly ip: string;
  readonly port: number;
}

/** Results 0..count-1 of the packets last evaluated. Valid until the next evaluation. */
export class ResultView {
  readonly count: number;
  readonly #family: Family;
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;

  constructor(buffer: ArrayBufferLike, offset: number, count: number, family: Family) {
    this.count = count;
    this.#family = family;
    this.#bytes = new Uint8Array(buffer, offset, count * abi.RESULT_STRIDE);
    this.#words = new Uint32Array(buffer, offset, (count * abi.RESULT_STRIDE) / 4);
  }

  verdict(index: number): Verdict {
    return VERDICTS[this.#byte(index, abi.RESULT_VERDICT)] as Verdict;
  }

  reason(index: number): DropReason {
    return DROP_REASONS[this.#byte(index, abi.RESULT_REASON)] as DropReason;
  }

  /** Source translated. */
  isMasqueraded(index: number): boolean {
    return (this.#byte(index, abi.RESULT_FLAGS) & abi.RESULT_FLAG_MASQUERADE) !== 0;
  }

  isEstablished(index: number): boolean {
    return (this.#byte(index, abi.RESULT_FLAGS) & abi.RESULT_FLAG_ESTABLISHED) !== 0;
  }

  isReply(index: number): boolean {
    return (this.#byte(index, abi.RESULT_FLAGS) & abi.RESULT_FLAG_REPLY) !== 0;
  }

  rulesEvaluated(index: number): number {
    return this.#word(index, abi.RESULT_RULES_EVALUATED);
  }

  /** Destination as the packet left. */
  target(index: number): PacketEnd {
    return {
      ip: this.#address(index, abi.RESULT_TARGET),
      port: this.#word(index, abi.RESULT_TARGET_PORT) & 0xffff,
    };
  }

  /** Source as the packet left. */
  source(index: number): PacketEnd {
    return {
      ip: this.#address(index, abi.RESULT_SOURCE),
      port: this.#word(index, abi.RESULT_SOURCE_PORT) & 0xffff,
    };
  }

  /** The result in the tracer's form. */
  outcome(index: number): Outcome {
    const verdict = this.verdict(index);
    return {
      verdict,
      reason: this.reason(index),
      target: verdict === "DNAT" ? this.target(index) : null,
      masquerade: this.isMasqueraded(index),
    };
  }

  #byte(index: number, offset: number): number {
    assert(index >= 0 && index < this.count, `result ${index} not below ${this.count}`);
    return this.#bytes[index * abi.RESULT_STRIDE + offset] as number;
  }

  #word(index: number, offset: number): number {
    assert(index >= 0 && index < this.count, `result ${index} not below ${this.count}`);
    return this.#words[(index * abi.RESULT_STRIDE + offset) / 4] as number;
  }

  #address(index: number, offset: number): string {
    const words: IpWords = [
      this.#word(index, offset),
      this.#word(index, offset + 4),
      this.#word(index, offset + 8),
      this.#word(index, offset + 12),
    ];
    return ipText(words, this.#family);
  }
}
