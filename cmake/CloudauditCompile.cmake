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

# Times after 2038 and large inodes on 32-bit systems; no time_t is part of an interface here.
if(CMAKE_SIZEOF_VOID_P EQUAL 4)
  target_compile_definitions(cloudaudit-flags INTERFACE _FILE_OFFSET_BITS=64 _TIME_BITS=64)
endif()

# Hardening of release builds. A packager's or a parent project's own choice of _FORTIFY_SOURCE stays.
string(TOUPPER "${CMAKE_BUILD_TYPE}" build_type)
get_directory_property(parent_options COMPILE_OPTIONS)
get_directory_property(parent_definitions COMPILE_DEFINITIONS)
set(given_flags "${CMAKE_C_FLAGS} ${CMAKE_C_FLAGS_${build_type}} ${parent_options} ${parent_definitions}")
if(NOT CLOUDAUDIT_SANITIZE AND NOT CLOUDAUDIT_FUZZ AND NOT given_flags MATCHES "-fsanitize")
  target_compile_options(cloudaudit-flags INTERFACE -fstack-protector-strong)
  if(NOT given_flags MATCHES "_FORTIFY_SOURCE")
    target_compile_options(
      cloudaudit-flags
      INTERFACE $<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2>)
  endif()
endif()
if(APPLE)
  set(full_relro "")
else()
  set(full_relro -Wl,-z,relro -Wl,-z,now)
endif()

# cloudaudit_optional(<option> <variable>): REQUIRED when the option is ON rather than AUTO.
function(cloudaudit_optional option variable)
  if("${${option}}" STREQUAL "AUTO")
    set(${variable} "" PARENT_SCOPE)
  else()
    set(${variable} REQUIRED PARENT_SCOPE)
  endif()
endfunction()

# cloudaudit_left_out(<library> <parts> <consequence>), which the end of the configuration repeats.
function(cloudaudit_left_out library parts consequence)
  set_property(GLOBAL APPEND_STRING PROPERTY CLOUDAUDIT_LEFT_OUT
               "  ${library} was not found: ${parts} left out, so that ${consequence}\n")
endfunction()

function(cloudaudit_say_what_is_left_out)
  get_property(text GLOBAL PROPERTY CLOUDAUDIT_LEFT_OUT)
  if(text)
    message(STATUS "Left out:\n${text}")
  endif()
endfunction()

# The source folder as the beginning of a pattern of file(GLOB).
string(REGEX REPLACE "([[*?])" "[\\1]" source_pattern "${PROJECT_SOURCE_DIR}")

# cloudaudit_sources(<variable> <pattern>...): the matching files; each build looks again.
function(cloudaudit_sources variable)
  list(TRANSFORM ARGN PREPEND "${source_pattern}/")
  file(GLOB found CONFIGURE_DEPENDS ${ARGN})
  set(${variable} ${found} PARENT_SCOPE)
endfunction()

# A library finds the one that it needs in its own folder, wherever the tree is.
if(APPLE)
  set(library_origin "@loader_path")
else()
  set(library_origin "$ORIGIN")
endif()

# With it, other systems hide calls that POSIX does not have.
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  set(posix _POSIX_C_SOURCE=200809L)
else()
  set(posix "")
endif()

# cloudaudit_library(<name> SOURCES ... [POSIX] [NEEDS <library>] LIBRARIES ...): <name> (shared)
# and <name>-static from the same objects.
function(cloudaudit_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "POSIX" "NEEDS" "SOURCES;LIBRARIES")
  add_library(${name}-objects OBJECT ${arg_SOURCES})
  target_link_libraries(${name}-objects PRIVATE cloudaudit-flags ${arg_LIBRARIES})
  if(arg_POSIX)
    target_compile_definitions(${name}-objects PRIVATE ${posix})
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
  # For a project that takes this one in by add_subdirectory.
  foreach(target ${name} ${name}-static)
    target_include_directories(${target} INTERFACE "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/csrc/include>")
  endforeach()
  if(arg_NEEDS)
    target_link_libraries(${name} PUBLIC ${arg_NEEDS})
    target_link_libraries(${name}-static PUBLIC ${arg_NEEDS}-static)
  endif()
  if(NOT CLOUDAUDIT_SANITIZE AND NOT APPLE)
    target_link_options(${name} PRIVATE -Wl,--no-undefined -Wl,--gc-sections)
  endif()
  target_link_options(${name} PRIVATE ${full_relro})
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
  target_compile_definitions(lua-${name} PRIVATE ${posix} CAUDIT_MODULE)
  target_link_libraries(lua-${name} PRIVATE cloudaudit-flags ${arg_LIBRARIES})
  if(APPLE)
    target_link_options(lua-${name} PRIVATE -undefined dynamic_lookup -Wl,-dead_strip)
  else()
    # nodelete: lua_close of 5.1 and LuaJIT unloads modules before the last finalizers run, which may
    # call them; and a thread of libcurl may still wait for a name server.
    target_link_options(lua-${name} PRIVATE -Wl,--exclude-libs,ALL -Wl,--gc-sections
                        -Wl,--as-needed -Wl,-z,nodelete ${full_relro})
  endif()
  install(TARGETS lua-${name} LIBRARY DESTINATION "${CLOUDAUDIT_LUA_MODULE_DIR}/cloudaudit")
endfunction()
