"""Sphinx settings. Build: sphinx-build -W --keep-going -b html docs docs/_build."""

from seqkit.version import __version__

project = "seqkit"
author = "the seqkit authors"
copyright = author
release = version = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"seqkit {release}"
myst_heading_anchors = 3
autodoc_typehints = "description"
autodoc_member_order = "bysource"
autodoc_class_signature = "separated"
napoleon_use_ivar = True


def setup(app):
    # napoleon takes "text: more" in a property's first line for "type: description"; an escaped blank before it helps.
    def keep_colon(app, what, name, obj, options, lines):
        if what in ("property", "attribute", "data"):
            lines.insert(0, "\\ ")

    app.connect("autodoc-process-docstring", keep_colon, priority=400)
