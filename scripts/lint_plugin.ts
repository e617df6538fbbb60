/** The rules of our style that `deno lint` can check and does not know; deno.json loads them. Tests are exempt. */

const MAX_FUNCTION_LINES = 40;

// What we use of Deno's lint plugin API, whose types stand in its unstable library only.
interface Node {
  readonly kind?: string;
}
interface Context {
  readonly filename: string;
  readonly sourceCode: { getText(node: Node): string };
  report(problem: { node: Node; message: string }): void;
}
interface Rule {
  create(context: Context): Readonly<Record<string, (node: Node) => void>>;
}

function isTest({ filename }: Context): boolean {
  return filename.endsWith("_test.ts");
}

const functionLines: Rule = {
  create(context) {
    const check = (node: Node): void => {
      const length = context.sourceCode.getText(node).split("\n").length;
      if (length <= MAX_FUNCTION_LINES || isTest(context)) return;
      context.report({
        node,
        message: `This function has ${length} lines, expected at most ${MAX_FUNCTION_LINES}`,
      });
    };
    return { FunctionDeclaration: check, FunctionExpression: check };
  },
};

const moduleState: Rule = {
  create(context) {
    const check = (node: Node): void => {
      if (node.kind === "const" || isTest(context)) return;
      context.report({
        node,
        message: "This module holds state, expected an object that someone owns to hold it",
      });
    };
    return { "Program > VariableDeclaration": check, "ExportNamedDeclaration > VariableDeclaration": check };
  },
};

/** The plugin, as deno.json names it. */
const plugin: { name: string; rules: Readonly<Record<string, Rule>> } = {
  name: "hymba",
  rules: { "function-lines": functionLines, "module-state": moduleState },
};
export default plugin;
