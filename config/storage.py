"""Static files in production: hashed names, compressed, and modules that import each other by those names."""

from typing import ClassVar

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Whitenoise's storage; in `static/modules/`, `import … from "./other.js"` names the hashed file too.

    Django's own switch for this reads every JavaScript file, and those of other projects import what is not there.
    Its expressions read comments too: a module that quotes an import of itself is never done.
    """

    _imports: ClassVar = CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1]  # noqa: SLF001 -- Django's expressions, without its switch
    patterns: ClassVar = (*CompressedManifestStaticFilesStorage.patterns, ("modules/*.js", _imports))
