"""`python -m gonogo.demo`: the demo's process; see `gonogo.demo.server`."""

import sys

try:
    from gonogo.demo.server import main
except ModuleNotFoundError as missing:
    sys.stderr.write(f"The embedded demo needs {missing.name}: pip install 'gonogo[demo]'\n")
    sys.exit(1)

sys.exit(main())
