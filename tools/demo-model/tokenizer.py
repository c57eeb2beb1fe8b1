"""Byte-level BPE: training, the Hugging Face files, and an encoder to check others against.

python3 tokenizer.py train OUT_DIR [VOCABULARY]   writes tokenizer.json and tokenizer_config.json
python3 tokenizer.py encode DIR TEXT              prints the ids of TEXT
"""

import collections
import itertools
import json
import pathlib
import re
import sys
import unicodedata

import corpus

SPECIAL = [corpus.BEGIN, corpus.END, corpus.SYSTEM, corpus.USER, corpus.ASSISTANT]
CONTEXT = 1024

# The split of Llama 3: contractions, words with one leading mark, digits by threes, marks, line ends, spaces.
LLAMA3_SPLIT = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|"
                r"\s*[\r\n]+|\s+(?!\S)|\s+")

CHAT_TEMPLATE = ("{{ bos_token }}{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] | trim + '<|end|>' }}"
                 "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}")

TRAINING_DOCUMENTS = 24_000


def _class_of(initial):
    """The characters whose Unicode category starts with <initial>, as the inside of a regex class."""
    ranges, start = [], None
    for code in range(sys.maxunicode + 2):
        inside = code <= sys.maxunicode and unicodedata.category(chr(code))[0] == initial
        if inside and start is None:
            start = code
        elif not inside and start is not None:
            ranges.append((start, code - 1))
            start = None
    return "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in ranges)


_WHITE_SPACE = r"\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"   # Python's \s holds U+001C to U+001F too.


def _python_pattern(pattern):
    """The same regex in Python's dialect, which has neither \\p{..} nor the \\s of Unicode."""
    out, inside, i = [], False, 0
    letters, numbers = _class_of("L"), _class_of("N")
    for piece in re.findall(r"\\p\{[LN]\}|\\.|\[|\]|.", pattern):
        if piece in ("[", "]"):
            inside = piece == "["
        elif piece == r"\p{L}" or piece == r"\p{N}":
            text = letters if "L" in piece else numbers
            piece = text if inside else f"[{text}]"
        elif piece == r"\s":
            piece = _WHITE_SPACE if inside else f"[{_WHITE_SPACE}]"
        elif piece == r"\S":
            piece = f"[^{_WHITE_SPACE}]"
        out.append(piece)
    return re.compile("".join(out))


def byte_alphabet():
    """GPT-2's printable stand-in for each of the 256 bytes."""
    printable = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    table, extra = {}, 0
    for byte in range(256):
        if byte in printable:
            table[byte] = chr(byte)
        else:
            table[byte] = chr(256 + extra)
            extra += 1
    return table


class Tokenizer:
    def __init__(self, vocab, merges, special):
        self.vocab, self.special = vocab, special
        self.names = {i: name for name, i in {**vocab, **special}.items()}
        self._ranks = {tuple(pair): rank for rank, pair in enumerate(merges)}
        self._bytes = byte_alphabet()
        self._from_alphabet = {char: byte for byte, char in self._bytes.items()}
        self._split = _python_pattern(LLAMA3_SPLIT)
        self._special_split = re.compile("(" + "|".join(re.escape(text) for text in sorted(special, key=len, reverse=True)) + ")")
        self._known = {}

    @staticmethod
    def load(folder):
        data = json.loads((pathlib.Path(folder) / "tokenizer.json").read_text(encoding="utf-8"))
        merges = [pair.split(" ") if isinstance(pair, str) else pair for pair in data["model"]["merges"]]
        return Tokenizer(data["model"]["vocab"], merges, {token["content"]: token["id"] for token in data["added_tokens"]})

    def encode(self, text):
        ids = []
        for part in self._special_split.split(text):
            if part in self.special:
                ids.append(self.special[part])
            elif part:
                for word in self._split.findall(part):
                    ids += self._word(word)
        return ids

    def decode(self, ids, keep_special=True):
        out = bytearray()
        for i in ids:
            name = self.names[i]
            if name in self.special:
                out += name.encode() if keep_special else b""
            else:
                out += bytes(self._from_alphabet[char] for char in name)
        return out.decode("utf-8", errors="replace")

    def _word(self, word):
        known = self._known.get(word)
        if known is None:
            symbols = [self._bytes[byte] for byte in word.encode("utf-8")]
            while len(symbols) > 1:
                rank, i = min((self._ranks.get(pair, 1 << 30), i) for i, pair in enumerate(zip(symbols, symbols[1:])))
                if rank == 1 << 30:
                    break
                symbols[i:i + 2] = [symbols[i] + symbols[i + 1]]
            known = [self.vocab[symbol] for symbol in symbols]
            if len(self._known) < 200_000:
                self._known[word] = known
        return known


def train(texts, vocabulary):
    """Merges the most frequent neighbours until <vocabulary> tokens, the special ones included, exist."""
    split, alphabet = _python_pattern(LLAMA3_SPLIT), byte_alphabet()
    marks = re.compile("|".join(re.escape(text) for text in SPECIAL))
    counts = collections.Counter(word for text in texts for part in marks.split(text) for word in split.findall(part))
    words = [([alphabet[byte] for byte in word.encode("utf-8")], count) for word, count in sorted(counts.items())]
    pairs, where = collections.Counter(), collections.defaultdict(set)
    for index, (symbols, count) in enumerate(words):
        for pair in zip(symbols, symbols[1:]):
            pairs[pair] += count
            where[pair].add(index)
    vocab = {char: i for i, char in enumerate(sorted(alphabet.values()))}
    merges = []
    while len(vocab) + len(SPECIAL) < vocabulary:
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        if pairs[best] < 2:
            raise ValueError(f"the text yields only {len(vocab) + len(SPECIAL)} tokens; {vocabulary} were asked for")
        merges.append(best)
        vocab["".join(best)] = len(vocab)
        for index in where.pop(best):
            _merge(words[index], best, pairs, where, index)
        del pairs[best]
    return vocab, merges


def _merge(entry, best, pairs, where, index):
    symbols, count = entry
    for pair in zip(symbols, symbols[1:]):
        pairs[pair] -= count
    i = 0
    while i < len(symbols) - 1:
        if symbols[i] == best[0] and symbols[i + 1] == best[1]:
            symbols[i:i + 2] = ["".join(best)]
        i += 1
    for pair in zip(symbols, symbols[1:]):
        pairs[pair] += count
        where[pair].add(index)


def write(folder, vocab, merges):
    special = [{"id": len(vocab) + i, "content": text, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
               for i, text in enumerate(SPECIAL)]
    data = {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": special, "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": LLAMA3_SPLIT}, "behavior": "Isolated", "invert": False},
            {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}]},
        "post_processor": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False},
        "decoder": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False},
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None,
                  "fuse_unk": False, "byte_fallback": False, "ignore_merges": False, "vocab": vocab, "merges": [" ".join(pair) for pair in merges]},
    }
    settings = {
        "added_tokens_decoder": {str(token["id"]): {key: value for key, value in token.items() if key != "id"} for token in special},
        "bos_token": corpus.BEGIN, "eos_token": corpus.END, "pad_token": corpus.END, "unk_token": None, "add_bos_token": False, "add_eos_token": False,
        "add_prefix_space": False, "clean_up_tokenization_spaces": False, "model_max_length": CONTEXT, "tokenizer_class": "PreTrainedTokenizerFast",
        "chat_template": CHAT_TEMPLATE,
    }
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.json").write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")


def main(arguments):
    if arguments[:1] == ["encode"]:
        print(Tokenizer.load(arguments[1]).encode(arguments[2]))
        return
    vocabulary = int(arguments[2]) if len(arguments) > 2 else 2048
    stream = (corpus.text_of(pieces) for pieces in itertools.islice(corpus.documents(0), TRAINING_DOCUMENTS))
    write(arguments[1], *train(stream, vocabulary))


if __name__ == "__main__":
    main(sys.argv[1:])
