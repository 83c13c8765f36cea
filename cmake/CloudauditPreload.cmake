# libcloudaudit-lua.a: the C modules and the Lua files in one archive, for a host that embeds the
# same Lua version. Building it needs no interpreter.

file(GLOB_RECURSE embedded_files CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/lua"
     "${source_pattern}/lua/cloudaudit/*.lua")
# Annotations for editors contain no code.
list(FILTER embedded_files EXCLUDE REGEX "cloudaudit/types\\.lua$")
list(TRANSFORM embedded_files PREPEND "${PROJECT_SOURCE_DIR}/lua/" OUTPUT_VARIABLE embedded_paths)

# Listed in a file, so that removing a Lua file counts as a change.
set(embedded_list "${PROJECT_BINARY_DIR}/embedded.txt")
list(JOIN embedded_files "\n" embedded_text)
file(CONFIGURE OUTPUT "${embedded_list}" CONTENT "${embedded_text}\n")

set(embedded_source "${PROJECT_BINARY_DIR}/embedded.c")
set(embed "${CMAKE_COMMAND}" "-DROOT=${PROJECT_SOURCE_DIR}/lua" "-DLIST=${embedded_list}"
          "-DOUTPUT=${embedded_source}" -P "${PROJECT_SOURCE_DIR}/cmake/embed_lua.cmake")
set(embed_needs ${embedded_paths} "${PROJECT_SOURCE_DIR}/cmake/embed_lua.cmake")
if(embedded_source MATCHES "#")
  # CMake takes no such path as the output of a command.
  execute_process(COMMAND ${embed} COMMAND_ERROR_IS_FATAL ANY)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${embed_needs})
else()
  add_custom_command(
    OUTPUT "${embedded_source}"
    COMMAND ${embed}
    DEPENDS ${embed_needs} "${embedded_list}"
    COMMENT "Embedding the Lua files" VERBATIM)
endif()

cloudaudit_sources(preload_sources csrc/preload/*.c)
add_library(cloudaudit-lua STATIC ${preload_sources} "${embedded_source}" ${core_binding}
                                  $<TARGET_OBJECTS:cloudaudit-objects>)
target_include_directories(cloudaudit-lua SYSTEM PRIVATE ${CLOUDAUDIT_LUA_INCLUDE_DIR})
target_compile_definitions(cloudaudit-lua PRIVATE ${posix})
target_include_directories(cloudaudit-lua INTERFACE "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/csrc/include>")
target_link_libraries(cloudaudit-lua PRIVATE cloudaudit-flags OpenSSL::Crypto m)
set(CLOUDAUDIT_LUA_REQUIRES libcrypto)
if(TARGET lua-curl)
  target_sources(cloudaudit-lua PRIVATE ${curl_binding} $<TARGET_OBJECTS:cloudaudit-curl-objects>)
  target_compile_definitions(cloudaudit-lua PRIVATE CAUDIT_PRELOAD_CURL)
  target_link_libraries(cloudaudit-lua PRIVATE CURL::libcurl)
  string(PREPEND CLOUDAUDIT_LUA_REQUIRES "libcurl, ")
endif()
