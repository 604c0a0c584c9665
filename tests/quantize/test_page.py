"""The examples of docs/quantizers.md run as they stand, one after the other."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "quantizers.md"


def test_the_pages_examples_run():
    examples = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert examples
    names: dict = {"__name__": "page"}
    for example in examples:
        exec(compile(example, str(PAGE), "exec"), names)
    assert names["again"].shape == (4, 32, 8)
    assert names["quantized"].health.residual_db[-1] < names["quantized"].health.residual_db[0] < 0
