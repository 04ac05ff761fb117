// The shapes of names, labels and ports.
// Source: apimachinery pkg/util/validation/validation.go.
import ipaddr from "ipaddr.js";
import { type Failure, invalidValue } from "./failure.js";

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const WILDCARD = /^\*\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const SEARCH_DOMAIN = /^_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*$/;
const DNS_1035_LABEL = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const QUALIFIED_NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const CONFIG_KEY = /^[-._a-zA-Z0-9]+$/;

const LABEL_MAX = 63;
const SUBDOMAIN_MAX = 253;

const example = (text: string, examples: string, pattern: string) =>
  `${text} (e.g. ${examples}, regex used for validation is '${pattern}')`;

const LABEL_TEXT = example(
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  "'my-name',  or '123-abc'",
  "[a-z0-9]([-a-z0-9]*[a-z0-9])?",
);
const SUBDOMAIN_TEXT = example(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  "'example.com'",
  "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*",
);
const SEARCH_DOMAIN_TEXT = example(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character",
  "'example.com'",
  "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*",
);
const WILDCARD_TEXT = example(
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
  "'*.example.com'",
  "\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*",
);
const DNS_1035_TEXT = example(
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  "'my-name',  or 'abc-123'",
  "[a-z]([-a-z0-9]*[a-z0-9])?",
);
const QUALIFIED_TEXT = example(
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  "'MyName',  or 'my.name',  or '123-abc'",
  "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]",
);
const LABEL_VALUE_TEXT = example(
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  "'MyValue',  or 'my_value',  or '12345'",
  "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?",
);
const CONFIG_KEY_TEXT = example(
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  "'key.name',  or 'KEY_NAME',  or 'key-name'",
  "[-._a-zA-Z0-9]+",
);

const bytes = (count: number) => `must be no more than ${count} bytes`;

/** What is wrong with a text; empty: nothing. */
export type TextCheck = (text: string) => readonly string[];

const NONE: readonly string[] = [];

function shape(pattern: RegExp, why: string, lengthMax: number, unit = "characters"): TextCheck {
  return (text) => {
    const fits = pattern.test(text);
    if (fits && text.length <= lengthMax) return NONE;
    return [
      ...(text.length > lengthMax ? [`must be no more than ${lengthMax} ${unit}`] : []),
      ...(fits ? [] : [why]),
    ];
  };
}

export const dnsLabel = shape(DNS_LABEL, LABEL_TEXT, LABEL_MAX);
export const dnsSubdomain = shape(DNS_SUBDOMAIN, SUBDOMAIN_TEXT, SUBDOMAIN_MAX);
/** "*.example.com" */
export const wildcardSubdomain = shape(WILDCARD, WILDCARD_TEXT, SUBDOMAIN_MAX);
/** Of a resolver's search list: a subdomain that may have underscores. */
export const searchDomain = shape(SEARCH_DOMAIN, SEARCH_DOMAIN_TEXT, SUBDOMAIN_MAX);
export const dns1035Label = shape(DNS_1035_LABEL, DNS_1035_TEXT, LABEL_MAX);
export const labelValue = shape(LABEL_VALUE, LABEL_VALUE_TEXT, LABEL_MAX, "bytes");

/** Names that only have to fit in a path, as those of roles. */
export const pathSegment: TextCheck = (text) => {
  if (text === "." || text === "..") return [`may not be '${text}'`];
  return ["/", "%"].filter((each) => text.includes(each)).map((each) => `may not contain '${each}'`);
};

/** "app", "example.com/app" */
export const qualifiedName: TextCheck = (text) => {
  const slash = text.indexOf("/");
  const name = slash < 0 ? text : text.slice(slash + 1);
  if (slash < 0 && name.length <= LABEL_MAX && QUALIFIED_NAME.test(name)) return NONE;
  const found: string[] = [];
  if (name.includes("/"))
    return [
      "a valid label key must consist of a name part with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
    ];
  if (slash === 0) found.push("prefix part must be non-empty");
  else if (slash > 0) found.push(...dnsSubdomain(text.slice(0, slash)).map((why) => `prefix part ${why}`));
  if (name === "") found.push("name part must be non-empty");
  else if (name.length > LABEL_MAX) found.push(`name part ${bytes(LABEL_MAX)}`);
  if (!QUALIFIED_NAME.test(name)) found.push(QUALIFIED_TEXT);
  return found;
};

export const configKey: TextCheck = (text) => {
  if (CONFIG_KEY.test(text) && text.length <= SUBDOMAIN_MAX && !text.startsWith("..") && text !== ".")
    return NONE;
  const found: string[] = [];
  if (text.length > SUBDOMAIN_MAX) found.push(bytes(SUBDOMAIN_MAX));
  if (!CONFIG_KEY.test(text)) found.push(CONFIG_KEY_TEXT);
  if (text === "." || text === "..") found.push(`must not be '${text}'`);
  else if (text.startsWith("..")) found.push("must not start with '..'");
  return found;
};

/** IANA service names: "http", "web-1". */
export const portName: TextCheck = (text) => {
  if (/^[a-z0-9]+(-[a-z0-9]+)*$/.test(text) && text.length <= 15 && /[a-z]/.test(text)) return NONE;
  const found: string[] = [];
  if (text.length > 15) found.push("must be no more than 15 characters");
  if (!/^[-a-z0-9]+$/.test(text))
    found.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  if (!/[a-z]/.test(text)) found.push("must contain at least one letter (a-z)");
  if (text.includes("--")) found.push("must not contain consecutive hyphens");
  if (text.startsWith("-") || text.endsWith("-")) found.push("must not begin or end with a hyphen");
  return found;
};

export const NOT_AN_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

const OCTET = "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
/** Most addresses are such, and are not taken apart: slices hold them by the hundred. */
const PLAIN_ADDRESS = new RegExp(`^${OCTET}(\\.${OCTET}){3}$`);

/** Four numbers, not fewer: "10.1" is none. */
export function isAddress(address: string): boolean {
  if (PLAIN_ADDRESS.test(address)) return true;
  if (!ipaddr.isValid(address)) return false;
  return ipaddr.parse(address).kind() === "ipv6" || address.split(".").length === 4;
}

const MAY_BE_SPECIAL = /^(0|127|169|224)\.|:/;

/**
 * Addresses that no packet can be sent to from elsewhere.
 *
 * @param address one that `isAddress` accepts
 */
export function checkNotSpecial(address: string, path: string, failures: Failure[]): void {
  if (!MAY_BE_SPECIAL.test(address)) return;
  const parsed = ipaddr.parse(address);
  const range = parsed.range();
  const isLinkMulticast = /^(224\.0\.0\.|ff02:)/i.test(address);
  const refuse = (why: string) => failures.push(invalidValue(path, address, `may not be ${why}`));
  if (parsed.toByteArray().every((byte) => byte === 0)) refuse(`unspecified (${address})`);
  else if (range === "loopback") refuse("in the loopback range (127.0.0.0/8, ::1/128)");
  else if (range === "linkLocal") refuse("in the link-local range (169.254.0.0/16, fe80::/10)");
  else if (range === "multicast" && isLinkMulticast)
    refuse("in the link-local multicast range (224.0.0.0/24, ff02::/10)");
}

export function checkAddress(address: string, path: string, failures: Failure[]): void {
  if (!isAddress(address)) failures.push(invalidValue(path, address, NOT_AN_ADDRESS));
}

export const PORT_RANGE = "must be between 1 and 65535, inclusive";

export function isPort(value: unknown): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 65535;
}

export function checkText(check: TextCheck, text: string, path: string, failures: Failure[]): void {
  for (const why of check(text)) failures.push(invalidValue(path, text, why));
}

export function checkPort(value: unknown, path: string, failures: Failure[]): void {
  if (!isPort(value)) failures.push(invalidValue(path, value ?? 0, PORT_RANGE));
}

/** A number of a port, or its name. */
export function checkPortOrName(value: unknown, path: string, failures: Failure[]): void {
  if (typeof value === "string") checkText(portName, value, path, failures);
  else checkPort(value, path, failures);
}
