# What `set-resources` says of `gpu` in a profile holds for every rule that asks for a GPU: batches
# have rules of their own, so no profile can name them all. What is said of a rule itself goes first.

given = workflow.resource_settings._parsed_overwrite_resources

for asking in workflow.rules:
    if "gpu" in asking.resources:
        asking.resources.update(given.get("gpu", {}))
        asking.resources.update(given.get(asking.name, {}))
