// NodeName over columns. Almost no Pod that is scheduled names its node: for one that does, the object form is used.
import { type ColumnFilter, PASS } from "../../columns/column-plugin.js";
import { NAME, OTHER_NODE } from "./node-name.js";

export function createNodeNameColumns(): ColumnFilter {
  return {
    name: NAME,
    prepareFilter: ({ pod }) => ((pod.pod.spec?.nodeName ?? "") === "" ? PASS : null),
    filter: () => {},
    describe: () => OTHER_NODE,
  };
}
