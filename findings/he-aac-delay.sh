#!/bin/sh
# av 18.1.0 (FFmpeg 8.1.2)
# A guess: FFmpeg leaves out the delay that an M4A states, HE-AAC's too.
# What happens: in HE-AAC the tag iTunSMPB counts at half the rate of the sound, as the track does;
# FFmpeg leaves out as many samples at the full rate, which is half of the delay.
# Seen on 2026-11-28: the tag states 2529 and 6500 at 22,050 Hz, for 13,000 samples at 44,100 Hz; the sound begins
#       2,528 samples (57 ms) late.
# The file is a tone made for this, encoded by fdkaac 1.0.0 (-p 5 -b 24 --include-sbr-delay).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
"${PYTHON:-python3}" -m venv "$folder/venv"
python="$folder/venv/bin/python"
"$python" -m pip --quiet --disable-pip-version-check install numpy==2.4.6 av==18.1.0
cat >"$folder/base64" <<'END'
AAAAIGZ0eXBNNEEgAAAAAE00QSBtcDQyaXNvbQAAAAAAAAAIZnJlZQAABO9tZGF0AUAigKNW7wABAAAAAAA4BvaxClpaWlpa
WlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpa
WlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaXgEAl5nNl0HF0ddZigNyGTAlZAEP0PPCaxyJakVa
ZrgFzWwL1tFroESa4BA1wCJB8b+UAAP19zB+R14YZk+N8kJbXIEOqdFIz8OTvv+T7PdsbPP4bbWsBbZBfXPspKZySvCQjkoa
MGIT4HkbOGS6ts7RDMwHrLsOkZRvJJhMWhSjHw+2CN5FiU8xliEkxliVISTSMZGWHD5/OTaoBIkQiTfkfKPx5J92zl0QJ1Du
a+eyxKCaELzzzzzNGgQAAAAAAIAcARjzrkg6GIwYFbHh/UeXXWq/UNLXMMXEAmGndI8a9k8W4q4W9n7SXcX1L89+e9ezU55t
5h+4/Esspf3iQQ8nf3fELWBQIPaqEB/b+c9k9v/8yai4GD/mTCLH4t358v2FvR0vawVmIKCmxQrGRnZ1qpBQNMmzZUaCACGj
QJ2AAAAADgMHAQwziCCUFamEDxv+Ov74Nfz+vstdCEOCOKy92zN6xtwI1S2uPZdWSi2yV6ZPtXmH8D/l+Jrz9Npv9b316f9Q
+T6k27/Htr7Z9k7o2J+c7w0CM6HN+0jl9Kg/95LCoqCgpo0C9gAAAADnDgEKM5Qgwh2lggoRAEU/pfz7nt+P1+g5BRRRRQfO
LcMLOu64eyCRjzu8jRrda2kAkZJJa8vZZyaDoz/l6v9o9r/cf3//nln6v+vV82f+GmPG8fg2niEqj+XkRhPFerVM7OgiIAsD
RoF7AAAAAAAG8AEKWlpaWlpaWlpaWlpaXgEKM5QhERWgFpyfw4+Lpq6nIAAAdAoiGIuRvUFGFTMMjax7smcRF0CvuaqXyaMi
dJFSyLGkXOu1RIEQlMg5VkEec9ZIY7mpPhvBCG+3pPJaglqsMQ9M9yIxeBk/IPsAn6Z8GE+M7snus2ShgJrzJPmXRifJcwQh
ZAhiqRCXbIYjB48mkxrmcnrEiuJ4XlF6NAu4AAAAAAA4AQozlCFkDZRCCXr5eV7HI8vQhUTl06y86g44glFhkxGI0cGRyGZI
6DTEdZryOszhDaZAl1rwwT69JI+AO9EsT4aJ8D8BEOVeBCe58NktB24h4Ly5PonhYn3Pg5Clxwh03r5Dr/ViHSOaEOi8SI4y
KT0e0J52KQjVLtfZ6O4JLYv5ho0C9gAAAAAADgEWM4ghYQsKygcQiP/HM/0/DV0tBJJBQKUvd4iuw85RjKLM5bfLkeaGB80l
87gyiYIarS0fei//v8XvHzn4EiAPZuViUML8LnYlulroGjcfh6k1BGcXeoIuTn3VTkUXJ045ghQAgANGgX8AAAAAAAbhClpa
WlpaWlpaWlpaWl4A+jOJIEI7GIThoIhA4hAEEJN7Z69fY//Fq5xV8PH0Cip/iyOw/DujJAQbdDbpZt3v8c/vkxJ8BbFC7nHG
ZMHFmZ/tgLTETgeKFgPjd7nNnOMcY5U/Zfd7DVH4WRUumxQPiAx4QDToF/HVwvwAAcBvDBClpaWlpaWlpaWlpaWlpaWlpaWl
paWlpaWl4AAAA4ptb292AAAAbG12aGQAAAAA5zBHN+cwRzcAAFYiAAAkAAABAAABAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAA
AAAAAAEAAAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACAAAB23RyYWsAAABcdGtoZAAAAAfn
MEc35zBHNwAAAAEAAAAAAAAkAAAAAAAAAAAAAAAAAAEAAAAAAQAAAAAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAEAAAAAA
AAAAAAAAAAAAAXdtZGlhAAAAIG1kaGQAAAAA5zBHN+cwRzcAAFYiAAAkAFXEAAAAAAAhaGRscgAAAAAAAAAAc291bgAAAAAA
AAAAAAAAAAAAAAEubWluZgAAABBzbWhkAAAAAAAAAAAAAAAkZGluZgAAABxkcmVmAAAAAAAAAAEAAAAMdXJsIAAAAAEAAADy
c3RibAAAAGpzdHNkAAAAAAAAAAEAAABabXA0YQAAAAAAAAABAAAAAAAAAAAAAQAQAAAAAFYiAAAAAAA2ZXNkcwAAAAADgICA
JQAAAASAgIAXQBUAAMIAAHAKAABd1QWAgIAFE4hW5aAGgICAAQIAAAAYc3R0cwAAAAAAAAABAAAACQAABAAAAAAcc3RzYwAA
AAAAAAABAAAAAQAAAAkAAAABAAAAOHN0c3oAAAAAAAAAAAAAAAkAAACLAAAAwgAAAIQAAABqAAAAfgAAAJgAAACLAAAAfwAA
AIwAAAAUc3RjbwAAAAAAAAABAAAAMAAAATt1ZHRhAAABM21ldGEAAAAAAAAAIWhkbHIAAAAAAAAAAG1kaXJhcHBsAAAAAAAA
AAAAAAABBmlsc3QAAABCqXRvbwAAADpkYXRhAAAAAQAAAABmZGthYWMgMS4wLjAsIGxpYmZkay1hYWMgNC4wLjEsIENCUiAy
NGticHMAAAC8LS0tLQAAABxtZWFuAAAAAGNvbS5hcHBsZS5pVHVuZXMAAAAUbmFtZQAAAABpVHVuU01QQgAAAIRkYXRhAAAA
AQAAAAAgMDAwMDAwMDAgMDAwMDA5RTEgMDAwMDAwQkIgMDAwMDAwMDAwMDAwMTk2NCAwMDAwMDAwMCAwMDAwMDAwMCAwMDAw
MDAwMCAwMDAwMDAwMCAwMDAwMDAwMCAwMDAwMDAwMCAwMDAwMDAwMCAwMDAwMDAwMA==
END
"$python" - "$folder/base64" <<'END'
import base64
import io
import re
import sys
from pathlib import Path

import av
import numpy as np

data = base64.b64decode(Path(sys.argv[1]).read_bytes())
tag = re.search(rb"iTunSMPB.*? 0{8} ([0-9A-F]{8}) ([0-9A-F]{8}) ([0-9A-F]{16}) ", data, re.DOTALL)
delay, _, length = (int(number, 16) for number in tag.groups())
t = np.arange(13_000) / 44_100
tone = 0.4 * np.sin(2 * np.pi * (300 * t + 4000 * t**2))
with av.open(io.BytesIO(data)) as file:
    ticks = file.streams.audio[0].time_base.denominator
    sound = np.concatenate([frame.to_ndarray()[0] for frame in file.decode(audio=0)])
late = int(np.correlate(sound, tone, "valid").argmax())
print(f"the tag states a delay of {delay} and a length of {length}, the track counts {ticks} a second")
print(f"FFmpeg gives {len(sound)} samples, and the 13,000 of the tone begin at {late}")
if (delay, length, ticks) != (2529, 6500, 22_050) or abs(late - delay) > 2:
    sys.exit("changed: see the top of this script")
END
