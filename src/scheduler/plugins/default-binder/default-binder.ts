// Binds through the API server.
// Source: kube-scheduler plugins/defaultbinder/default_binder.go.
import type { BindPlugin } from "../../framework/plugin.js";

const NAME = "DefaultBinder";

export function createDefaultBinder() {
  return {
    name: NAME,
    bind: (_state, { namespace, pod, uid }, nodeName) => ({
      kind: "bind",
      namespace,
      name: pod.metadata.name,
      uid,
      nodeName,
    }),
  } satisfies BindPlugin;
}
