// The folder through which scripts, input and output go between host and guest. It lies in the folder that both may
// write, and is gone when the guest is.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sourcePath } from "../../base/source-path.js";
import { GUEST_MODULES } from "./guest-modules.js";
import { settingsText } from "./guest-script.js";
import type { UserModeInstallation } from "./installation.js";

/** What the guest's kernel calls for a module that is not loaded. */
const MODPROBE = '#!/bin/sh\nexec modprobe -d /run "$@"\n';

export class ControlFolder {
  readonly folder: string;

  /** Make it, with everything that the guest needs to come up. @param shared what host and guest both may write */
  constructor(shared: string, { modules }: UserModeInstallation) {
    this.folder = mkdtempSync(join(shared, "guest-"));
    const settings = {
      FOLDER: shared,
      MODULES: modules,
      MODULE_NAMES: GUEST_MODULES.join(" "),
      PATH: process.env["PATH"] ?? "/usr/sbin:/usr/bin:/sbin:/bin",
    };
    this.write("settings", settingsText(settings));
    const init = readFileSync(sourcePath(import.meta.url, "guest-init.sh"), "utf8");
    // Copies, so that they can be executed whatever became of the source's file modes.
    for (const [name, text] of [
      ["init", init],
      ["modprobe", MODPROBE],
    ] as const)
      writeFileSync(this.path(name), text, { mode: 0o755 });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, content: string | Uint8Array): void {
    writeFileSync(this.path(name), content);
  }

  /** A file's text; the file is removed. */
  take(name: string): string {
    const text = readFileSync(this.path(name), "utf8");
    rmSync(this.path(name));
    return text;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
