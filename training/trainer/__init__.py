"""Training: documents to rows, batches as they appear, the steps, and what comes out of it."""
