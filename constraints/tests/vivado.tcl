# More of them: those of build.tcl. Options are those of UG835.
stand_in create_ip {-name -vendor -library -version -module_name -dir} {-force} {}
stand_in get_ips {-of_objects -filter} {-regexp -nocase -all -quiet} xdma_0
stand_in generate_target {} {-force -quiet} {}
stand_in get_files {-of_objects -filter} {-regexp -nocase -all -quiet} file
stand_in launch_runs {-jobs -to_step -dir -host -remote_cmd} {-scripts_only -next_step -force} {}
stand_in wait_on_run {-timeout} {} {}
stand_in open_run {-name -pr_config} {} {}
stand_in report_utilization {-file -pblocks -cells} {-append -hierarchical} {}
stand_in report_timing_summary {-file -max_paths -nworst -delay_type} {-append -check_timing_verbose} {}
stand_in get_timing_paths {-from -to -through -max_paths -nworst -delay_type} {-hold -setup} path
stand_in get_property {} {-min -max -quiet} 0.25
stand_in write_cfgmem {-format -size -interface -loadbit -loaddata} {-force -disablebitswap -checksum} {}
