"""`python -m poppy_ipython script.py [args]`; see `script.py`."""

from poppy_ipython.script import run_and_exit

if __name__ == "__main__":
    run_and_exit()
