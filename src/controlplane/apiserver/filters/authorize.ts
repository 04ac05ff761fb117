// Whether the user may do it, and the words in which a refusal is known.
// Source: apiserver pkg/endpoints/filters/authorization.go, handlers/responsewriters/errors.go.
import { StatusError } from "../../../api/status.js";
import type { ApiRequest, UserInfo } from "../../protocol/api-request.js";
import type { AccessAttributes } from "../access.js";
import type { RequestInfo } from "../request-info.js";

export function accessAttributes(request: ApiRequest, info: RequestInfo, user: UserInfo): AccessAttributes {
  return {
    user,
    verb: info.verb,
    isResourceRequest: info.isResourceRequest,
    path: info.path,
    group: info.group,
    version: info.version,
    resource: info.resource,
    subresource: info.subresource,
    namespace: info.namespace,
    name: info.name,
    fieldSelector: request.query.get("fieldSelector") ?? "",
    labelSelector: request.query.get("labelSelector") ?? "",
  };
}

export function forbidden(attributes: AccessAttributes, reason: string): StatusError {
  const { user, verb, isResourceRequest, path, group, resource, subresource, namespace, name } = attributes;
  const why = reason === "" ? "" : `: ${reason}`;
  if (!isResourceRequest)
    return new StatusError(
      "Forbidden",
      `forbidden: User "${user.username}" cannot ${verb} path "${path}"${why}`,
    );
  const target = subresource === "" ? resource : `${resource}/${subresource}`;
  const place = namespace === "" ? "at the cluster scope" : `in the namespace "${namespace}"`;
  const qualified = group === "" ? resource : `${resource}.${group}`;
  const subject = name === "" ? qualified : `${qualified} "${name}"`;
  return new StatusError(
    "Forbidden",
    `${subject} is forbidden: User "${user.username}" cannot ${verb} resource "${target}" in API group "${group}" ${place}${why}`,
    { ...(name === "" ? {} : { name }), ...(group === "" ? {} : { group }), kind: resource },
  );
}
