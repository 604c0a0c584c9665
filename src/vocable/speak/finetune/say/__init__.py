"""Fine-tune a model that says texts."""
