"""The engine: issues a lowered cell in program order, overlaps its external calls, retires in program order.

Words are those of the README's glossary: *unit*, *log*, *head*, *store buffer*, *footprint*, *fence*, *fault*.
Nothing in here imports from display, cell or magic.
"""
