# Finds the headers of the Lua that CLOUDAUDIT_LUA names; a module never links liblua.
# Sets CLOUDAUDIT_LUA_INCLUDE_DIR, CLOUDAUDIT_LUA_VERSION (5.1 for LuaJIT) and the folders into
# which modules and Lua files are installed.

find_package(PkgConfig QUIET)

set(lua_names_5.5 lua5.5 lua-5.5 lua55 lua)
set(lua_names_5.4 lua5.4 lua-5.4 lua54 lua)
set(lua_names_5.3 lua5.3 lua-5.3 lua53 lua)
set(lua_names_5.2 lua5.2 lua-5.2 lua52 lua)
set(lua_names_5.1 lua5.1 lua-5.1 lua51 lua)
set(lua_names_luajit luajit)

# The Lua version of a folder's lua.h; empty when there is none.
function(cloudaudit_lua_header_version folder variable)
  set(found "")
  if(EXISTS "${folder}/lua.h")
    file(STRINGS "${folder}/lua.h" number REGEX "^#define[ \t]+LUA_VERSION_NUM[ \t]+50[0-9]")
    if(number MATCHES "50([0-9])")
      set(found "5.${CMAKE_MATCH_1}")
    else()
      # 5.5 computes LUA_VERSION_NUM from its parts.
      file(STRINGS "${folder}/lua.h" minor REGEX "^#define[ \t]+LUA_VERSION_MINOR(_N)?[ \t]+")
      if(minor MATCHES "MINOR(_N)?[ \t]+\"?([0-9]+)")
        set(found "5.${CMAKE_MATCH_2}")
      endif()
    endif()
  endif()
  set(${variable} "${found}" PARENT_SCOPE)
endfunction()

if(CLOUDAUDIT_LUA STREQUAL "luajit")
  set(wanted 5.1)
else()
  set(wanted ${CLOUDAUDIT_LUA})
endif()

set(CLOUDAUDIT_LUA_INCLUDE_DIR "" CACHE PATH "Folder of lua.h; empty: ask pkg-config")
if(CLOUDAUDIT_LUA_INCLUDE_DIR)
  cloudaudit_lua_header_version("${CLOUDAUDIT_LUA_INCLUDE_DIR}" CLOUDAUDIT_LUA_VERSION)
  if(NOT CLOUDAUDIT_LUA_VERSION)
    message(FATAL_ERROR "No lua.h of a known version in ${CLOUDAUDIT_LUA_INCLUDE_DIR}")
  endif()
else()
  foreach(name IN LISTS lua_names_${CLOUDAUDIT_LUA})
    pkg_check_modules(LUA_${name} QUIET ${name})
    if(LUA_${name}_FOUND)
      pkg_get_variable(folder ${name} includedir)
      foreach(candidate IN LISTS LUA_${name}_INCLUDE_DIRS folder)
        cloudaudit_lua_header_version("${candidate}" version_there)
        if(version_there STREQUAL wanted)
          set(CLOUDAUDIT_LUA_INCLUDE_DIR "${candidate}")
          set(CLOUDAUDIT_LUA_VERSION ${wanted})
          break()
        endif()
      endforeach()
    endif()
    if(CLOUDAUDIT_LUA_INCLUDE_DIR)
      break()
    endif()
  endforeach()
  if(NOT CLOUDAUDIT_LUA_INCLUDE_DIR)
    message(FATAL_ERROR "The headers of Lua ${CLOUDAUDIT_LUA} were not found through pkg-config "
                        "(CLOUDAUDIT_LUA is 5.5, 5.4, 5.3, 5.2, 5.1 or luajit). Install them, or set "
                        "CLOUDAUDIT_LUA_INCLUDE_DIR to the folder of lua.h.")
  endif()
endif()
message(STATUS "Lua ${CLOUDAUDIT_LUA_VERSION}: ${CLOUDAUDIT_LUA_INCLUDE_DIR}")

# The cache variables stay empty unless they are set, so that the defaults follow a change of the
# prefix, as CMAKE_INSTALL_LIBDIR does.
set(CLOUDAUDIT_LUA_MODULE_DIR ""
    CACHE STRING "Where C modules are installed; empty: LIBDIR/lua/VERSION")
set(CLOUDAUDIT_LUA_SHARE_DIR ""
    CACHE STRING "Where Lua files are installed; empty: share/lua/VERSION")
if(NOT CLOUDAUDIT_LUA_MODULE_DIR)
  set(CLOUDAUDIT_LUA_MODULE_DIR "${CMAKE_INSTALL_LIBDIR}/lua/${CLOUDAUDIT_LUA_VERSION}")
endif()
if(NOT CLOUDAUDIT_LUA_SHARE_DIR)
  set(CLOUDAUDIT_LUA_SHARE_DIR "share/lua/${CLOUDAUDIT_LUA_VERSION}")
endif()
