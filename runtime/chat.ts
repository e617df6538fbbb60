/** @file Chat messages to prompt text, by the checkpoint's own template (`chat_template` in tokenizer_config.json). */

import { Environment, Interpreter, Template } from "@huggingface/jinja";
import { ConfigError, TokenizerError } from "./errors.ts";
import { describeJson, isObject, type JsonObject } from "./tokenizer_parts.ts";

/** Who says something in a chat. */
export type ChatRole = "system" | "user" | "assistant" | "tool";

/** One message of a chat. */
export interface ChatMessage {
  /** Who says it. */
  readonly role: ChatRole;
  /** What is said. */
  readonly content: string;
}

/** Options of {@link ChatTemplate.render}. */
export interface ChatRenderOptions {
  /** End with what introduces the assistant's answer. @default {true} */
  addGenerationPrompt?: boolean;
  /** More variables that the template knows, such as `tools`. */
  variables?: Readonly<Record<string, unknown>>;
}

const ROLES: readonly string[] = ["system", "user", "assistant", "tool"] satisfies ChatRole[];
const SPECIAL_TOKENS = ["bos_token", "eos_token", "unk_token", "pad_token"];

const MAX_TEMPLATE_UNITS = 65_536;
/** Longest run of white space in a template: the template library looks at such runs in quadratic time. */
const MAX_SPACES = 1024;
/** Longest string or array that a template may make. */
const MAX_LENGTH = 2 ** 22;
const MAX_RANGE = 100_000;
/** Cost of running a node of the template; going round a loop once costs four. */
const WORK_PER_NODE = 16;
/** A template may read or make this much (characters, array elements and the costs of nodes), and more for longer chats. */
const WORK = 8e6;
const WORK_PER_CHARACTER = 100;

/**
 * A chat template, parsed.
 *
 * Templates come with checkpoints and are not trusted: their length, the strings they make and the work they do are
 * bounded, so that loops, nested ones too, and strings that double end in an error. What is not bounded is a single
 * operation of the template library: one that multiplies two long strings (`replace`, `indent`) can take some seconds and
 * some 100 MB before it fails on JavaScript's longest string.
 */
export class ChatTemplate {
  readonly #template: Template;
  readonly #tokens: Readonly<Record<string, string>>;

  private constructor(template: Template, tokens: Readonly<Record<string, string>>) {
    this.#template = template;
    this.#tokens = tokens;
  }

  /**
   * Takes the template out of a parsed tokenizer_config.json; of several named ones, that named "default".
   *
   * @throws {TokenizerError} when there is none, or it cannot be parsed
   */
  static fromConfig(tokenizerConfig: object): ChatTemplate {
    const config = isObject(tokenizerConfig) ? tokenizerConfig : {};
    const source = templateSource(config.chat_template);
    const tokens: Record<string, string> = {};
    for (const name of SPECIAL_TOKENS) {
      const token = config[name], content = isObject(token) ? token.content : token;
      if (typeof content === "string") tokens[name] = content;
    }
    try {
      return new ChatTemplate(new Template(source), tokens);
    } catch (cause) {
      throw templateError("parse", cause);
    }
  }

  /**
   * The prompt for a chat. Encode it without adding special tokens: the template puts in its own.
   *
   * @param messages oldest first, at least one
   * @throws {ConfigError} for a message with an unknown role, a content that is no string, or another field
   * @throws {TokenizerError} when the template fails, refuses the messages, or does not come to an end
   */
  render(messages: readonly ChatMessage[], options: ChatRenderOptions = {}): string {
    checkMessages(messages);
    const length = messages.reduce((sum, { content }) => sum + content.length, 0);
    try {
      const environment = new Environment();
      const variables = {
        ...globals(),
        ...this.#tokens,
        ...options.variables,
        messages: messages.map(({ role, content }) => ({ role, content })),
        add_generation_prompt: options.addGenerationPrompt ?? true,
      };
      for (const [name, value] of Object.entries(variables)) environment.set(name, value);
      const interpreter = new BoundedInterpreter(environment, WORK + WORK_PER_CHARACTER * length);
      return String(interpreter.run(this.#template.parsed).value);
    } catch (cause) {
      throw templateError("render", cause);
    }
  }
}

type Evaluate = Interpreter["evaluate"];

/** The interpreter, counting what it reads and makes. */
class BoundedInterpreter extends Interpreter {
  #work: number;
  /** What `for` loops run over, as nodes of the template. */
  readonly #iterables = new Set<unknown>();

  constructor(environment: Environment, work: number) {
    super(environment);
    this.#work = work;
  }

  override evaluate(...args: Parameters<Evaluate>): ReturnType<Evaluate> {
    const [node] = args;
    if (node?.type === "For") this.#noteIterable(node as LoopNode);
    const result = super.evaluate(...args);
    const length = lengthOf(result.value);
    if (length > MAX_LENGTH) throw new Error(`it makes a value of length ${length}, more than ${MAX_LENGTH}`);
    this.#work -= WORK_PER_NODE + length * (this.#iterables.has(node) ? WORK_PER_NODE * 4 : 1);
    if (this.#work < 0) {
      throw new Error("it does not come to an end within the work allowed for these messages");
    }
    return result;
  }

  /** `for x in list if test` keeps the list inside a node of its own. */
  #noteIterable({ iterable }: LoopNode): void {
    this.#iterables.add(iterable.type === "SelectExpression" ? iterable.lhs : iterable);
  }
}

/** The parts of a `for` node that matter here. */
interface LoopNode {
  readonly type: string;
  readonly iterable: { readonly type: string; readonly lhs?: unknown };
}

function lengthOf(value: unknown): number {
  if (value instanceof Map) return value.size;
  return typeof value === "string" || Array.isArray(value) ? value.length : 0;
}

/** The names that a chat template may use besides its variables, as in `transformers`. */
function globals(): Record<string, unknown> {
  return {
    true: true,
    false: false,
    none: null,
    True: true,
    False: false,
    None: null,
    raise_exception: (message: unknown): never => {
      throw new Error(`it refuses the messages: ${String(message)}`);
    },
    range: boundedRange,
  };
}

/** Python's `range`, for at most {@link MAX_RANGE} numbers. */
function boundedRange(first: number, second?: number, step = 1): number[] {
  const [start, stop] = typeof second === "number" ? [first, second] : [0, first];
  const count = Math.max(0, Math.ceil((stop - start) / step));
  if (!(count <= MAX_RANGE)) {
    throw new Error(`it asks for a range of ${count} numbers, more than ${MAX_RANGE}`);
  }
  return Array.from({ length: count }, (_, index) => start + index * step);
}

function templateSource(value: unknown): string {
  const named = Array.isArray(value)
    ? value.find((entry) => isObject(entry) && entry.name === "default")
    : undefined;
  const source = isObject(named) ? named.template : value;
  if (typeof source !== "string") {
    throw new TokenizerError(
      `Cannot chat: chat_template of tokenizer_config.json is ${describeJson(source)}, expected a template`,
      "Use a checkpoint with a chat template, or generate from a plain prompt",
    );
  }
  const spaces = new RegExp(`\\s{${MAX_SPACES}}`).test(source);
  if (source.length > MAX_TEMPLATE_UNITS || spaces) {
    throw new TokenizerError(
      `Cannot use the chat template: it has ${source.length} characters${
        spaces ? " and a long run of spaces" : ""
      }, ` +
        `expected at most ${MAX_TEMPLATE_UNITS}, less than ${MAX_SPACES} spaces in a row`,
      "Shorten chat_template in tokenizer_config.json",
    );
  }
  return source;
}

function checkMessages(messages: readonly ChatMessage[]): void {
  if (!Array.isArray(messages) || messages.length === 0) {
    throw badMessage("the messages", describeJson(messages), "an array with at least one message");
  }
  messages.forEach((message: unknown, index) => {
    if (!isObject(message)) throw badMessage(`message ${index}`, describeJson(message), "an object");
    const { role, content, ...rest }: JsonObject = message;
    const isRole = typeof role === "string" && ROLES.includes(role);
    if (!isRole) {
      throw badMessage(`message ${index}`, `of role ${describeJson(role)}`, `one of ${ROLES.join(", ")}`);
    }
    if (typeof content !== "string") {
      throw badMessage(`the content of message ${index}`, describeJson(content), "a string");
    }
    const [other] = Object.keys(rest);
    if (other !== undefined) {
      throw badMessage(`message ${index}`, `with a field "${other}"`, "role and content only");
    }
  });
}

function badMessage(what: string, is: string, expected: string): ConfigError {
  return new ConfigError(
    `Cannot chat: ${what} is ${is}, expected ${expected}`,
    'Pass messages like { role: "user", content: "Hello" }',
  );
}

function templateError(act: "parse" | "render", cause: unknown): TokenizerError {
  return new TokenizerError(
    `Cannot ${act} the chat template: ${(cause as Error).message}, expected a template for these messages`,
    "Check chat_template in tokenizer_config.json, and the order of roles in the messages",
    { cause },
  );
}
