# Inputs of the rule that predicts the trees of relations and roles.

PARSED = [task for task in study.tasks if "trees" in study.config[task]]


def model_of_trees(name):
    """A function of wildcards: the files that represent the parser or the tagger of a task."""

    def of(wildcards):
        directory = models_of_trees(study, "<results>", wildcards.task).get(name)
        return trained(directory, NONE, None) if directory else []

    return of


def language_of_parsed(wildcards):
    """The language of a corpus whose trees are predicted."""
    return study.language(wildcards.task, wildcards.corpus)
