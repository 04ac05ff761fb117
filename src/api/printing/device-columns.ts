// Columns of devices and of claims to them, and of addresses that Services may have.
// Source: pkg/printers/internalversion/printers.go. The types are the parts that columns read.
import { namedColumns } from "./printer-columns.js";

interface ResourceClaim {
  readonly metadata?: { readonly deletionTimestamp?: string };
  readonly status?: { readonly allocation?: object; readonly reservedFor?: readonly object[] };
}

export const RESOURCE_CLAIM_COLUMNS = namedColumns<ResourceClaim>().text("State", claimState).age().list;

function claimState({ metadata, status }: ResourceClaim): string {
  const isDeleted = metadata?.deletionTimestamp !== undefined;
  const states = isDeleted ? ["deleted"] : [];
  if (status?.allocation !== undefined) {
    states.push("allocated");
    if ((status.reservedFor ?? []).length > 0) states.push("reserved");
  } else if (!isDeleted) states.push("pending");
  return states.join(",");
}

interface ResourceSlice {
  readonly spec?: {
    readonly nodeName?: string;
    readonly driver?: string;
    readonly pool?: { readonly name?: string };
  };
}

export const RESOURCE_SLICE_COLUMNS = namedColumns<ResourceSlice>()
  .text("Node", ({ spec }) => spec?.nodeName ?? "")
  .text("Driver", ({ spec }) => spec?.driver ?? "")
  .text("Pool", ({ spec }) => spec?.pool?.name ?? "")
  .age().list;

interface ServiceCidr {
  readonly spec?: { readonly cidrs?: readonly string[] };
}

export const SERVICE_CIDR_COLUMNS = namedColumns<ServiceCidr>()
  .text("CIDRs", ({ spec }) => (spec?.cidrs ?? []).join(","))
  .age().list;

interface IpAddress {
  readonly spec?: {
    readonly parentRef?: {
      readonly group?: string;
      readonly resource?: string;
      readonly namespace?: string;
      readonly name?: string;
    };
  };
}

export const IP_ADDRESS_COLUMNS = namedColumns<IpAddress>().text("ParentRef", parentText).list;

/** "services/default/web". */
function parentText({ spec }: IpAddress): string {
  if (spec?.parentRef === undefined) return "<none>";
  const { group = "", resource = "", namespace = "", name = "" } = spec.parentRef;
  const kind = (group === "" ? resource : `${resource}.${group}`).toLowerCase();
  return namespace === "" ? `${kind}/${name}` : `${kind}/${namespace}/${name}`;
}

interface AttributesClass {
  readonly driverName?: string;
}

export const ATTRIBUTES_CLASS_COLUMNS = namedColumns<AttributesClass>()
  .text("DriverName", ({ driverName }) => driverName ?? "")
  .age().list;
