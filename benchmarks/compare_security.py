"""Who finds what, and how fast: gonogo beside Observatory, csp_evaluator, drheader and sslyze on the embedded demo.

`python benchmarks/compare_security.py` writes docs/comparison.md. It needs npm, pip and about six minutes; each tool is
installed below a temporary folder, `--keep DIR` uses that folder again. Nothing of it enters the project's environment:
sslyze is under the AGPL and serves as an oracle only.

Each tool scans the healthy demo, then every one-change variant of the catalogue that trips a check of the concerns
security, exposure and tls, then the further variants of peers/more_variants.py. What a tool says of a variant and did
not say of the healthy demo is what it detected.
"""

from __future__ import annotations

import argparse
import html.parser
import http.client
import json
import os
import platform
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
ROOT = HERE.parent
PEERS = HERE / "peers"
sys.path[:0] = [str(ROOT / "tests"), str(PEERS), str(ROOT)]

from judging import judge, network_checks  # noqa: E402
from more_variants import MORE  # noqa: E402

from gonogo.demo import provider  # noqa: E402
from gonogo.demo.defects import DEFECTS, Reach  # noqa: E402
from gonogo.result import Outcome  # noqa: E402
