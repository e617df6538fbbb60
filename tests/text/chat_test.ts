import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { type ChatMessage, ChatTemplate } from "../../runtime/chat.ts";
import { ConfigError, TokenizerError } from "../../runtime/errors.ts";

const CHAT: readonly ChatMessage[] = [
  { role: "system", content: " Be brief. " },
  { role: "user", content: "Who?" },
  { role: "assistant", content: "Mia." },
  { role: "user", content: "Where?" },
];

function template(source: string, config: object = {}): ChatTemplate {
  return ChatTemplate.fromConfig({ chat_template: source, ...config });
}

Deno.test("ChatTemplate renders the default model's template: the texts as they are", () => {
  const config = JSON.parse(
    Deno.readTextFileSync(new URL("../../models/stories/checkpoint/tokenizer_config.json", import.meta.url)),
  );
  assertEquals(ChatTemplate.fromConfig(config).render(CHAT), " Be brief. Who?Mia.Where?");
});

/** A template that does what Hymba-1.5B-Instruct's does; written for this test. */
const TURNS = `{{ '<extra_id_0>System' }}
{%- set extras = tools or contexts -%}
{%- for message in messages if message.role == 'system' -%}
{{ '\\n' + message.content | trim }}{% if extras %}{{ '\\n' }}{% endif %}
{%- endfor -%}
{%- for tool in tools or [] %}{{ '\\n<tool> ' + tool | tojson + ' </tool>' }}{% endfor -%}
{%- if tools and contexts %}{{ '\\n' }}{% endif -%}
{%- for context in contexts or [] %}{{ '\\n<context> ' + context.strip() + ' </context>' }}{% endfor -%}
{{ '\\n\\n' }}
{%- for message in messages if message.role != 'system' -%}
{{ '<extra_id_1>' + message.role.capitalize() + '\\n' + message.content | trim + '\\n' }}
{%- endfor -%}
{% if add_generation_prompt %}{{ '<extra_id_1>Assistant\\n' }}{% endif %}`;

Deno.test("ChatTemplate renders the release's turns and the generation prompt, without <s>", () => {
  const turns =
    "<extra_id_0>System\nBe brief.\n\n<extra_id_1>User\nWho?\n<extra_id_1>Assistant\nMia.\n<extra_id_1>User\nWhere?\n";
  const chat = template(TURNS, { bos_token: "<s>" });
  assertEquals(chat.render(CHAT), turns + "<extra_id_1>Assistant\n");
  assertEquals(chat.render(CHAT, { addGenerationPrompt: false }), turns);
  const [user] = CHAT.slice(1);
  assertEquals(
    chat.render([user]),
    "<extra_id_0>System\n\n<extra_id_1>User\nWho?\n<extra_id_1>Assistant\n",
  );
});

Deno.test("ChatTemplate renders the release's tools, contexts and tool turns", () => {
  const variables = { tools: [{ name: "look" }], contexts: [" It is dark. "] };
  const [system, user] = CHAT;
  const messages: ChatMessage[] = [system, user, { role: "tool", content: "a cat" }];
  assertEquals(
    template(TURNS).render(messages, { variables }),
    '<extra_id_0>System\nBe brief.\n\n<tool> {"name": "look"} </tool>\n\n<context> It is dark. </context>\n\n' +
      "<extra_id_1>User\nWho?\n<extra_id_1>Tool\na cat\n<extra_id_1>Assistant\n",
  );
});

Deno.test("ChatTemplate knows the special tokens, as names or as objects", () => {
  const config = { bos_token: "<s>", eos_token: { content: "</s>" } };
  assertEquals(
    template("{{ bos_token }}{{ messages[0].content }}{{ eos_token }}", config).render(CHAT),
    "<s> Be brief. </s>",
  );
});

Deno.test("ChatTemplate takes the template named default of several", () => {
  const chat_template = [{ name: "rag", template: "no" }, { name: "default", template: "yes" }];
  assertEquals(ChatTemplate.fromConfig({ chat_template }).render(CHAT), "yes");
});

Deno.test("ChatTemplate.fromConfig refuses a configuration without a usable template", () => {
  for (
    const chat_template of [undefined, null, 3, {}, [], [{ name: "rag", template: "x" }], [{
      name: "default",
      template: 1,
    }]]
  ) {
    assertThrows(() => ChatTemplate.fromConfig({ chat_template }), TokenizerError, "Cannot chat");
  }
  for (const source of ["{% for %}", "{{ 'abc", "{% if x %}", "{{ a b }}", `{{ ${"(".repeat(60_000)} }}`]) {
    assertThrows(() => template(source), TokenizerError, "Cannot parse the chat template");
  }
  assertThrows(() => template("x".repeat(70_000)), TokenizerError, "70000 characters");
  assertThrows(() => template("x" + " ".repeat(50_000)), TokenizerError, "long run of spaces");
});

Deno.test("ChatTemplate.render passes on what a template says against the messages", () => {
  const source =
    "{% if messages[0].role == 'system' %}{{ raise_exception('No system messages') }}{% endif %}";
  const error = assertThrows(() => template(source).render(CHAT), TokenizerError, "No system messages");
  assert(error.cause instanceof Error);
});

Deno.test("ChatTemplate.render refuses bad messages", () => {
  const bad: unknown[] = [
    undefined,
    null,
    "hello",
    [],
    [null],
    ["hello"],
    [{ role: "user" }],
    [{ content: "x" }],
    [{ role: "robot", content: "x" }],
    [{ role: 1, content: "x" }],
    [{ role: "user", content: 1 }],
    [{ role: "user", content: null }],
    [{ role: "user", content: ["x"] }],
    [{ role: "user", content: "x", name: "y" }],
    [CHAT[0], { role: "toString", content: "x" }],
  ];
  for (const messages of bad) {
    const error = assertThrows(
      () => template(TURNS).render(messages as ChatMessage[]),
      ConfigError,
      "Cannot chat",
    );
    assertStringIncludes(error.message, "expected");
  }
});

const ENDLESS: Record<string, string> = {
  "a huge range": "{% for i in range(1000000000) %}x{% endfor %}",
  "a range that never arrives": "{% for i in range(0, 5, 0) %}x{% endfor %}",
  "nested loops":
    "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}{% endfor %}{% endfor %}{% endfor %}",
  "nested loops that write":
    "{% for a in range(9999) %}{% for b in range(9999) %}xxxxxxxx{% endfor %}{% endfor %}",
  "a string that doubles":
    `{% set ns = namespace(s='ab') %}{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{{ ns.s }}`,
  "a list that doubles":
    `{% set ns = namespace(s=[1]) %}{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{{ ns.s }}`,
  "a macro that calls itself": "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
  "a macro that calls itself twice":
    "{% macro f(n) %}{% if n > 0 %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
  "work on a long string over and over":
    "{% set ns = namespace(s='ab') %}{% for i in range(20) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{% for i in range(9999) %}{% set y = ns.s | upper %}{% endfor %}",
};

for (const [what, source] of Object.entries(ENDLESS)) {
  Deno.test(`ChatTemplate.render ends in an error for ${what}`, () => {
    assertThrows(() => template(source).render(CHAT), TokenizerError, "Cannot render the chat template");
  });
}

Deno.test("ChatTemplate.render takes a long chat", () => {
  const long: ChatMessage[] = Array.from(
    { length: 2000 },
    (_, index) => ({ role: index % 2 ? "assistant" : "user", content: "word ".repeat(200) }),
  );
  assert(template(TURNS).render(long).length > 2_000_000);
});

Deno.test("ChatTemplate.render cannot reach what lies outside its variables", () => {
  for (
    const source of [
      "{{ constructor }}",
      "{{ messages.constructor }}",
      "{{ ''.constructor }}",
      "{{ __proto__ }}",
      "{{ globalThis }}",
    ]
  ) {
    assertEquals(template(source).render(CHAT), "");
  }
});
