import type { Status } from "../../../api/status.js";
import type { ApiResponse } from "../../protocol/api-request.js";

/** The answer of what was done and has nothing to show. */
export function success(code: 200 | 201): ApiResponse {
  const status: Status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code };
  return { kind: "object", code, object: status };
}
