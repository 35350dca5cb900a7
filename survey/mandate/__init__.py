"""Law: questionnaires, targets, sectors, indicators: dated data with a source, and their loaders."""
