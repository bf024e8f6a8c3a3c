"""Ten small notebooks of different kinds, as users write them, kept without results. `test_real.py` runs every cell plain and
under `%%poppy`, in two real kernels."""
