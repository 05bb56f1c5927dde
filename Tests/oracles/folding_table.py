#!/usr/bin/env python3
"""Writes Sources/TextAnalysis/FoldingTable.swift: which scalars fold to what.

A fold is lower case, compatibility forms resolved and accents removed. Left alone: scripts whose marks carry
vowels or voice (Indic, Thai, kana, Hangul), and folds that would hold something other than letters and digits.

    python3 Tests/oracles/folding_table.py > Sources/TextAnalysis/FoldingTable.swift
"""
import unicodedata

RANGES = [(0x80, 0x0900), (0x1D00, 0x2000), (0x2070, 0x20A0), (0x2100, 0x2190), (0x2460, 0x24FF), (0x2C60, 0x2C80),
          (0xA720, 0xA800), (0xFB00, 0xFB07), (0xFF10, 0xFF5B)]
# Letters that Unicode does not decompose although people type them without their stroke.
EXTRA = {"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ħ": "h", "ŧ": "t", "ı": "i"}
MARKS = [(0x300, 0x36F), (0x483, 0x487), (0x591, 0x5C7), (0x610, 0x61A), (0x640, 0x640), (0x64B, 0x655),
         (0x670, 0x670), (0x1DC0, 0x1DFF), (0x20D0, 0x20F0)]


def is_mark(scalar):
    return any(a <= ord(scalar) <= b for a, b in MARKS)


def fold(text):
    text = unicodedata.normalize("NFKD", text).casefold()
    text = "".join(EXTRA.get(c, c) for c in unicodedata.normalize("NFKD", text) if not is_mark(c))
    return "".join(EXTRA.get(c, c) for c in text)


def table():
    groups = {}
    for start, end in RANGES:
        for value in range(start, end):
            c = chr(value)
            if unicodedata.category(c) in ("Cn", "Cs", "Co", "Cc") or is_mark(c):
                continue
            target = fold(c)
            if target != c and target and target.isalnum() and len(target.encode()) <= 4:
                groups.setdefault(target, []).append(c)
    return groups


if __name__ == "__main__":
    print("// Made by Tests/oracles/folding_table.py from Unicode " + unicodedata.unidata_version + "; do not edit.")
    print("\n/// What scalars fold to: on each line the target, a space, and the scalars that become it.")
    print("let foldingTable = ##\"\"\"")
    for target, sources in sorted(table().items()):
        for start in range(0, len(sources), 40):
            print(f"  {target} {''.join(sources[start:start + 40])}")
    print("  \"\"\"##")
