"""Fine-tune CSM by its published recipe.

recipe      what it says beside others' task     the task
rows        rows as text and frames              speaking    held-out texts, spoken
model       the network: its recipe's precision, its memory, its files
"""
