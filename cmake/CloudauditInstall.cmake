# Everything that `cmake --install` installs besides the Lua modules (cloudaudit_module installs
# those): Lua files, the command, headers, libraries and .pc files. No installed file contains the
# prefix, so the tree can be moved, unless a folder was set to an absolute path outside of it.

if(EXISTS "${PROJECT_SOURCE_DIR}/lua/cloudaudit")
  install(DIRECTORY lua/cloudaudit DESTINATION "${CLOUDAUDIT_LUA_SHARE_DIR}"
          FILES_MATCHING PATTERN "*.lua")
endif()
if(EXISTS "${PROJECT_SOURCE_DIR}/bin/cloudaudit")
  install(PROGRAMS bin/cloudaudit DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()

# cloudaudit_pc_folder(<variable> <folder>): the folder as a .pc file names it.
function(cloudaudit_pc_folder variable folder)
  if(IS_ABSOLUTE "${folder}")
    set(${variable} "${folder}" PARENT_SCOPE)
  else()
    set(${variable} "\${prefix}/${folder}" PARENT_SCOPE)
  endif()
endfunction()

if(CLOUDAUDIT_INSTALL_C)
  install(DIRECTORY csrc/include/cloudaudit DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
          FILES_MATCHING PATTERN "*.h" PATTERN "*.def")
  if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
    set(PC_PREFIX "${CMAKE_INSTALL_PREFIX}")
  else()
    file(RELATIVE_PATH PC_PREFIX "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
    string(REGEX REPLACE "/$" "" PC_PREFIX "\${pcfiledir}/${PC_PREFIX}")
  endif()
  cloudaudit_pc_folder(PC_LIBDIR "${CMAKE_INSTALL_LIBDIR}")
  cloudaudit_pc_folder(PC_INCLUDEDIR "${CMAKE_INSTALL_INCLUDEDIR}")
  foreach(name cloudaudit cloudaudit-curl cloudaudit-lua)
    if(TARGET ${name})
      set(targets ${name})
      if(TARGET ${name}-static)
        list(APPEND targets ${name}-static)
      endif()
      install(TARGETS ${targets} LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
              ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
      configure_file(cmake/${name}.pc.in ${name}.pc @ONLY)
      install(FILES "${PROJECT_BINARY_DIR}/${name}.pc"
              DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
    endif()
  endforeach()

  # A staged tree (DESTDIR) is used elsewhere, where other folders may be searched.
  install(
    CODE "if(\"\$ENV{DESTDIR}\" STREQUAL \"\")
            set(folders \"${CLOUDAUDIT_LUA_SHARE_DIR}\" \"${CLOUDAUDIT_LUA_MODULE_DIR}\" \"${CMAKE_INSTALL_LIBDIR}\")
            list(TRANSFORM folders PREPEND \"\${CMAKE_INSTALL_PREFIX}/\" REGEX \"^[^/]\")
            execute_process(COMMAND sh \"${PROJECT_SOURCE_DIR}/cmake/search_paths.sh\"
                            \"${CLOUDAUDIT_LUA}\" \${folders})
          endif()")
endif()
