"""Show what a sweep found on one page of HTML, with plots, spectrograms and players in it.

From the bottom up: `markup` escapes, `figures` and `tables` say numbers; `axes` `marks` `rate_plot`
draw plots, `spectrogram` `pictures` sounds; `picks` chooses sounds and `excerpts` cuts them; a file
for each section of the page, in the order of the page in `page`.
"""

from vocable.evaluate.report.page import write_report
from vocable.evaluate.report.picks import picks

__all__ = ["picks", "write_report"]
