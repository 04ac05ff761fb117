// What controllers report: counts that are not below zero, addresses that are some.
// Source: Validate*StatusUpdate of pkg/apis/{autoscaling,batch,core,networking,policy}/validation.
import type { KubeObject } from "../meta.js";
import { checkNotNegative, checkQuantities, type Fields, items, part, text } from "./checks.js";
import { type Failure, invalidValue } from "./failure.js";
import { checkAddress, checkText, dnsSubdomain, isAddress } from "./names.js";

/** Of the status, counts that are not below zero. */
export function countsInStatus(...names: readonly string[]) {
  return (next: KubeObject, _current: KubeObject, failures: Failure[]): void => {
    checkNotNegative(part(next as unknown as Fields, "status"), names, "status", failures);
  };
}

export function checkQuotaStatus(next: KubeObject, _current: KubeObject, failures: Failure[]): void {
  const status = part(next as unknown as Fields, "status");
  for (const name of ["hard", "used"]) checkQuantities(part(status, name), `status.${name}`, failures);
}

/** Where an Ingress is reached. */
export function checkIngressStatus(next: KubeObject, _current: KubeObject, failures: Failure[]): void {
  const balancer = part(part(next as unknown as Fields, "status"), "loadBalancer");
  items(balancer, "ingress").forEach((point, index) => {
    const at = `status.loadBalancer.ingress[${index}]`;
    const [ip, hostname] = [text(point, "ip"), text(point, "hostname")];
    if (ip !== "") checkAddress(ip, `${at}.ip`, failures);
    if (hostname === "") return;
    checkText(dnsSubdomain, hostname, `${at}.hostname`, failures);
    if (isAddress(hostname))
      failures.push(invalidValue(`${at}.hostname`, hostname, "must be a DNS name, not an IP address"));
  });
}
