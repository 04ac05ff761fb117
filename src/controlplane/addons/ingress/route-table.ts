// Which Service a request goes to, by host and path.
//
// Hosts: the host itself, then "*.domain" (one label), then rules without a host. In each, an Exact path equal to the
// request's, then the longest Prefix, whole elements at a time; when two Ingresses claim the same, the older one has it.
// Where no path matches, the default backend of the oldest Ingress that has one. ImplementationSpecific is Prefix here.
// Cost: a change O(paths of the Ingress), a route O(elements of the path).
// Source: Kubernetes concepts "Ingress" (path types, multiple matches, hostname wildcards).

export interface Target {
  readonly namespace: string;
  readonly service: string;
  /** null: the Service has no such port. */
  readonly port: number | null;
}

export interface Path {
  /** In lower case; "": any. */
  readonly host: string;
  readonly path: string;
  readonly isExact: boolean;
  /** null: of a kind that is not served. */
  readonly target: Target | null;
}

/** What one Ingress asks for. */
export interface IngressRoutes {
  /** Orders Ingresses: the smaller one is older. */
  readonly age: string;
  readonly paths: readonly Path[];
  /** undefined: none is asked for. */
  readonly defaultTarget: Target | null | undefined;
}

interface Claim {
  readonly key: string;
  readonly age: string;
  readonly target: Target | null;
}

interface HostPaths {
  readonly exact: Map<string, Claim[]>;
  /** Without slashes at the end. */
  readonly prefix: Map<string, Claim[]>;
}

export class RouteTable {
  readonly #ingresses = new Map<string, IngressRoutes>();
  readonly #hosts = new Map<string, HostPaths>();
  readonly #defaults: Claim[] = [];

  /** Replaces what the Ingress asked for before. */
  set(key: string, routes: IngressRoutes): void {
    this.delete(key);
    this.#ingresses.set(key, routes);
    for (const { host, path, isExact, target } of routes.paths) {
      const paths = this.#hosts.get(host) ?? { exact: new Map(), prefix: new Map() };
      this.#hosts.set(host, paths);
      const [map, name] = isExact ? [paths.exact, path] : [paths.prefix, trimmed(path)];
      const claims = map.get(name) ?? [];
      map.set(name, claims);
      claim(claims, { key, age: routes.age, target });
    }
    if (routes.defaultTarget !== undefined)
      claim(this.#defaults, { key, age: routes.age, target: routes.defaultTarget });
  }

  delete(key: string): void {
    const routes = this.#ingresses.get(key);
    if (routes === undefined) return;
    this.#ingresses.delete(key);
    for (const { host, path, isExact } of routes.paths) this.#release(key, host, path, isExact);
    release(this.#defaults, key);
  }

  /** null: nothing answers. @param path without the query */
  route(host: string, path: string): Target | null {
    const found = this.#find(
      host.toLowerCase().replace(/:\d+$/, ""),
      path.startsWith("/") ? path : `/${path}`,
    );
    return (found ?? this.#defaults[0])?.target ?? null;
  }

  #find(host: string, path: string): Claim | undefined {
    const dot = host.indexOf(".");
    const hosts = [host, ...(dot > 0 ? [`*${host.slice(dot)}`] : []), ""];
    for (const each of hosts) {
      const paths = this.#hosts.get(each);
      const found = paths === undefined ? undefined : findPath(paths, path);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The same path twice in one Ingress has been released already the second time. */
  #release(key: string, host: string, path: string, isExact: boolean): void {
    const paths = this.#hosts.get(host);
    if (paths === undefined) return;
    const [map, name] = isExact ? [paths.exact, path] : [paths.prefix, trimmed(path)];
    const claims = map.get(name);
    if (claims === undefined) return;
    release(claims, key);
    if (claims.length === 0) map.delete(name);
    if (paths.exact.size === 0 && paths.prefix.size === 0) this.#hosts.delete(host);
  }
}

function findPath({ exact, prefix }: HostPaths, path: string): Claim | undefined {
  const equal = exact.get(path)?.[0];
  if (equal !== undefined) return equal;
  for (let rest = trimmed(path); ; rest = rest.slice(0, rest.lastIndexOf("/"))) {
    const found = prefix.get(rest)?.[0];
    if (found !== undefined || rest === "") return found;
  }
}

/** "/a/b/" -> "/a/b", "/" -> "". */
function trimmed(path: string): string {
  return path.replace(/\/+$/, "");
}

/** Of one Ingress the first claim counts. */
function claim(claims: Claim[], added: Claim): void {
  if (claims.some(({ key }) => key === added.key)) return;
  const index = claims.findIndex(({ age }) => age > added.age);
  claims.splice(index < 0 ? claims.length : index, 0, added);
}

function release(claims: Claim[], key: string): void {
  const index = claims.findIndex((each) => each.key === key);
  if (index >= 0) claims.splice(index, 1);
}
