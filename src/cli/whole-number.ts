// Values of options that are whole numbers.
import { InvalidArgumentError } from "commander";

/** Reads a whole number of these bounds, both included. The reader throws InvalidArgumentError for anything else. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`expected a whole number from ${least} to ${most}`);
    return value;
  };
}

/** Of a random generator. */
export const seedValue = wholeNumber(0, 2 ** 32 - 1);

export const positiveNumber = wholeNumber(1, 999_999_999);
