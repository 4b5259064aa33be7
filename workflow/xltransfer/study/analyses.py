"""The analyses of a study: for each, a stage, its tables and figures, and what they depend on.

A new analysis is an entry here, a stage, and captions in ``workflow/report``. The rules are made
from the entries (``workflow/rules/tables.smk``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..encoders.ablations import parse
from ..runtime.files import canonical_json
from . import discriminations
from .adaptation_methods import AdaptationMethods
from .adapter_settings import adapter_table_config, pretraining_reports, uses_adapters
from .analysis_entries import (
    ADAPTATION,
    ALIGNMENT,
    FIGURE_JOBS,
    REPRESENTATIONS,
    STRUCTURE,
    TRANSFER,
    UNSEEN,
    Analysis,
    Drawing,
    Inputs,
)
from .dictionary_texts import DictionaryTexts
from .parallel import State
from .parsed_trees import compared_identities, compared_scores, compared_tasks, tree_reports
from .scaling_settings import compares_sizes, scaling_identities, scaling_inputs

if TYPE_CHECKING:
    from .study import Study

__all__ = ["ANALYSES", "FIGURE_JOBS", "Analysis", "Drawing"]


def _never(_: Study) -> bool:
    return False


def _parallel(study: Study) -> bool:
    return bool(study.parallel.treebanks)


def _has_pieces(study: Study) -> bool:
    """Whether all encoders of transfer split words into pieces that languages may share."""
    return all(study.declared_encoders[name].pretrained for name in study.encoders)


def _unseen(study: Study) -> bool:
    return bool(study.unseen.varieties)


def _structure(study: Study) -> bool:
    return bool(compared_tasks(study))


def _mapped(study: Study) -> bool:
    return bool(study.mapped.maps)


def analyses_of(study: Study, of_unseen: bool) -> list[Analysis]:
    """The analyses whose tables a study makes by default, about transfer or unseen languages."""
    return [one for one in ANALYSES if one.of_unseen == of_unseen and one.wanted(study)]


def tables_of(study: Study, of_unseen: bool) -> list[str]:
    """The tables that a study makes by default."""
    return [table for analysis in analyses_of(study, of_unseen) for table in analysis.tables]


def drawings_of(study: Study, of_unseen: bool) -> list[Drawing]:
    """The figures that a study draws by default."""
    return [
        drawing
        for analysis in analyses_of(study, of_unseen)
        for drawing in analysis.drawings
        if drawing.wanted(study)
    ]


def analysis_of(table: str) -> Analysis:
    """The analysis that makes a table."""
    return next(analysis for analysis in ANALYSES if table in analysis.tables)


def _by_target(results: str) -> list[str]:
    """The table of scores that other analyses read."""
    return [f"{results}/tables/randominit_by_target.csv"]


def _scores(study: Study) -> str:
    return study.identities.table("randominit")


def _ablated(study: Study) -> bool:
    return any(parse(ablation).in_published_table for ablation in study.config["ablations"])


def _pieces(study: Study) -> list[str]:
    parts = {
        (study.kind(task).corpora, corpus, split)
        for task in study.tasks
        for split, corpora in (("train", study.sources(task)), ("test", study.targets(task)))
        for corpus in corpora
    }
    return [
        study.identities.pieces(encoder, *part)
        for encoder in study.encoders
        for part in sorted(parts)
    ]


def _word_order_config(study: Study) -> str:
    names = study.config["typology_features"]
    return canonical_json({**json.loads(study.table_config()), "typology_features": names})


def _all_representations(study: Study, states: Iterable[State]) -> dict[str, Any]:
    return {
        f"{encoder} {corpus}": study.identities.representations(encoder, states, corpus)
        for encoder in study.encoders
        for corpus in study.parallel.treebanks
    }


def _similarities(study: Study) -> dict[str, str]:
    return {
        f"{encoder} {corpus}": study.identities.similarity(encoder, corpus)
        for encoder in study.encoders
        for corpus in study.parallel.treebanks
    }


def _published(study: Study, results: str) -> Inputs:
    folder = study.root / "resources" / "published"
    files = [str(path.relative_to(study.root)) for path in sorted(folder.glob("*.tsv"))]
    correlation = [f"{results}/tables/correlation.csv"] if _parallel(study) else []
    return {"scores": _by_target(results), "published": files, "correlation": correlation}


def _unseen_inputs(study: Study, results: str) -> Inputs:
    return {
        "scores": study.unseen.arms.all_score_files(results),
        "reports": study.unseen.arms.training_reports(results),
        "texts": study.unseen.evaluation_reports(results),
    }


def _unseen_scores(study: Study) -> list[Any]:
    unseen, identities = study.unseen, study.identities
    scores = [[*pair, identities.unseen.scoring_job(*pair)] for pair in unseen.pairs]
    return [scores, {v.text: identities.made.text(v.text) for v in unseen.varieties.values()}]


def _tokenizer_statistics(study: Study) -> list[str]:
    files = [Path(path).with_suffix("").parts[-3:] for path in study.unseen.statistics_files("")]
    return [study.identities.unseen.statistics(*counted) for counted in files]


ANALYSES = [
    Analysis(
        stage="score_tables",
        tables=("randominit", "randominit_by_target", "zeroshot", "zeroshot_by_target"),
        inputs=lambda study, results: {
            "scores": study.score_files(results),
            "reports": study.training_reports(results),
        },
        upstream=lambda study: study.identities.all_scores(),
        drawings=(
            Drawing("randominit", ("randominit_by_target",), TRANSFER, _ablated),
            Drawing("zeroshot", ("zeroshot",), TRANSFER),
        ),
        mem_mb=4000,
        runtime=120,
    ),
    Analysis(
        stage="overlap_tables",
        tables=("overlap", "overlap_correlation"),
        inputs=lambda study, results: {
            "scores": _by_target(results),
            "pieces": study.piece_files(results),
        },
        options=("scores",),
        upstream=lambda study: [_scores(study), _pieces(study)],
        drawings=(Drawing("overlap", ("overlap", "overlap_correlation"), TRANSFER),),
        wanted=_has_pieces,
    ),
    Analysis(
        stage="word_order_tables",
        tables=("word_order", "word_order_correlation"),
        inputs=lambda _, results: {
            "scores": _by_target(results),
            "features": [f"{results}/typology/features.csv"],
        },
        options=("scores", "features"),
        config=_word_order_config,
        upstream=lambda study: [_scores(study), study.identities.typology()],
        drawings=(Drawing("word_order", ("word_order", "word_order_correlation"), TRANSFER),),
        wanted=lambda study: bool(study.config["typology_features"]),
    ),
    Analysis(
        stage="retrieval_table",
        tables=("retrieval",),
        inputs=lambda study, results: {
            "vectors": study.parallel.files(results, study.parallel.retrieval_states)
        },
        config=lambda study: study.parallel.retrieval_config(),
        upstream=lambda study: _all_representations(study, study.parallel.retrieval_states),
        drawings=(Drawing("retrieval", ("retrieval",), REPRESENTATIONS),),
        wanted=_parallel,
        mem_mb=8000,
        runtime=120,
    ),
    Analysis(
        stage="similarity_tables",
        tables=("cka", "correlation"),
        inputs=lambda study, results: {
            "similarities": study.parallel.similarity_files(results),
            "scores": study.score_files(results),
        },
        options=("similarities", "scores"),
        config=lambda study: study.parallel.cka_config(),
        upstream=lambda study: [_similarities(study), study.identities.all_scores()],
        drawings=(
            Drawing("cka", ("cka",), REPRESENTATIONS),
            Drawing("cka_heatmap", ("cka",), REPRESENTATIONS),
            Drawing("correlation", ("correlation",), REPRESENTATIONS),
        ),
        wanted=_parallel,
        mem_mb=4000,
        runtime=120,
    ),
    Analysis(
        stage="translation_lm_tables",
        tables=("translation_lm", "parallel_retrieval"),
        inputs=lambda study, results: {"measured": study.measured_translations.files(results)},
        config=lambda study: study.measured_translations.table_config(),
        upstream=lambda study: study.measured_translations.identities(),
        drawings=(
            Drawing("translation_lm", ("translation_lm", "parallel_retrieval"), REPRESENTATIONS),
        ),
        wanted=lambda study: bool(study.measured_translations.texts),
    ),
    Analysis(
        stage="word_translation_tables",
        tables=("word_translation", "word_clouds"),
        inputs=lambda study, results: {"translations": study.mapped.translation_files(results)},
        options=("translations",),
        config=lambda study: study.mapped.table_config(),
        upstream=lambda study: study.identities.mapped.translations(),
        drawings=(
            Drawing("word_translation", ("word_translation",), ALIGNMENT),
            Drawing("word_clouds", ("word_clouds",), ALIGNMENT),
        ),
        wanted=_mapped,
    ),
    Analysis(
        stage="dictionary_text_table",
        tables=("dictionary_text",),
        inputs=lambda study, results: {"reports": DictionaryTexts(study).reports(results)},
        config=lambda study: DictionaryTexts(study).table_config(),
        upstream=lambda study: DictionaryTexts(study).identities(),
        wanted=lambda study: bool(DictionaryTexts(study).files()),
    ),
    Analysis(
        stage="adaptation_tables",
        tables=("adaptation_methods",),
        inputs=lambda study, results: {
            "scores": AdaptationMethods(study).score_files(results),
            "reports": AdaptationMethods(study).model_reports(results),
            "encoders": AdaptationMethods(study).encoder_reports(),
        },
        config=lambda study: AdaptationMethods(study).table_config(),
        upstream=lambda study: AdaptationMethods(study).identities(),
        drawings=(Drawing("adaptation_methods", ("adaptation_methods",), ADAPTATION),),
        wanted=lambda study: any(AdaptationMethods(study).cells()),
    ),
    Analysis(
        stage="adversarial_tables",
        tables=("adversarial",),
        inputs=lambda study, results: {
            "scores": discriminations.score_files(study, results),
            "measured": discriminations.files(study, results),
        },
        config=discriminations.table_config,
        upstream=discriminations.identities,
        wanted=lambda study: bool(discriminations.discriminations(study)),
    ),
    Analysis(
        stage="adapter_table",
        tables=("adapters",),
        inputs=lambda study, results: {
            "scores": study.score_files(results),
            "reports": study.training_reports(results),
            "encoders": pretraining_reports(study, results),
        },
        options=("scores", "reports", "encoders"),
        config=adapter_table_config,
        upstream=lambda study: study.identities.all_scores(),
        wanted=uses_adapters,
    ),
    Analysis(
        stage="structure_tables",
        tables=("structure",),
        inputs=lambda study, results: {
            "scores": compared_scores(study, results),
            "reports": tree_reports(study, results),
        },
        options=("scores", "reports"),
        upstream=compared_identities,
        drawings=(Drawing("structure", ("structure",), STRUCTURE),),
        wanted=_structure,
    ),
    Analysis(
        stage="scaling_table",
        tables=("scaling",),
        inputs=scaling_inputs,
        options=("scores", "encoders", "published", "reports"),
        upstream=lambda study: [study.identities.all_scores(), scaling_identities(study)],
        drawings=(Drawing("scaling", ("scaling",), TRANSFER),),
        wanted=compares_sizes,
    ),
    # On request, because the published numbers are about real languages.
    Analysis(
        stage="published_comparison",
        tables=("published_comparison",),
        inputs=_published,
        options=("scores", "published", "correlation"),
        config=lambda study: study.comparison_config(),
        upstream=lambda study: [
            _scores(study),
            *([study.identities.table("correlation")] if _parallel(study) else []),
        ],
        wanted=_never,
    ),
    Analysis(
        stage="unseen_tables",
        tables=("unseen", "verdicts"),
        inputs=_unseen_inputs,
        options=("scores", "reports", "texts"),
        config=lambda study: study.unseen.table_config(),
        upstream=_unseen_scores,
        drawings=(
            Drawing("unseen", ("unseen", "verdicts"), UNSEEN),
            Drawing(
                *("transliteration", ("unseen",), UNSEEN),
                wanted=lambda study: bool(study.unseen.transliterated("raw_text")),
            ),
        ),
        wanted=_unseen,
        of_unseen=True,
        mem_mb=4000,
        runtime=120,
    ),
    Analysis(
        stage="tokenizer_table",
        tables=("tokenizer_stats",),
        inputs=lambda study, results: {"inputs": study.unseen.statistics_files(results)},
        options=("inputs",),
        config=lambda study: study.unseen.table_config(),
        upstream=_tokenizer_statistics,
        drawings=(Drawing("tokenizer_stats", ("tokenizer_stats",), UNSEEN),),
        wanted=_unseen,
        of_unseen=True,
    ),
    Analysis(
        stage="language_tables",
        tables=("languages", "language_data"),
        inputs=lambda study, results: {
            "inputs": study.unseen.statistics_files(results),
            "categories": ["resources/joshi.tsv"],
        },
        options=("inputs", "categories"),
        config=lambda study: study.unseen.table_config(),
        upstream=_tokenizer_statistics,
        wanted=_unseen,
        of_unseen=True,
    ),
]
"""All analyses; the tables and figures of a study are in this order."""
