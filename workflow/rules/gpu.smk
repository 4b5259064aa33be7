# `set-resources` for `gpu` in a profile applies to every rule that requests a GPU, because a
# profile cannot name the rules of all batches. Settings for a single rule take precedence.

given = workflow.resource_settings._parsed_overwrite_resources

for asking in workflow.rules:
    if "gpu" in asking.resources:
        asking.resources.update(given.get("gpu", {}))
        asking.resources.update(given.get(asking.name, {}))
