// plumb compile: the rules of one node, as the text that the real tools load.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Command, Option } from "commander";
import { PlumbError } from "../../base/errors.js";
import type { Mode } from "../../netfilter/rule-model.js";
import { COMPILERS, type RuleDocument } from "../../proxy/modes.js";
import {
  addClusterOptions,
  type ClusterOptions,
  loadCluster,
  modeOption,
  printWarnings,
  proxyConfigFor,
  proxyState,
} from "../cluster-options.js";
import type { CommandContext } from "../context.js";
import { attempt, makeOutputFolder } from "../output-folder.js";

interface CompileOptions extends ClusterOptions {
  readonly mode?: Mode;
  readonly part?: string;
  readonly output?: string;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  plumb compile --mode iptables shop.yaml | iptables-restore
  kubectl get svc,endpointslices,nodes -A -o json | plumb compile --mode nftables - | nft -f -
  plumb compile --mode ipvs -o rules/ manifests/        writes ipset.restore, ipvsadm.restore, iptables.restore
  plumb compile --mode ipvs --part ipset shop.yaml
  plumb compile --mode iptables --json --replicate 200 shop.yaml      counts instead of text`;

export function registerCompile(program: Command, context: CommandContext): void {
  addClusterOptions(
    program
      .command("compile <files...>")
      .description("print the rules kube-proxy would program: iptables-restore, ipset, ipvsadm or nft text")
      .addOption(modeOption()),
  )
    .addOption(
      new Option("--part <part>", "one document of mode ipvs").choices(["ipset", "ipvsadm", "iptables"]),
    )
    .option("-o, --output <dir>", "write the documents into this folder instead of stdout")
    .option("--json", "print counts of rules, chains, elements and bytes instead of the text")
    .addHelpText("after", EXAMPLES)
    .action((files: string[], options: CompileOptions) => compileCommand(files, options, context));
}

async function compileCommand(
  files: readonly string[],
  options: CompileOptions,
  { terminal }: CommandContext,
): Promise<void> {
  const { objects, warnings } = loadCluster(files, options);
  const config = proxyConfigFor(options.mode ?? null, objects, options);
  const state = proxyState(objects, config);
  printWarnings(terminal, warnings);
  const compiler = COMPILERS[config.mode];
  if (options.json) {
    const { rules, chains, elements, bytes } = compiler.syncFull(state, config);
    terminal.print(
      JSON.stringify({
        mode: config.mode,
        family: config.family,
        node: config.node.name,
        servicePorts: state.entries.length,
        rules,
        chains,
        elements,
        bytes,
      }),
    );
    return;
  }
  const documents = chosenDocuments(compiler.documents(state, config), options, config.mode);
  if (options.output !== undefined) writeDocuments(documents, options.output, terminal.note);
  else for (const document of documents) await terminal.write(document.text());
}

function chosenDocuments(
  documents: readonly RuleDocument[],
  { part, output }: CompileOptions,
  mode: Mode,
): readonly RuleDocument[] {
  if (part !== undefined) {
    const chosen = documents.filter((document) => document.part === part);
    if (chosen.length > 0) return chosen;
    throw new PlumbError(
      "Usage",
      `Cannot print part '${part}' of mode ${mode}: it has ${documents.map((document) => document.part).join(", ")}`,
    );
  }
  if (documents.length > 1 && output === undefined) {
    throw new PlumbError(
      "Usage",
      `Cannot print mode ${mode} on stdout: it is ${documents.length} documents`,
      {
        hint: `give -o DIR to write them all, or --part ${documents.map((document) => document.part).join("|")}`,
      },
    );
  }
  return documents;
}

function writeDocuments(
  documents: readonly RuleDocument[],
  folder: string,
  note: (line: string) => void,
): void {
  makeOutputFolder(folder);
  for (const { file, text } of documents) {
    const path = join(folder, file);
    attempt(folder, () => {
      writeFileSync(path, "");
      for (const chunk of text()) writeFileSync(path, chunk, { flag: "a" });
    });
    note(`wrote ${path}`);
  }
}
