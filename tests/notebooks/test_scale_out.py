"""`notebooks/scale_out.ipynb` in a real kernel: processes, a Dask cluster of two, and a worker that the notebook kills."""

from __future__ import annotations

from .executing import NOTEBOOKS, executed, said

SCALE_OUT = NOTEBOOKS / "scale_out.ipynb"


def test_processes_a_cluster_and_a_worker_that_is_killed() -> None:
    code = executed(SCALE_OUT)
    texts = [said(cell) for cell in code]
    assert "scored 0\nscored 4\nbest: 7" in texts[1]
    assert "total > <genexpr> > parse | invalid literal" in texts[3]
    assert "[999999.0, 1000000.0, 1000001.0]" in texts[5]
    assert "[0, 1, 4, 9, 16, 25, 36, 49] although one worker was killed" in texts[7]
