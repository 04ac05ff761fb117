// plumb verify: our models against the real thing. A scenario's rules are loaded into a kernel and met by real packets;
// `scheduler` is a subject of its own.
import { type Command, InvalidArgumentError, Option } from "commander";
import { KERNEL_PATHS, type KernelPath } from "../../measure/kernel-record.js";
import type { CommandContext } from "../context.js";
import { type VerifyOptions, verifyAgainstKernel } from "../verify/verify-kernel.js";
import { positiveNumber, seedValue } from "../whole-number.js";
import { registerVerifyScheduler } from "./verify-scheduler.js";

const EXAMPLES = `
Examples:
  sudo plumb verify quick                  verdicts: 20,000 flows through each path's rules
  sudo plumb verify quick --timing         and ns a packet, programming time, the userspace proxy
  sudo plumb verify reports/quick-…        the same for a run; its report gets the section
  plumb verify quick --paths nftables,iptables-nft --flows 2000 --seed 7
  plumb verify quick --dry-run             every command, none run
  plumb verify scheduler                   our scheduler against upstream's code

Nothing is made in the machine's own network namespace, and nothing outlives the command. Root is not needed where user
namespaces are allowed, but times taken there are not comparable.
What cannot be verified here is said with a reason code, and the exit code is 0, or 15 with --kernel required.
Exit code 12: the kernel and the model disagree; the smallest packet that shows it is printed.`;

const FLOWS = 20_000;

export function registerVerify(program: Command, context: CommandContext): void {
  const verify = program
    .command("verify")
    .description("compare our models with the real thing: rules and packets in a real kernel; the scheduler")
    .addHelpText("after", EXAMPLES)
    .helpCommand(false);
  // The default: `plumb verify quick`. A command of its own, so that its options are not those of its neighbour.
  verify
    .command("kernel [subject]", { isDefault: true })
    .description("a preset's, scenario's or run's rules and costs against a real Linux kernel (the default)")
    .option(
      "--timing",
      "also measure ns a packet, programming time and a userspace proxy; 10 minutes or more",
    )
    .option("--flows <n>", "flows through the rules of each path", positiveNumber, FLOWS)
    .option("--paths <paths>", `which of ${KERNEL_PATHS.join(", ")} (default: all that load here)`, pathList)
    .option("--seed <n>", "seed of clusters and flows", seedValue, 42)
    .option(
      "--calibration <file>",
      "costs to model with, as plumb calibrate writes them, or recorded (default: measured in the same rounds)",
    )
    .addOption(
      new Option("--kernel <need>", "whether a kernel that can be verified with is a must")
        .choices(["optional", "required"])
        .default("optional"),
    )
    .option("--time-budget <seconds>", "leave the largest sizes out after so long", positiveNumber)
    .option("--dry-run", "print every command instead of running it")
    .option("-o, --output <dir>", "folder for result.json and report (default: a new one in reports/)")
    .option("--json", "the record as one JSON object")
    .addHelpText("after", EXAMPLES)
    .action((subject: string | undefined, options: VerifyOptions) =>
      verifyAgainstKernel(subject ?? "quick", options, context),
    );
  registerVerifyScheduler(verify, context);
}

function pathList(text: string): readonly KernelPath[] {
  return text.split(",").map((name) => {
    const known = KERNEL_PATHS.find((path) => path === name);
    if (known === undefined)
      throw new InvalidArgumentError(`'${name}' is none of ${KERNEL_PATHS.join(", ")}`);
    return known;
  });
}
