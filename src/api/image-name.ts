// The parts of an image's name: "registry:5000/group/name:tag@sha256:...".
// Source: distribution reference grammar; kubernetes pkg/util/parsers.

/** "latest" when neither a tag nor a digest is given, "" when only a digest is. */
export function imageTag(image: string): string {
  const at = image.indexOf("@");
  const named = at < 0 ? image : image.slice(0, at);
  const colon = named.lastIndexOf(":");
  if (colon > named.lastIndexOf("/")) return named.slice(colon + 1);
  return at < 0 ? "latest" : "";
}
