// Which names a resolver asks for, as its resolv.conf says; a Pod's says
//   search NAMESPACE.svc.DOMAIN svc.DOMAIN DOMAIN
//   options ndots:5
// A name with at least `ndots` dots is tried as it stands first, others last; one that ends with a dot is tried alone.
// Source: resolv.conf(5); kubelet pkg/kubelet/network/dns (ClusterFirst).

export interface SearchPath {
  readonly search: readonly string[];
  readonly ndots: number;
}

/** kubelet's, for ClusterFirst. */
export const NDOTS = 5;

/** kubelet's, for ClusterFirst. */
export function clusterSearch(namespace: string, domain: string): readonly string[] {
  return [`${namespace}.svc.${domain}`, `svc.${domain}`, domain];
}

/** In the order in which they are tried, in lower case, without last dots. */
export function candidateNames(name: string, { search, ndots }: SearchPath): readonly string[] {
  const plain = name.toLowerCase().replace(/\.$/, "");
  if (plain === "") return [];
  if (name.endsWith(".")) return [plain];
  const searched = search.map((suffix) => `${plain}.${suffix}`);
  const dots = plain.split(".").length - 1;
  return dots >= ndots ? [plain, ...searched] : [...searched, plain];
}
