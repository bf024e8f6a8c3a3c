"""What a person sees: ordered output while the cell runs, one honest line and a chart afterwards."""
