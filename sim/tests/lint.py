"""Says what slang finds wrong with Verilog: lint.py OPTION... FILE..., the options being slang's."""

import sys

from pyslang import driver

slang = driver.Driver()
slang.addStandardArgs()
clean = (
    slang.parseCommandLine(" ".join(["slang", *sys.argv[1:]]))
    and slang.processOptions()
    and slang.parseAllSources()
    and slang.runFullCompilation(True)
)
sys.exit(not clean)
