"""FuseSoC's generator of dqa_core: runs gen-verilog in the folder that FuseSoC gives it.

gen-verilog is what the environment variable GEN_VERILOG names; otherwise Cargo builds it.
"""

import os
import subprocess
from pathlib import Path

from fusesoc.capi2.generator import Generator

CARGO = Path(__file__).resolve().parents[3] / "Cargo.toml"


class GenVerilog(Generator):
    def run(self):
        program = ["cargo", "run", "--release", "--manifest-path", str(CARGO)]
        program += ["--bin", "gen-verilog", "--"]
        if "GEN_VERILOG" in os.environ:
            program = [os.environ["GEN_VERILOG"]]
        options = [f"--{name}={value}" for name, value in (self.config or {}).items()]
        subprocess.run([*program, "--core=core", "--out=.", *options], check=True)
        self.add_files(["dqa_core.v"], file_type="verilogSource")
        lanes = {"datatype": "int", "default": self.config["lanes"], "paramtype": "vlogdefine"}
        self.add_parameter("DQA_LANES", lanes)


if __name__ == "__main__":
    generator = GenVerilog()
    generator.run()
    generator.write()
