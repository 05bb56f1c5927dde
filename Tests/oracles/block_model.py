"""Trains the table of Sources/Cleaning/BlockModel+Table.swift, and says how well it does on pages it has not seen.

usage: block_model.py TRUTH_FOLDER BLOCKS [--write FILE.swift]

BLOCKS is what `acervo-bench clean --blocks LIST` prints: for each page the texts of the blocks that the rules keep and
what `BlockFeatures` measures of them. TRUTH_FOLDER holds NAME.json as for extraction_f1.py. A block's label is the share of its words that the truth holds at that place; blocks weigh by their
words, pages about equally. Without --write nothing is kept: the figures are those of five-fold cross-validation, the
pages dealt to the folds by the hash of their names within each kind.

needs: numpy 2, lightgbm 4.7.0 (deterministic, one thread)
"""
import argparse
import collections
import difflib
import hashlib
import json
import pathlib
import re

import lightgbm
import numpy

FOLDS = 5
PARAMETERS = dict(
    objective="cross_entropy", learning_rate=0.07, num_leaves=8, min_child_samples=30, feature_fraction=0.4,
    bagging_fraction=0.8, bagging_freq=1, lambda_l2=5, min_sum_hessian_in_leaf=3, max_bin=63, seed=1,
    deterministic=True, num_threads=1, verbose=-1)
ROUNDS = 70


def words(text):
    return re.findall(r"\w+", text.lower())


def matched(blocks, truth):
    """How many words of each block the truth holds, in order; then, of the rest, in runs of three and more."""
    known = set(truth)
    tokens = [(word, index) for index, block in enumerate(blocks) for word in block if word in known]
    rest = list(truth)
    counts = [0] * len(blocks)
    for least in (1, 3):
        matcher = difflib.SequenceMatcher(None, [word for word, _ in tokens], rest, len(tokens) * len(rest) > 6e7)
        used, found = set(), set()
        for run in matcher.get_matching_blocks():
            if run.size < least:
                continue
            for offset in range(run.size):
                counts[tokens[run.a + offset][1]] += 1
                used.add(run.a + offset)
                found.add(run.b + offset)
        tokens = [token for position, token in enumerate(tokens) if position not in used]
        rest = [word for position, word in enumerate(rest) if position not in found]
    return counts


class Page:
    def __init__(self, truth_path, found):
        page = json.loads(truth_path.read_text())
        kind = page.get("_internal", {}).get("page_type") or "?"
        self.name = truth_path.stem
        self.kind = kind.get("primary", "?") if isinstance(kind, dict) else kind
        self.truth = words(page["ground_truth"].get("main_content") or "")
        self.blocks = [words(text) for text in found["texts"]]
        self.rows = numpy.array(found["measures"], dtype="f4")
        lengths = numpy.array([len(block) for block in self.blocks], float)
        self.labels = numpy.minimum(1, numpy.array(matched(self.blocks, self.truth)) / numpy.maximum(lengths, 1))
        self.weights = lengths / (0.5 * len(self.truth) + 0.5 * lengths.sum() + 50)
        self.counts = collections.Counter(self.truth)

    def f1(self, keeps):
        found = collections.Counter()
        for block, keep in zip(self.blocks, keeps):
            if keep:
                found.update(block)
        common = sum((self.counts & found).values())
        if not common:
            return 1.0 if not self.truth and not found else 0.0
        return 2 * common / (sum(found.values()) + len(self.truth))


def train(pages, rounds=ROUNDS, **changes):
    pages = [page for page in pages if page.blocks]
    weights = numpy.concatenate([page.weights for page in pages])
    data = lightgbm.Dataset(
        numpy.vstack([page.rows for page in pages]), numpy.concatenate([page.labels for page in pages]),
        weight=weights / weights.sum() * 4000)
    return lightgbm.train({**PARAMETERS, **changes}, data, rounds)


def report(pages, probabilities, threshold):
    kinds = collections.defaultdict(list)
    for page in pages:
        value = page.f1(probabilities[page.name] > threshold)
        kinds[page.kind].append(value)
        kinds["all"].append(value)
    print(f"keep above {threshold:.2f} ", "  ".join(
        f"{kind} {sum(values) / len(values):.3f}" for kind, values in sorted(kinds.items())))


def out_of_fold(pages, rounds=ROUNDS, **changes):
    order = sorted(pages, key=lambda page: (page.kind, hashlib.md5(page.name.encode()).hexdigest()))
    fold = {page.name: index % FOLDS for index, page in enumerate(order)}
    probabilities = {}
    for number in range(FOLDS):
        model = train([page for page in order if fold[page.name] != number], rounds, **changes)
        for page in order:
            if fold[page.name] == number:
                probabilities[page.name] = model.predict(page.rows) if page.blocks else numpy.zeros(0)
    return probabilities


def nodes(tree, table, leaves):
    """Appends a tree's splits in the order of a walk; returns its reference: a split's number, or ~leaf."""
    if "leaf_value" in tree:
        leaves.append(round(tree["leaf_value"] * 10_000))
        return ~(len(leaves) - 1)
    place = len(table)
    table.append(None)
    left = nodes(tree["left_child"], table, leaves)
    right = nodes(tree["right_child"], table, leaves)
    table[place] = (tree["split_feature"], float(numpy.float32(tree["threshold"])), left, right)
    return place


def swift(model):
    table, leaves, roots = [], [], []
    for tree in model.dump_model()["tree_info"]:
        roots.append(nodes(tree["tree_structure"], table, leaves))

    def literal(name, type, values):
        lines, line = [], "   "
        for value in values:
            if len(line) + len(value) + 2 > 118:
                lines.append(line)
                line = "   "
            line += f" {value},"
        return f"  static let {name}: [{type}] = [\n" + "\n".join([*lines, line]) + "\n  ]\n"

    return "\n".join([
        "// Made by Tests/oracles/block_model.py --write; not to be changed by hand.",
        "",
        "// swift-format-ignore-file",
        "/// The trees of `BlockModel`.",
        "enum BlockModelTable {",
        literal("roots", "Int16", [str(root) for root in roots]),
        literal("features", "UInt8", [str(row[0]) for row in table]),
        literal("thresholds", "Float", [f"{row[1]:.9g}" for row in table]),
        literal("left", "Int16", [str(row[2]) for row in table]),
        literal("right", "Int16", [str(row[3]) for row in table]),
        literal("leaves", "Int32", [str(leaf) for leaf in leaves]) + "}",
        "",
    ])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("truth", type=pathlib.Path)
    parser.add_argument("blocks", type=pathlib.Path)
    parser.add_argument("--write", type=pathlib.Path)
    arguments = parser.parse_args()
    found = {}
    for line in arguments.blocks.read_text().splitlines():
        page = json.loads(line)
        if "texts" in page:
            found[pathlib.Path(page["url"]).name.removesuffix(".html")] = page
    pages = [Page(path, found[path.stem]) for path in sorted(arguments.truth.glob("*.json"))]
    report(pages, {page.name: numpy.ones(len(page.blocks)) for page in pages}, 0.5)
    probabilities = out_of_fold(pages)
    for threshold in (0.25, 0.3, 0.35, 0.4, 0.45, 0.5):
        report(pages, probabilities, threshold)
    if arguments.write:
        arguments.write.write_text(swift(train(pages)))


if __name__ == "__main__":
    main()
