// Temporary folders of verifications. A sandbox leaves nothing (sandbox.ts); files on disk outlive a kill -9, so their
// folder's name holds the process that made it, and a later `plumb doctor --clean` removes those of processes gone.
//
//   $TMPDIR/plumb-kernel-<pid>-<random>
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const NAME = /^plumb-kernel-(\d+)-\w{6}$/;

/** A new empty folder; whoever asked for it removes it. */
export function makeTemporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), `plumb-kernel-${process.pid}-`));
}

/** Folders whose process is gone. */
export function findLeftovers(): string[] {
  const ofTheDead = readdirSync(tmpdir()).filter((name) => {
    const [, pid] = NAME.exec(name) ?? [];
    return pid !== undefined && !isAlive(Number(pid));
  });
  return ofTheDead.map((name) => join(tmpdir(), name));
}

/** @returns the folders removed; one that is somebody else's stays */
export function removeLeftovers(): string[] {
  return findLeftovers().filter((folder) => {
    try {
      rmSync(folder, { recursive: true });
      return true;
    } catch {
      return false;
    }
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process may not be signalled, but it is there.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
