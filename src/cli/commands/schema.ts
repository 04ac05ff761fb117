// plumb schema: the JSON Schemas of the files others read and write.
import type { Command } from "commander";
import { PlumbError } from "../../base/errors.js";
import { scenarioSchema } from "../../experiment/scenario-schema.js";
import { resultSchema } from "../../measure/result-schema.js";
import type { CommandContext } from "../context.js";

const SCHEMAS: Readonly<Record<string, unknown>> = { result: resultSchema, scenario: scenarioSchema };

export function registerSchema(program: Command, { terminal }: CommandContext): void {
  program
    .command("schema <name>")
    .description("print the JSON Schema of result.json or of a scenario file (result | scenario)")
    .addHelpText("after", "\nExamples:\n  plumb schema result > result.schema.json\n  plumb schema scenario")
    .action((name: string) => {
      const schema = Object.hasOwn(SCHEMAS, name) ? SCHEMAS[name] : undefined;
      if (schema === undefined) {
        throw new PlumbError(
          "Usage",
          `Cannot print schema '${name}': expected ${Object.keys(SCHEMAS).join(" or ")}`,
        );
      }
      terminal.print(JSON.stringify(schema, null, 2));
    });
}
