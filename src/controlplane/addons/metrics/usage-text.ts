// Usage as the quantities that metrics-server prints: canonical, so that the largest suffix that divides is taken.
// Source: apimachinery pkg/api/resource/quantity.go (CanonicalizeBytes).

const DECIMAL = ["n", "u", "m", "", "k", "M", "G"] as const;
const BINARY = ["Ki", "Mi", "Gi", "Ti"] as const;

/** "1234567n", "250m", "2"; whole nanocores. */
export function cpuText(nanoCores: number): string {
  return suffixed(Math.max(0, Math.round(nanoCores)), 1000, DECIMAL);
}

/** "51204Ki", "128Mi": kernels count pages, so what is below a KiB is left out. */
export function memoryText(bytes: number): string {
  return suffixed(Math.max(0, Math.floor(bytes / 1024)), 1024, BINARY);
}

function suffixed(amount: number, step: number, suffixes: readonly string[]): string {
  if (amount === 0) return "0";
  let [rest, index] = [amount, 0];
  while (index < suffixes.length - 1 && rest % step === 0) {
    rest /= step;
    index++;
  }
  return `${rest}${suffixes[index]}`;
}
