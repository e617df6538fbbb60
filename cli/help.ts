/** @file Help that fits a terminal of 80 columns and 24 lines. */
import type { Command, Help, Option } from "commander";

const WIDTH = 80;

/** Settings for commander's help: usage, description, arguments, options and commands, without headings and empty lines. */
export const compactHelp: Partial<Help> = {
  helpWidth: WIDTH,
  optionDescription({ description, argChoices, defaultValue }: Option): string {
    const choices = argChoices ? `: ${argChoices.join(", ")}` : "";
    return `${description}${choices}${defaultValue === undefined ? "" : ` [${defaultValue}]`}`;
  },
  formatHelp(command: Command, helper: Help): string {
    const width = helper.padWidth(command, helper);
    const item = (term: string, description: string): string =>
      helper.formatItem(term, width, description, helper);
    const paragraphs = [
      [`Usage: ${helper.commandUsage(command)}`, helper.boxWrap(helper.commandDescription(command), WIDTH)],
      helper.visibleCommands(command).map((sub) => item(sub.name(), helper.subcommandDescription(sub))),
      [
        ...helper.visibleArguments(command).map((argument) =>
          item(helper.argumentTerm(argument), helper.argumentDescription(argument))
        ),
        ...helper.visibleOptions(command).map((option) =>
          item(helper.optionTerm(option), helper.optionDescription(option))
        ),
      ],
    ];
    return paragraphs.filter((lines) => lines.length > 0).map((lines) => lines.join("\n") + "\n").join("\n");
  },
};
