//! Cosimulation of the emitted Verilog under Verilator.
