"""`notebooks/murakkab_video.ipynb` in a real kernel: real code, stand-ins that wait, each objective, by its own assertions."""

from __future__ import annotations

from .executing import NOTEBOOKS, executed, said

VIDEO = NOTEBOOKS / "murakkab_video.ipynb"


def test_each_objective_is_had() -> None:
    code = executed(VIDEO)
    wanted = [cell for cell in code if cell.source.startswith("%%poppy --view line --objective")]
    assert len(wanted) == 4
    assert all("foreseen" in said(cell) for cell in wanted)
    text = "\n".join(said(cell) for cell in code)
    refused = [output.evalue for cell in code for output in cell.outputs if output.output_type == "error"]
    assert ["Nothing was run. The nearest that can be had: %%poppy --objective cost --deadline" in why for why in refused] == [True]
    assert "Murakkab: 3.4x sooner" in text
    pages = [output.data["text/html"] for cell in code for output in cell.outputs if "text/html" in output.get("data", {})]
    assert any("poppy-front" in page and 'type="radio"' in page for page in pages)
