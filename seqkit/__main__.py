"""`python -m seqkit`: the same program as `seqkit` and `sqk`."""

import sys

from seqkit.cli.main import main

sys.exit(main())
