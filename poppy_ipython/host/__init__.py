"""What a cell needs from the shell and the process around it: entry, interrupt, versions, words after the cell.

Each file holds one such thing and knows neither the engine nor the magic; `cell` puts them together.
"""
