#!/usr/bin/env python3
"""Writes the Unicode data that src/Gpu/Tokenization/Unicode/UnicodeNormalizer.cs reads.

    python3 tools/unicode/normalization.py > src/Gpu/Tokenization/Unicode/normalization.txt

One line a character that takes part: code point, combining class, kind, and what it decomposes to (one step).
Kinds: '=' canonical and composed again, '!' canonical and never composed, '~' compatibility, '-' no decomposition.
Hangul syllables are left out: they follow a rule. Normalization of assigned characters never changes between versions.
"""
import sys
import unicodedata

HANGUL = range(0xAC00, 0xD7A4)


def line(code):
    char = chr(code)
    combining = unicodedata.combining(char)
    mapping = unicodedata.decomposition(char).split()
    if code in HANGUL or not (combining or mapping):
        return None
    if not mapping:
        return f"{code:04X} {combining} -"
    if mapping[0].startswith("<"):
        kind, mapping = "~", mapping[1:]
    else:
        kind = "=" if unicodedata.normalize("NFC", char) == char else "!"
    return f"{code:04X} {combining} {kind} {' '.join(mapping)}"


def main():
    print(f"# Derived by tools/unicode/normalization.py from the Unicode Character Database {unicodedata.unidata_version}.")
    print("# Copyright 1991-2021 Unicode, Inc. Used under the Unicode License, https://www.unicode.org/license.txt")
    for code in range(sys.maxunicode + 1):
        text = line(code)
        if text:
            print(text)


main()
