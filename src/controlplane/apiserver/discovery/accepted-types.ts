// What a client is willing to read, from its Accept header: "application/json;as=Table;v=v1;g=meta.k8s.io, application/json".

export interface AcceptedType {
  /** "application/json", "*\/*". */
  readonly type: string;
  /** "Table", "PartialObjectMetadata", "APIGroupDiscoveryList"; "": the object itself. */
  readonly as: string;
  readonly group: string;
  readonly version: string;
}

const PARSED = new Map<string, readonly AcceptedType[]>();
const PARSED_MAX = 1000;

/** In the client's order. Clients send few different ones, so they are read once. */
export function acceptedTypes(header: string | undefined): readonly AcceptedType[] {
  if (header === undefined || header === "") return ANYTHING;
  let types = PARSED.get(header);
  if (types === undefined) {
    types = header.split(",").map(acceptedType);
    if (PARSED.size < PARSED_MAX) PARSED.set(header, types);
  }
  return types;
}

const ANYTHING: readonly AcceptedType[] = [{ type: "*/*", as: "", group: "", version: "" }];

function acceptedType(text: string): AcceptedType {
  const [type = "", ...parameters] = text.split(";").map((part) => part.trim());
  const values = new Map(
    parameters.map((each) => {
      const equals = each.indexOf("=");
      return [each.slice(0, equals), each.slice(equals + 1)];
    }),
  );
  return {
    type: type.toLowerCase(),
    as: values.get("as") ?? "",
    group: values.get("g") ?? "",
    version: values.get("v") ?? "",
  };
}

export function isJson({ type }: AcceptedType): boolean {
  return type === "application/json" || type === "*/*" || type === "application/*";
}
