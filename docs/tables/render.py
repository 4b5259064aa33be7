"""Write the tables of README.md and of pages in docs from the CSV files here, or check them.

    python docs/tables/render.py           # writes
    python docs/tables/render.py --check   # ends with an error if a number differs

A table is between `<!-- table: NAME -->` and `<!-- end -->` in one of `DOCUMENTS`. With
`--check`, every number with a decimal point in the text of docs/results.md and
docs/sentence-classification.md must be a value of one of its tables, with its sign if one is
written, or one of `SETTINGS`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import partial

import pandas as pd
from cells import FOLDER, interval, markdown, marked, read, signed, significant_change
from interval_tables import QUESTIONS, predicted_trees, roles_of_real_languages, scores
from machamp_table import beside_machamp
from method_tables import methods
from question_tables import answers, guesses
from similarity_tables import by_layer, correlations
from unseen_tables import unseen
from xltransfer.analyses.statistics.significance import holm

DOCUMENT = FOLDER.parent / "results.md"
CLASSIFICATION = FOLDER.parent / "sentence-classification.md"
README = FOLDER.parent.parent / "README.md"
DOCUMENTS = [
    DOCUMENT,
    README,
    FOLDER.parent / "question-answering.md",
    FOLDER.parent / "scaling.md",
    CLASSIFICATION,
    FOLDER.parent / "adaptation-methods.md",
    FOLDER.parent / "word-vectors.md",
    FOLDER.parent / "translation-lm.md",
    FOLDER.parent / "noise.md",
    FOLDER.parent / "structure.md",
    FOLDER.parent / "unseen-languages.md",
]
PUBLISHED = FOLDER.parent.parent / "resources" / "published" / "muller2021.tsv"
PAIRS = ["1-2", "3-4", "5-6", "7-8", "9-10", "11-12"]
SETTINGS = {"0.0002", "0.001", "2.13"}
"""Numbers in the text that are no results."""
IN_RESULTS = (
    *("randominit", "by_target", "first", "similarity", "similarity_correlation"),
    "beside_machamp",
)
"""Tables of docs/results.md."""
_BLOCK = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_NUMBER = re.compile(r"(?<![\w.-])[+−-]?\d+\.\d+(?![\w.])")


def changes(part: pd.DataFrame, intervals: bool = False) -> list[str]:
    """The score without ablation, the change for each pair and the control's score.

    With intervals, a change is followed by the half-width of its 95 % confidence interval, and by
    ns if it is not significant after Holm's correction for the pairs of layers.
    """
    found = part.set_index("ablation")
    pairs = [found.loc[f"random-init-{pair}"] for pair in PAIRS]
    texts = [signed(row["delta"]) for row in pairs]
    if intervals:
        p_values = holm([row["delta_p"] for row in pairs])
        texts = [marked(row, "delta", p) for row, p in zip(pairs, p_values, strict=True)]
    return [
        f"{found.loc['none', 'mean']:.1f}",
        *texts,
        f"{found.loc['random-init-all', 'mean']:.1f}",
    ]


def published(target: str) -> list[str]:
    """The published row of multilingual BERT."""
    table = pd.read_csv(PUBLISHED, sep="\t", keep_default_na=False)
    rows = table[(table["task"] == "parsing") & (table["source"] == "en")]
    rows = rows[(rows["target"] == target) & rows["statistic"].isin(["score", "delta"])]
    found = rows.set_index("ablation")["value"].astype(float)
    pairs = [signed(found[f"random-init-{pair}"], 2) for pair in PAIRS]
    return [f"{found['none']:.2f}", *pairs, ""]


def randominit() -> str:
    """EN-EN and EN-X beside the published rows."""
    table = las("randominit_by_target")
    header = ["LAS", "REF", *PAIRS, "never pretrained"]
    return markdown(
        header,
        [
            ["EN-EN", *changes(table[table["target"] == "en"], intervals=True)],
            ["EN-X", *changes(table[table["target"] == "X"], intervals=True)],
            ["EN-EN, mBERT, published", *published("en")],
            ["EN-X, mBERT, published", *published("X")],
        ],
    )


def las(name: str) -> pd.DataFrame:
    """The rows about LAS of a table by target."""
    table = read(name)
    return table[table["metric"] == "LAS"]


def by_target() -> str:
    """A row for each target."""
    table = las("randominit_by_target")
    header = ["target", "REF", *PAIRS, "never pretrained"]
    rows = [
        [code, *changes(part)] for code, part in table.groupby("target", sort=False) if code != "X"
    ]
    return markdown(header, rows)


def first() -> str:
    """The scores without ablation with two states of a word."""
    content, plain = las("randominit_by_target"), las("first_subword")
    plain = plain[plain["target"] != "X"]
    header = ["LAS", *plain["target"]]
    rows = []
    for name, table in (("first", plain), ("first-content", content)):
        scores = table[table["ablation"] == "none"].set_index("target")["mean"]
        rows.append([f"`{name}`", *(f"{scores[code]:.1f}" for code in plain["target"])])
    return markdown(header, rows)


def topics() -> str:
    """Topics of sentences in the embedded world: a row for each target and for their mean."""
    table = read("classification_by_target")
    rows = []
    for code, part in table.groupby("target", sort=False):
        found = part.set_index("ablation")
        change, control = found.loc["random-init-1-2"], found.loc["random-init-all"]
        rows.append(
            [
                str(code),
                f"{found.loc['none', 'mean']:.1f} ({found.loc['none', 'sd']:.1f})",
                marked(change, "delta", change["delta_p"]),
                f"{control['mean']:.1f} ({control['sd']:.1f})",
            ]
        )
    return markdown(["accuracy", "REF", "1-2", "never pretrained"], rows)


EMBEDDED_SPACES = {
    ("comparable", "qab"): "qab, same family",
    ("comparable", "qba"): "qba, other family",
    ("comparable", "qda"): "qda, Arabic script",
    ("comparable", "qea"): "qea, verb-final",
    ("window-5", "qea"): "qea, window of 5",
    ("disjoint", "qab"): "qab, disjoint",
    ("layer-6", "qab"): "qab, layer 6",
}
"""Embeddings and target languages of the table of embedded word vectors, and their titles."""


def embedded_words() -> str:
    """P@1 of word translation in the embedded world: nearest neighbours / CSLS."""
    table = read("embedded_word_translation")
    found = table.set_index(["embeddings", "target", "method", "retrieval"])["p_at_1"]
    retrievals = ("nearest-neighbour", "csls")
    rows = [
        [
            method,
            *(
                " / ".join(f"{found[*space, method, how]:.0f}" for how in retrievals)
                for space in EMBEDDED_SPACES
            ),
        ]
        for method in dict.fromkeys(table["method"])
    ]
    return markdown(["method", *EMBEDDED_SPACES.values()], rows)


ADAPTED = {
    "local-trimmed": "as it is",
    "local-head": "before: head trained",
    "local-masked": "`masked-lm`",
    "local-translation": "`translation-lm`",
}
"""Encoders of the study of French and Wolof, and their names in tables."""
CONTEXTS = ("alone", "translation", "unrelated")


def wolof_masked() -> str:
    """Masked subwords predicted from the sentence alone, with its translation, and another."""
    table = read("wolof_translation_lm").set_index(["encoder", "language", "context"])
    rows = []
    for encoder in dict.fromkeys(table.index.get_level_values("encoder")):
        cells = [ADAPTED[encoder]]
        for language in ("fr", "wo"):
            found = [table.loc[(encoder, language, context)] for context in CONTEXTS]
            cells += [
                " / ".join(f"{row['accuracy']:.1f}" for row in found),
                interval(found[1], "gain"),
            ]
        rows.append(cells)
    return markdown(["encoder", "of French", "gain", "of Wolof", "gain"], rows)


def wolof_retrieval() -> str:
    """Translations found at some layers, and the change at the last one."""
    table = read("wolof_retrieval").set_index(["encoder", "language", "layer"])
    header, rows = ["encoder"], []
    for title in ("from French", "from Wolof"):
        header += [f"{title}, layers 0 / 3 / 6 / 9 / 12", "change at layer 12"]
    for encoder in dict.fromkeys(table.index.get_level_values("encoder")):
        cells = [ADAPTED[encoder]]
        for language in ("fr", "wo"):
            found = [table.loc[(encoder, language, layer)] for layer in (0, 3, 6, 9, 12)]
            known = pd.notna(found[-1]["change"])
            cells += [
                " / ".join(f"{row['accuracy']:.1f}" for row in found),
                interval(found[-1], "change") if known else "",
            ]
        rows.append(cells)
    return markdown(header, rows)


def wolof_tagging() -> str:
    """Accuracy of taggers of French, on French and on Wolof."""
    rows = [
        [ADAPTED[row["encoder"]], *(f"{row[c]:.1f} ({row[f'{c}_sd']:.1f})" for c in ("fr", "wo"))]
        for _, row in read("wolof_zeroshot").iterrows()
    ]
    return markdown(["encoder", "French", "Wolof"], rows)


def scaling(name: str) -> str:
    """A row for each encoder: its size, and scores with the change from the next smaller one."""
    table = read(name)
    table = table[table["reference"].isna()]
    pairs = list(dict.fromkeys(table["source_target"]))
    header = ["encoder", "parameters without embeddings", "steps", "FLOPs of a fine-tuning"]
    for pair in pairs:
        header += [f"{pair} ({table['metric'].iloc[0]})", "change"]
    rows = []
    for encoder, part in table.groupby("encoder", sort=False):
        cells, one = part.set_index("source_target"), part.iloc[0]
        row = [
            f"`{encoder}`",
            f"{one['parameters_without_embeddings']:,.0f}",
            f"{one['training_steps']:,.0f}",
            f"{one['training_gigaflops'] * 1e9:.1e}",
        ]
        for pair in pairs:
            cell = cells.loc[pair]
            row += [f"{cell['score']:.1f} ({cell['score_sd']:.1f})", significant_change(cell)]
        rows.append(row)
    return markdown(header, rows)


XQUAD = "en de es ru zh ar tr hi X"
"""Targets of the study of XQuAD."""
PARSED_ROLES = {
    "roles_graph": "graph, gold trees",
    "roles_bilstm": "BiLSTM, gold relations of words",
    "roles_parsed": "graph, predicted trees (gold in English)",
}
PARSED_RELATIONS = {
    "relations_graph": "graph, predicted trees",
    "relations_bilstm": "BiLSTM, predicted relations of words",
    "relations": "pooled states of the encoder",
}
"""Tasks of resources/studies/predicted-trees.yaml."""
TABLES = {
    "randominit": randominit,
    "by_target": by_target,
    "first": first,
    "similarity": by_layer,
    "similarity_correlation": correlations,
    "beside_machamp": beside_machamp,
    "unseen_pos": partial(unseen, "pos"),
    "unseen_parsing": partial(unseen, "parsing"),
    "embedded_guesses": partial(guesses, "_embedded"),
    "xquad_guesses": partial(guesses, "_xquad_articles"),
    "xquad_f1": partial(scores, "xquad_articles", "F1", QUESTIONS, XQUAD),
    "xquad_exact": partial(scores, "xquad_articles", "exact_match", QUESTIONS, XQUAD),
    "real_roles": roles_of_real_languages,
    "predicted_roles": partial(predicted_trees, PARSED_ROLES),
    "predicted_relations": partial(predicted_trees, PARSED_RELATIONS),
    "embedded_answers_f1": partial(answers, "embedded_questions", "F1"),
    "embedded_answers_exact": partial(answers, "embedded_questions", "exact_match"),
    "topics": topics,
    "adaptation_methods": partial(methods, "adaptation_methods", costs=True),
    "swiss_german_noise": partial(methods, "swiss_german_noise"),
    "unseen_methods": partial(methods, "unseen_methods", costs=True),
    "embedded_scale": partial(scaling, "embedded_scale"),
    "lowest_layers": partial(scaling, "lowest_layers"),
    "embedded_words": embedded_words,
    "wolof_masked": wolof_masked,
    "wolof_retrieval": wolof_retrieval,
    "wolof_tagging": wolof_tagging,
}


def numbers_of(*names: str) -> set[str]:
    """The values with a decimal point of some tables."""
    return set(re.findall(r"[+−]?\d+\.\d+", "".join(TABLES[name]() for name in names)))


def with_and_without_signs(numbers: set[str]) -> set[str]:
    """Numbers with and without their signs."""
    return numbers | {number.lstrip("+−") for number in numbers}


def known_numbers() -> set[str]:
    """All values of the tables of docs/results.md, with and without their signs."""
    found = numbers_of(*IN_RESULTS)
    found |= {f"{value:.2f}" for value in read("development")["LAS"]}
    correlation = read("overlap_correlation")[["spearman", "spearman_low", "spearman_high"]]
    found |= {f"{value:.2f}" for value in correlation.to_numpy().ravel()}
    table = las("randominit_by_target")
    found |= {f"{value:.1f}" for value in table[table["target"] == "X"]["delta_sd"].dropna()}
    return with_and_without_signs(found)


def wrong_numbers(text: str, known: set[str] | None = None) -> Iterator[str]:
    """Numbers of the text that no table has; by default those of docs/results.md."""
    prose = re.sub(r"```.*?```", "", _BLOCK.sub("", text), flags=re.DOTALL)
    allowed = (known_numbers() if known is None else known) | SETTINGS
    yield from (number for number in _NUMBER.findall(prose) if number not in allowed)


def main(arguments: list[str]) -> str | None:
    """Write or check the documents; the error, if there is one."""
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        written = _BLOCK.sub(lambda found: found[1] + TABLES[found[2]]() + found[3], text)
        if arguments != ["--check"]:
            document.write_text(written, encoding="utf-8")
        elif written != text:
            return f"{document}: a table is not that of the CSV files; run render.py"
    if arguments != ["--check"]:
        return None
    of_topics = with_and_without_signs(numbers_of("topics"))
    for document, known in ((DOCUMENT, None), (CLASSIFICATION, of_topics)):
        if wrong := list(wrong_numbers(document.read_text(encoding="utf-8"), known)):
            return f"{document}: no table has {', '.join(wrong)}"
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
