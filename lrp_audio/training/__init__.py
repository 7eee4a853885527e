"""Training in the project's own engine: batches, augmentation, Adam, schedule, checkpoints."""
