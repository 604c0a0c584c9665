"""Fine-tune Orpheus by its published recipes.

recipe      what it says beside others' task     the task
rows        rows as sequences of ids             speaking    held-out texts, spoken
model       the network: its memory, its files
"""
