# Builds a card's bitstream: vivado -mode batch -source build.tcl
#
# Beside it: board.v, board.xdc, and part.tcl, which sets `part`. Not run in this project, which has no Vivado: a
# test runs it with stand-ins for Vivado's commands. The engine's properties are those of the vendor's own project
# for these cards (RHSResearchLLC/NiteFury-and-LiteFury, Top_xdma_0_0.xci, XDMA 4.1) but for streams, channels
# and device.
source part.tcl
create_project -force -part $part dqa project

create_ip -name xdma -vendor xilinx.com -library ip -module_name xdma_0
set_property -dict [list \
  CONFIG.mode_selection {Advanced} \
  CONFIG.pl_link_cap_max_link_width {X4} \
  CONFIG.pl_link_cap_max_link_speed {5.0_GT/s} \
  CONFIG.axi_data_width {128_bit} \
  CONFIG.axisten_freq {125} \
  CONFIG.plltype {QPLL1} \
  CONFIG.xdma_axi_intf_mm {AXI_Stream} \
  CONFIG.xdma_rnum_chnl {2} \
  CONFIG.xdma_wnum_chnl {2} \
  CONFIG.axilite_master_en {true} \
  CONFIG.axilite_master_size {128} \
  CONFIG.axilite_master_scale {Kilobytes} \
  CONFIG.xdma_num_usr_irq {1} \
  CONFIG.pf0_msi_enabled {true} \
  CONFIG.pf0_device_id {7024} \
  CONFIG.cfg_mgmt_if {false} \
] [get_ips xdma_0]
generate_target all [get_ips xdma_0]

add_files -norecurse board.v
add_files -fileset constrs_1 -norecurse board.xdc
# Ahead of the engine's own constraints, which place its transceivers otherwise.
set_property PROCESSING_ORDER EARLY [get_files board.xdc]
set_property top dqa_acorn [current_fileset]
update_compile_order -fileset sources_1

launch_runs impl_1 -to_step write_bitstream -jobs 4
wait_on_run impl_1
open_run impl_1
report_utilization -file utilization.txt
report_timing_summary -file timing.txt
if {[get_property SLACK [get_timing_paths]] < 0} {error "timing is not met: see timing.txt"}
file copy -force project/dqa.runs/impl_1/dqa_acorn.bit board.bit
write_cfgmem -force -format bin -size 16 -interface SPIx4 -loadbit "up 0 board.bit" board.bin
