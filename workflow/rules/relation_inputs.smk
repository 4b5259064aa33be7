# Inputs of the jobs that check corpora of relations and of roles.


@awaiting_wildcards
def relation_downloads(annotation, wildcards):
    """A function of wildcards: the downloaded files of a part of a corpus."""
    part = annotation, wildcards.corpus, wildcards.split
    checksums = relation_parts.part_checksums(study, *part)
    return [
        settled(
            f"<resources>/downloads/{file}",
            checksum != UNCHECKED and study.downloads.config(file),
        )
        for file, checksum in zip(study.downloads.paths(*part), checksums)
    ]


@awaiting_wildcards
def treebank_of_relations(annotation, wildcards):
    """A function of wildcards: the part of a treebank with the words of a part; none or one."""
    treebank = relation_parts.corpus_of(study, annotation, wildcards.corpus).treebank
    return [corpus_part("treebanks", treebank, wildcards.split)] if treebank else []
