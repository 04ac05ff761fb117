// GET /version. kubectl's wrappers pick their binary by it, so it names a version that kubectl exists for.
export const SERVER_VERSION = {
  major: "1",
  minor: "32",
  gitVersion: "v1.32.5",
  gitCommit: "0000000000000000000000000000000000000000",
  gitTreeState: "clean",
  buildDate: "2025-05-15T00:00:00Z",
  goVersion: "none",
  compiler: "tsc",
  platform: "linux/amd64",
} as const;
