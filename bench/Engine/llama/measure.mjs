// Measures llama.cpp on a GGUF file: node measure.mjs FILE THREADS [start]. Prints one line of JSON.
import {readFileSync} from "node:fs";
import {getLlama, LlamaLogLevel} from "node-llama-cpp";

const [file, threads] = [process.argv[2], Number(process.argv[3])];
const promptTokens = 512, outputTokens = 64, longTokens = 2000, sequences = 8, shortTokens = 32, rounds = 3;

const llama = await getLlama({gpu: false, build: "never", skipDownload: true, logLevel: LlamaLogLevel.error, maxThreads: threads});
const model = await llama.loadModel({modelPath: file, useMmap: true});
const tokens = (count, seed) => Array.from({length: count}, (_, i) => (i * 7919 + seed * 104729) % 30000 + 300);
const median = values => values.sort((a, b) => a - b)[values.length >> 1];
const seconds = start => (performance.now() - start) / 1000;

async function prefill(sequence, prompt) {
    await sequence.clearHistory();
    const start = performance.now();
    for await (const _ of sequence.evaluate(prompt, {temperature: 0, yieldEogToken: true})) break;
    return seconds(start);
}

async function decode(sequence, prompt, count) {
    await sequence.clearHistory();
    let generated = 0, start = 0;
    for await (const _ of sequence.evaluate(prompt, {temperature: 0, yieldEogToken: true})) {
        if (generated++ === 0) start = performance.now();
        if (generated > count) break;
    }
    return seconds(start);
}

const options = {threads, batchSize: 512, ignoreMemorySafetyChecks: true};
const one = await model.createContext({...options, contextSize: longTokens + 128});
const sequence = one.getSequence();
await prefill(sequence, tokens(1, 9));
const firstToken = performance.now() / 1000;
if (process.argv[4] === "start") {
    console.log(JSON.stringify({first_token_s: firstToken, prefill_tok_per_s: 0, decode_tok_per_s: 0, eight_tok_per_s: 0, ttft_2000_s: 0, resident_mb: 0}));
    process.exit(0);
}
await prefill(sequence, tokens(promptTokens, 1));
const prefills = [], decodes = [], longs = [];
for (let i = 0; i < rounds; i++) {
    prefills.push(promptTokens / await prefill(sequence, tokens(promptTokens, i)));
    decodes.push(outputTokens / await decode(sequence, tokens(shortTokens, i), outputTokens));
}
longs.push(await prefill(sequence, tokens(longTokens, 5)));
await one.dispose();

const many = await model.createContext({...options, contextSize: 256, sequences});
const all = Array.from({length: sequences}, () => many.getSequence());
const eights = [];
for (let i = 0; i < rounds; i++) {
    await Promise.all(all.map(each => prefill(each, tokens(shortTokens, i))));
    const start = performance.now();
    await Promise.all(all.map(async each => {
        let generated = 0;
        for await (const _ of each.evaluate(tokens(1, i), {temperature: 0, yieldEogToken: true})) if (++generated >= outputTokens) break;
    }));
    eights.push(sequences * outputTokens / seconds(start));
}

const resident = Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) / 1024;
console.log(JSON.stringify({
    first_token_s: firstToken, prefill_tok_per_s: median(prefills), decode_tok_per_s: median(decodes),
    eight_tok_per_s: median(eights), ttft_2000_s: median(longs), resident_mb: resident
}));
process.exit(0);
