# Stand-ins for the Vivado commands that package.tcl uses. They print what they are called with and refuse
# options that Vivado's command reference (UG835) does not give them.
#
# stand_in COMMAND {OPTIONS WITH A VALUE} {FLAGS} RESULT
proc stand_in {command valued flags result} {
  proc $command args [format {
    set words $args
    while {[llength $words] > 0} {
      set words [lassign $words word]
      if {$word in {%1$s}} {
        if {[llength $words] == 0} {error "%3$s: $word needs a value"}
        set words [lrange $words 1 end]
      } elseif {[string match -* $word] && $word ni {%2$s}} {
        error "%3$s: no option $word"
      }
    }
    puts "%3$s $args"
    return "%4$s"
  } $valued $flags $command $result]
}
namespace eval ipx {}
stand_in create_project {-part} {-force -in_memory -ip -rtl_kernel} project
stand_in add_files {-fileset -scan_for_includes} {-norecurse -quiet -verbose} files
stand_in current_fileset {} {-constrset -simset -srcset -blockset} sources_1
stand_in update_compile_order {-fileset} {} {}
stand_in set_property {-dict -name -value -objects} {-quiet} {}
stand_in close_project {} {-delete} {}
stand_in ipx::package_project {-root_dir -vendor -library -taxonomy -name -version -module -set_current} \
  {-import_files -force -force_update_compile_order -quiet} component
stand_in ipx::current_core {} {} component
stand_in ipx::create_xgui_files {-logo_file} {} {}
stand_in ipx::update_checksums {} {} {}
stand_in ipx::check_integrity {} {-quiet -kernel -xrt} 1
stand_in ipx::save_core {} {} {}
