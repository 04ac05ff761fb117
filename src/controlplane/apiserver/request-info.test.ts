import { deepStrictEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import type { ApiRequest, HttpMethod } from "../protocol/api-request.js";
import { requestInfo } from "./request-info.js";

function infoOf(method: HttpMethod, url: string) {
  const [path = "", query = ""] = url.split("?");
  return requestInfo({ method, path, query: new URLSearchParams(query) } as ApiRequest);
}

test("requestInfo knows verb, group, version, namespace, resource, subresource and name of a path", () => {
  for (const [method, url, expected] of [
    ["GET", "/api/v1/pods", "list  v1  pods  "],
    ["GET", "/api/v1/pods?watch=1", "watch  v1  pods  "],
    ["GET", "/api/v1/watch/pods", "watch  v1  pods  "],
    ["GET", "/api/v1/watch", "list  v1  watch  "],
    ["GET", "/api/v1/watch/namespaces/a/pods/web", "watch  v1 a pods  web"],
    ["POST", "/api/v1/namespaces/a/pods", "create  v1 a pods  "],
    ["GET", "/api/v1/namespaces/a/pods/web", "get  v1 a pods  web"],
    ["HEAD", "//api/v1//namespaces/a/pods/web/", "get  v1 a pods  web"],
    ["PUT", "/api/v1/namespaces/a/pods/web/status", "update  v1 a pods status web"],
    ["PATCH", "/apis/apps/v1/namespaces/a/deployments/web/scale", "patch apps v1 a deployments scale web"],
    ["DELETE", "/apis/apps/v1/namespaces/a/deployments", "deletecollection apps v1 a deployments  "],
    ["DELETE", "/api/v1/nodes/n", "delete  v1  nodes  n"],
    ["GET", "/api/v1/nodes/n/proxy/metrics/cadvisor", "get  v1  nodes proxy n"],
    ["GET", "/api/v1/namespaces/a/pods/web/proxy/a/b", "get  v1 a pods proxy web"],
    ["GET", "/api/v1/namespaces", "list  v1  namespaces  "],
    ["GET", "/api/v1/namespaces/a", "get  v1 a namespaces  a"],
    ["PUT", "/api/v1/namespaces/a/finalize", "update  v1 a namespaces finalize a"],
    ["GET", "/api/v1/pods?fieldSelector=metadata.name=web", "list  v1  pods  web"],
    ["OPTIONS", "/api/v1/pods", "options  v1  pods  "],
  ] as const) {
    const { isResourceRequest, verb, group, version, namespace, resource, subresource, name } = infoOf(
      method,
      url,
    );
    equal(isResourceRequest, true, url);
    equal([verb, group, version, namespace, resource, subresource, name].join(" "), expected, url);
  }
});

test("requestInfo takes for no resource what does not lead to one", () => {
  for (const path of [
    "/",
    "",
    "/api",
    "/api/v1",
    "/apis/apps/v1",
    "/healthz/etcd",
    "/api/v1/nodes/n/status/x",
    "/api/v1/namespaces/a/pods/web/status/x",
  ])
    deepStrictEqual(infoOf("GET", path), {
      isResourceRequest: false,
      verb: "get",
      path,
      group: "",
      version: "",
      namespace: "",
      resource: "",
      subresource: "",
      name: "",
    });
});
