# The study, and the paths that several stages share.

import inspect
import os
import re
import shlex
import sys
from functools import partial
from itertools import product

import yaml

# Jobs run `python -m xltransfer <stage>`, even if the package is not installed. Their output goes
# to log files; errors that a user can fix are also printed on the terminal. The folder is that of
# this file, because another workflow may use this one as a module.
sys.path.insert(0, os.path.dirname(str(workflow.current_basedir)))
# If a signal reaches all processes of a job, the shell waits until the command has saved its work.
shell.prefix(
    "set -euo pipefail; trap : TERM INT HUP USR1; exec 3>&2; export XLTRANSFER_TERMINAL=3"
    f" PYTHONPATH={shlex.quote(sys.path[0])}${{{{PYTHONPATH:+:$PYTHONPATH}}}}; "
)
# Otherwise tokenizers and BLAS would each start a thread per core in every job.
os.environ.update(TOKENIZERS_PARALLELISM="false", OMP_NUM_THREADS="1")
# Only download rules need a network; cluster nodes may have none.
os.environ.update(HF_HUB_OFFLINE="1")

from snakemake.io import IOFile
from snakemake.jobs import Job
from snakemake.persistence import PersistenceBase
from xltransfer.corpora.checksums import UNCHECKED
from xltransfer.corpora.formats import ANNOTATED, FORMATS, WITH_VARIETIES
from xltransfer.corpora.relation_corpora import ANNOTATIONS
from xltransfer.corpora.source_sets import members
from xltransfer.encoders.ablations import NONE
from xltransfer.records import paths
from xltransfer.records.code import stage_digest
from xltransfer.runtime.changed_jobs import comparing_every_job
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.failed_jobs import record_only_finished_jobs
from xltransfer.runtime.files import canonical_json
from xltransfer.runtime.folders import without_future_inputs
from xltransfer.runtime.gpus import jobs_at_once
from xltransfer.runtime.head import alone
from xltransfer.runtime.start_rate import without_useless_limit
from xltransfer.runtime.unknown_targets import explaining_targets
from xltransfer.study import Study, relation_parts
from xltransfer.study.adversarial_settings import labelled_of, language_of_part, parts_of, texts_of
from xltransfer.study.adapter_settings import adapter_files, adapter_identity, adapter_options
from xltransfer.study.analyses import ANALYSES, FIGURE_JOBS, analysis_of, drawings_of
from xltransfer.study.contents import layout_of
from xltransfer.study.dictionary_texts import DictionaryTexts, dictionaries_of, dictionary_codes
from xltransfer.study.discriminations import Discrimination, discriminations, models_of, own_corpora
from xltransfer.study.discriminations import identity as discrimination_identity
from xltransfer.study.discriminations import stage_config as discrimination_config
from xltransfer.study.joined_sources import all_sets, sets_of
from xltransfer.study.key_places import with_place
from xltransfer.study.noise_settings import alphabet_file
from xltransfer.study.parsed_trees import models_of_trees, parsed_file, parsed_identity
from xltransfer.study.private_report import private
from xltransfer.study.project import check_working_folder, workflow_folder
from xltransfer.study.recipes import SEVERAL_TEXTS
from xltransfer.study.shared_spaces import map_to, space_identity, vector_files
from xltransfer.study.study_files import read_study_file
from xltransfer.study.typological_features import typology_config, typology_files
from xltransfer.study.varieties import FOLDS, HASHED
from xltransfer.study.without_gpu import announced
from xltransfer.study.vector_encoders import input_files, stage_config, vector_encoders


def end_with(error):
    """End with an error of the configuration on one line, and the line of its key."""
    # Snakemake lists the files of the command line, which override config.yaml, before it.
    files = [*workflow.configfiles[-1:], *workflow.configfiles[:-1]]
    sys.exit(f"error: {with_place(error, map(os.path.relpath, files), config)}")


try:
    if workflow.is_main_process:
        # If there is code in them, it has already run, so the user must be warned.
        for file in workflow.configfiles:
            read_study_file(file)
    check_working_folder()
    study = Study(config)
    unseen = study.unseen
    gpu_jobs = jobs_at_once()
except InputError as error:
    end_with(error)


def names_in_targets():
    """The names that paths of targets consist of, for the error about an unknown target."""
    corpora = [code for task in study.tasks for code in study.corpora(task)]
    own = [*study.declared_encoders, *study.tasks, *study.config["ablations"]]
    rules = [rule.name for rule in workflow.rules]
    return [*corpora, *own, *study.tables, *study.figures, *unseen.tables, *unseen.figures, *rules]


# With this variable, stages write no absolute paths into files that may be shared.
os.environ.update(XLTRANSFER_RESULTS=study.results)

if workflow.is_main_process:
    workflow.execute = without_useless_limit(workflow.execute, workflow)
    workflow.execute = announced(alone(workflow.execute, results=study.results), study)
    record_only_finished_jobs(Job, PersistenceBase)
    workflow._build_dag = comparing_every_job(workflow._build_dag, workflow)
    workflow._build_dag = without_future_inputs(workflow._build_dag, workflow)
    workflow._build_dag = explaining_targets(workflow._build_dag, names_in_targets)
    workflow.create_report = private(
        workflow.create_report, study.local_paths, results=study.results
    )

# Snakemake does not detect GPUs and would start a GPU job on every core. `--resources` and profiles
# take precedence. Without GPUs there is no limit.
if gpu_jobs:
    workflow.global_resources.setdefault("gpu", gpu_jobs)


def mirrors(wildcards, output):
    """The mirrors. Variables in them are needed only where something is fetched."""
    try:
        return study.mirrors
    except InputError as error:
        end_with(error)


def growing(amount):
    """A resource that grows with each attempt of a job."""
    return lambda wildcards, attempt: amount * attempt


def awaiting_wildcards(function):
    """A decorator: a call without the last arguments gives a function of these, for Snakemake.

    The last arguments are ``wildcards`` and, if the function names them, ``input`` or ``output``.
    """

    def given(*own, **named):
        bound = partial(function, *own, **named)

        # Snakemake takes no ``partial`` as an input, and tells by the names what a function awaits.
        def of(wildcards, **more):
            return bound(wildcards, **more)

        of.__signature__ = inspect.signature(bound)
        return of

    return given


def everything(part):
    """All tables and figures of a part of the study."""
    return [f"<results>/tables/{table}.csv" for table in part.tables] + [
        f"<results>/figures/{figure}.pdf" for figure in part.figures
    ]


def files_of(table):
    """The tables and figures of the analysis with a table; none if the study does not make them."""
    analysis = analysis_of(table)
    if not analysis.wanted(study):
        return []
    return [f"<results>/tables/{table}.csv" for table in analysis.tables] + [
        f"<results>/figures/{drawing.figure}.pdf" for drawing in analysis.drawings
    ]


# Folders of results with the corpora that tasks of the study read.
FOLDERS = {study.kind(task).corpora for task in study.tasks}


TEXT_SUFFIXES = {"raw_text": ".txt", "parallel_text": ".tsv"}


CORPUS_OR_SET = r"[a-z]+(_[a-z0-9]+)+(\+[a-z]+(_[a-z0-9]+)+)*"
"""A wildcard constraint: a corpus, or a set of sources."""


def one_of(codes):
    """A wildcard constraint: one of these codes; matches nothing if there are none."""
    return "|".join(codes) or "(?!)"
