// The forms that names of labels, topology keys and resources have.
// Source: apimachinery util/validation IsQualifiedName; kubernetes pkg/apis/core/v1/helper IsExtendedResourceName.

const NAME = "[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?";
const DOMAIN = "[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*";

/** "zone" or "topology.kubernetes.io/zone". */
export const QUALIFIED_NAME = {
  pattern: new RegExp(`^(?:${DOMAIN}/)?${NAME}$`),
  expected: 'a qualified name such as "example.com/gpu"',
};

/** A group is what stands before the "/". */
export const RESOURCE_GROUP = { pattern: new RegExp(`^${NAME}$`), expected: 'a group such as "example.com"' };

/** A resource that Kubernetes itself knows nothing of: with a domain, and not one of its own. */
export const EXTENDED_RESOURCE_NAME = {
  pattern: new RegExp(`^(?!requests\\.)(?![^/]*kubernetes\\.io/)${DOMAIN}/${NAME}$`),
  expected: 'an extended resource such as "example.com/gpu"',
};
