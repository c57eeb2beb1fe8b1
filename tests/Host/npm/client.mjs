// Runs OpenAI's npm client against a server over the byte model of the tests; exits 1 at the first surprise.
//   node client.mjs <base URL> ; the server must say "Hello, World!" to whatever it is asked.
import assert from "node:assert/strict";
import OpenAI from "openai";

const Answer = "Hello, World!";
const client = new OpenAI({ baseURL: `${process.argv[2]}/v1`, apiKey: "unused", maxRetries: 0, timeout: 30_000 });
const messages = [{ role: "user", content: "Hi" }];
const model = "bytes";

const models = [];
for await (const entry of client.models.list()) models.push(entry.id);
assert.deepEqual(models, [model]);

const chat = await client.chat.completions.create({ model, messages, seed: 1 });
assert.equal(chat.choices[0].message.content, Answer);
assert.equal(chat.choices[0].finish_reason, "stop");
assert.equal(chat.usage.completion_tokens, Answer.length + 1);

const logprobs = await client.chat.completions.create({ model, messages, logprobs: true, top_logprobs: 1, max_tokens: 2 });
assert.deepEqual(logprobs.choices[0].logprobs.content.map((token) => token.token), ["H", "e"]);

let text = "";
let usage = null;
const stream = await client.chat.completions.create({ model, messages, stream: true, stream_options: { include_usage: true } });
for await (const chunk of stream) {
  text += chunk.choices[0]?.delta?.content ?? "";
  usage = chunk.usage ?? usage;
}
assert.equal(text, Answer);
assert.equal(usage.completion_tokens, Answer.length + 1);

const helper = client.chat.completions.stream({ model, messages });
assert.equal(await helper.finalContent(), Answer);

const completion = await client.completions.create({ model, prompt: ["a", "b"], max_tokens: 5, stop: "o" });
assert.deepEqual(completion.choices.map((choice) => choice.text), ["Hell", "Hell"]);

text = "";
for await (const chunk of await client.completions.create({ model, prompt: "a", max_tokens: 50, stream: true })) text += chunk.choices[0].text;
assert.equal(text, Answer);

await assert.rejects(client.chat.completions.create({ model: "gpt-9", messages }), (error) => {
  assert.ok(error instanceof OpenAI.NotFoundError);
  assert.equal(error.code, "model_not_found");
  return true;
});
await assert.rejects(client.chat.completions.create({ model, messages: [] }), (error) => {
  assert.ok(error instanceof OpenAI.BadRequestError);
  assert.equal(error.param, "messages");
  return true;
});

const left = await client.chat.completions.create({ model, messages, stream: true });
for await (const _ of left) break; // Leaves in mid-stream; the server must not mind.
assert.equal((await client.chat.completions.create({ model, messages })).choices[0].message.content, Answer);

console.log("ok");
