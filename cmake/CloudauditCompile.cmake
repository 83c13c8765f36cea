# Compile options of every target, and functions for the kinds of targets that a folder becomes.

add_library(cloudaudit-flags INTERFACE)
target_include_directories(cloudaudit-flags INTERFACE "${PROJECT_SOURCE_DIR}/csrc/include"
                                                      "${PROJECT_SOURCE_DIR}/csrc")
target_compile_options(
  cloudaudit-flags
  INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wcast-qual -ffunction-sections
            -fdata-sections $<$<BOOL:${CLOUDAUDIT_WERROR}>:-Werror>)
if(CLOUDAUDIT_SANITIZE OR CLOUDAUDIT_FUZZ)
  set(sanitize -fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all -fno-omit-frame-pointer)
  if(CLOUDAUDIT_FUZZ)
    list(APPEND sanitize -fsanitize=fuzzer-no-link)
  endif()
  target_compile_options(cloudaudit-flags INTERFACE ${sanitize})
  target_compile_definitions(cloudaudit-flags INTERFACE CAUDIT_LUA_CHECKS)
  target_include_directories(cloudaudit-flags INTERFACE "${PROJECT_SOURCE_DIR}/spec/c")
  target_link_options(cloudaudit-flags INTERFACE ${sanitize})
endif()

# cloudaudit_sources(<variable> <pattern>...): the matching files; each build looks again.
function(cloudaudit_sources variable)
  list(TRANSFORM ARGN PREPEND "${PROJECT_SOURCE_DIR}/")
  file(GLOB found CONFIGURE_DEPENDS ${ARGN})
  set(${variable} ${found} PARENT_SCOPE)
endfunction()

# A library finds the one that it needs in its own folder, wherever the tree is.
if(APPLE)
  set(library_origin "@loader_path")
else()
  set(library_origin "$ORIGIN")
endif()

# cloudaudit_library(<name> SOURCES ... [POSIX] [NEEDS <library>] LIBRARIES ...): <name> (shared)
# and <name>-static from the same objects.
function(cloudaudit_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "POSIX" "NEEDS" "SOURCES;LIBRARIES")
  add_library(${name}-objects OBJECT ${arg_SOURCES})
  target_link_libraries(${name}-objects PRIVATE cloudaudit-flags ${arg_LIBRARIES})
  if(arg_POSIX)
    target_compile_definitions(${name}-objects PRIVATE _POSIX_C_SOURCE=200809L)
  endif()
  add_library(${name} SHARED $<TARGET_OBJECTS:${name}-objects>)
  add_library(${name}-static STATIC $<TARGET_OBJECTS:${name}-objects>)
  set_target_properties(${name} PROPERTIES VERSION ${PROJECT_VERSION}
                                           SOVERSION ${PROJECT_VERSION_MAJOR})
  if(arg_NEEDS)
    set_target_properties(${name} PROPERTIES INSTALL_RPATH "${library_origin}")
  endif()
  set_target_properties(${name}-static PROPERTIES OUTPUT_NAME ${name})
  if(NOT CLOUDAUDIT_INSTALL_C)
    set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()
  target_link_libraries(${name} PRIVATE cloudaudit-flags ${arg_LIBRARIES})
  target_link_libraries(${name}-static PRIVATE ${arg_LIBRARIES})
  if(arg_NEEDS)
    target_link_libraries(${name} PUBLIC ${arg_NEEDS})
    target_link_libraries(${name}-static PUBLIC ${arg_NEEDS}-static)
  endif()
  if(NOT CLOUDAUDIT_SANITIZE AND NOT APPLE)
    target_link_options(${name} PRIVATE -Wl,--no-undefined -Wl,--gc-sections)
  endif()
endfunction()

# cloudaudit_module(<name> SOURCES ... LIBRARIES ...): the Lua module cloudaudit.<name>, at
# <build>/lua/cloudaudit/<name>.so. Lua's symbols come from the host; the module exports luaopen_*
# only.
function(cloudaudit_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBRARIES")
  add_library(lua-${name} MODULE ${arg_SOURCES})
  set_target_properties(
    lua-${name} PROPERTIES PREFIX "" OUTPUT_NAME ${name} SUFFIX .so
                           LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lua/cloudaudit")
  target_include_directories(lua-${name} SYSTEM PRIVATE ${CLOUDAUDIT_LUA_INCLUDE_DIR})
  target_compile_definitions(lua-${name} PRIVATE _POSIX_C_SOURCE=200809L CAUDIT_MODULE)
  target_link_libraries(lua-${name} PRIVATE cloudaudit-flags ${arg_LIBRARIES})
  if(APPLE)
    target_link_options(lua-${name} PRIVATE -undefined dynamic_lookup -Wl,-dead_strip)
  else()
    target_link_options(lua-${name} PRIVATE -Wl,--exclude-libs,ALL -Wl,--gc-sections
                        -Wl,--as-needed)
  endif()
  install(TARGETS lua-${name} LIBRARY DESTINATION "${CLOUDAUDIT_LUA_MODULE_DIR}/cloudaudit")
endfunction()
