// A plan of commands carried out in order; the first that fails ends it, with the command and what the tool said.
import { PlumbError } from "../../base/errors.js";
import { type Command, commandText, type CommandResult, type KernelHost } from "./command.js";

/** @throws {PlumbError} Internal when a command fails */
export async function runCommands(host: KernelHost, commands: readonly Command[]): Promise<CommandResult[]> {
  const results: CommandResult[] = [];
  for (const command of commands) results.push(await runCommand(host, command));
  return results;
}

/** @throws {PlumbError} Internal when it fails */
export async function runCommand(host: KernelHost, command: Command): Promise<CommandResult> {
  const result = await host.run(command);
  if (result.status === 0) return result;
  throw new PlumbError(
    "Internal",
    `Cannot run '${commandText(command)}': ${result.stderr.trim() || `it ended with ${result.status}`}`,
  );
}
