const SUFFIXES = ["", "Ki", "Mi", "Gi", "Ti", "Pi"];

/** Bytes as upstream's BinarySI quantities print: 104857600 is "100Mi", 1500 is "1500". */
export function binaryQuantity(bytes: number): string {
  let value = Math.round(bytes);
  let power = 0;
  while (value !== 0 && value % 1024 === 0 && power < SUFFIXES.length - 1) {
    value /= 1024;
    power++;
  }
  return `${value}${SUFFIXES[power]}`;
}
