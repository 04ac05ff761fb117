// The one version of the configuration that is read.
import { checked, type Field, text } from "../../base/document/fields.js";

const GROUP = "kubescheduler.config.k8s.io";
export const API_VERSION = `${GROUP}/v1`;

export const apiVersionField: Field<string> = checked(text("The version."), (version) => {
  if (version === API_VERSION) return null;
  const isOld = version.startsWith(`${GROUP}/v1alpha`) || version.startsWith(`${GROUP}/v1beta`);
  return isOld
    ? `${version} is no longer read by kube-scheduler; use ${API_VERSION}`
    : `expected ${API_VERSION}, got "${version}"`;
});
