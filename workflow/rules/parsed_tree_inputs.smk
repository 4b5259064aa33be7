# Inputs of the rule that predicts the trees of relations and roles.

PARSED = [task for task in study.tasks if "trees" in study.config[task]]


@awaiting_wildcards
def model_of_trees(name, wildcards):
    """A function of wildcards: the files that represent the parser or the tagger of a task."""
    directory = models_of_trees(study, "<results>", wildcards.task).get(name)
    return trained(directory, NONE, None) if directory else []
