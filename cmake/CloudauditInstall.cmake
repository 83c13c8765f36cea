# What `cmake --install` puts where, beside the Lua modules (cloudaudit_module does those): Lua
# files, the command, headers, libraries and .pc files. Nothing installed knows the prefix.

if(EXISTS "${PROJECT_SOURCE_DIR}/lua/cloudaudit")
  install(DIRECTORY lua/cloudaudit DESTINATION "${CLOUDAUDIT_LUA_SHARE_DIR}"
          FILES_MATCHING PATTERN "*.lua")
endif()
if(EXISTS "${PROJECT_SOURCE_DIR}/bin/cloudaudit")
  install(PROGRAMS bin/cloudaudit DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()

if(CLOUDAUDIT_INSTALL_C)
  install(DIRECTORY csrc/include/cloudaudit DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
          FILES_MATCHING PATTERN "*.h" PATTERN "*.def")
  file(RELATIVE_PATH PC_PREFIX "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
  string(REGEX REPLACE "/$" "" PC_PREFIX "${PC_PREFIX}")
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
endif()
