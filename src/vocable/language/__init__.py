"""Models of tokens: one exact core that runs whole or in steps."""
