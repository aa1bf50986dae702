"""What a run tells beside its figures: sources, files, findings, summaries; the results as a whole."""
