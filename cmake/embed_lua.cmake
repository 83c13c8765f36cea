# Writes the Lua files that a list names into one C file of byte arrays (csrc/preload/embedded.h).
# usage: cmake -DROOT=lua -DLIST=<file: one path below ROOT a line> -DOUTPUT=x.c -P embed_lua.cmake
file(STRINGS "${LIST}" paths)
set(arrays "")
set(rows "")
set(count 0)
foreach(path IN LISTS paths)
  file(READ "${ROOT}/${path}" bytes HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(APPEND arrays "static const unsigned char file_${count}[] = {${bytes}};\n")
  string(REGEX REPLACE "(/init)?\\.lua$" "" module "${path}")
  string(REPLACE "/" "." module "${module}")
  string(APPEND rows "    {\"${module}\", \"@${path}\", file_${count}, sizeof file_${count}},\n")
  math(EXPR count "${count} + 1")
endforeach()
file(WRITE "${OUTPUT}" "/* Made by cmake/embed_lua.cmake from lua/. */\n"
     "#include \"preload/embedded.h\"\n\n${arrays}\n"
     "const struct caudit_lua_file caudit_lua_files[] = {\n${rows}};\n"
     "const size_t caudit_lua_file_count = ${count};\n")
