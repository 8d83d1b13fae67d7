"""Let `{prf:proof}` with ``:class: dropdown`` fold, and several proofs live on one page.

sphinx-proof writes a proof without a title and gives all of them the id "proof". The button that
folds a box sits in its title and finds the box by its id, so both are put right here.
"""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx_proof.nodes import proof_node


def _on_doctree_read(app: Sphinx, doctree: nodes.document) -> None:
    for number, proof in enumerate(doctree.findall(proof_node), start=1):
        box = proof[0]
        box["ids"] = [f"proof-{number}"]
        if "dropdown" in box["classes"]:
            words = next(box.findall(nodes.Text))
            words.parent.replace(words, nodes.Text(words.removeprefix("Proof. ")))
            box.insert(0, nodes.title("", "Proof"))


def setup(app: Sphinx) -> dict[str, bool | str]:
    app.setup_extension("sphinx_proof")
    app.connect("doctree-read", _on_doctree_read)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
