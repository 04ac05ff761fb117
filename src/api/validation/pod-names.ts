// By which names a Pod knows others: its resolver's configuration, its hosts file.
// Source: pkg/apis/core/validation/validation.go (validatePodDNSConfig, ValidateHostAliases).
import { type Fields, isSet, items, part, text } from "./checks.js";
import { type Failure, invalidValue, required } from "./failure.js";
import { checkAddress, checkText, dnsSubdomain, searchDomain } from "./names.js";

const NAMESERVERS_MAX = 3;
const SEARCHES_MAX = 32;
const SEARCH_CHARS_MAX = 2048;

export function checkPodNames(spec: Fields, path: string, failures: Failure[]): void {
  checkDnsConfig(spec, path, failures);
  items(spec, "hostAliases").forEach((alias, index) => {
    const at = `${path}.hostAliases[${index}]`;
    checkAddress(text(alias, "ip"), `${at}.ip`, failures);
    texts(alias, "hostnames").forEach((name, each) => {
      checkText(dnsSubdomain, name, `${at}.hostnames[${each}]`, failures);
    });
  });
}

function checkDnsConfig(spec: Fields, path: string, failures: Failure[]): void {
  const at = `${path}.dnsConfig`;
  const config = part(spec, "dnsConfig");
  const nameservers = texts(config, "nameservers");
  if (spec["dnsPolicy"] === "None") {
    if (!isSet(spec["dnsConfig"])) {
      failures.push(required(at, "must provide `dnsConfig` when `dnsPolicy` is None"));
      return;
    }
    if (nameservers.length === 0) {
      const why = "must provide at least one DNS nameserver when `dnsPolicy` is None";
      failures.push(required(`${at}.nameservers`, why));
      return;
    }
  }
  if (nameservers.length > NAMESERVERS_MAX)
    failures.push(
      invalidValue(
        `${at}.nameservers`,
        nameservers,
        `must not have more than ${NAMESERVERS_MAX} nameservers`,
      ),
    );
  nameservers.forEach((address, index) => {
    checkAddress(address, `${at}.nameservers[${index}]`, failures);
  });
  checkSearches(texts(config, "searches"), `${at}.searches`, failures);
  items(config, "options").forEach((option, index) => {
    if (text(option, "name") === "") failures.push(required(`${at}.options[${index}]`, "must not be empty"));
  });
}

function checkSearches(searches: readonly string[], path: string, failures: Failure[]): void {
  if (searches.length > SEARCHES_MAX)
    failures.push(invalidValue(path, searches, `must not have more than ${SEARCHES_MAX} search paths`));
  if (searches.join(" ").length > SEARCH_CHARS_MAX)
    failures.push(
      invalidValue(
        path,
        searches,
        `must not have more than ${SEARCH_CHARS_MAX} characters (including spaces) in the search list`,
      ),
    );
  searches.forEach((search, index) => {
    if (search !== ".") checkText(searchDomain, search.replace(/\.$/, ""), `${path}[${index}]`, failures);
  });
}

function texts(owner: Fields, name: string): readonly string[] {
  return (owner[name] as readonly string[] | undefined | null) ?? [];
}
