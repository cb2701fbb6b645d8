"""A source map gives the program away as it was written, comments and internal addresses included.

Fix: upload source maps to the error tracker and leave them out of the deployment; `exposure.source_maps = true` allows them.
See: https://tc39.es/ecma426/
"""

from __future__ import annotations

import re

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.formats.leaks import is_source_map
from gonogo.nouns import ScriptMap

INLINE = re.compile(r"//[#@] ?sourceMappingURL=data:")


@check(title="Source maps are not published", severity=Severity.MEDIUM, profiles={"security", "nightly"})
def test_absent(script: ScriptMap) -> None:
    """Beside each declared script, or within it as a data: address."""
    if script.map.status == 200 and is_source_map(script.map.body):
        report([Finding.of(f"{script.path}.map", seen="published", wanted="absent", what="a source map")])
    if INLINE.search(script.script.body):
        report([Finding.of(script.path, seen="inside the script", wanted="absent", what="a source map")])
