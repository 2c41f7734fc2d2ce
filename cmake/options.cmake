# What every target of ours is compiled with, and how a library of ours is declared.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

add_library(hearsay_options INTERFACE)
target_compile_options(hearsay_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  $<$<BOOL:${HEARSAY_WERROR}>:-Werror>)

# hearsay_library(NAME DIRECTORIES dir... LINK target...): a static library hearsay_NAME of all sources below the
# directories, exported as hearsay::NAME. Includes are relative to the root of the tree.
function(hearsay_library name)
  cmake_parse_arguments(arg "" "" "DIRECTORIES;LINK" ${ARGN})
  set(sources)
  foreach(directory IN LISTS arg_DIRECTORIES)
    file(GLOB_RECURSE found CONFIGURE_DEPENDS
         "${PROJECT_SOURCE_DIR}/${directory}/*.cpp" "${PROJECT_SOURCE_DIR}/${directory}/*.hpp")
    list(APPEND sources ${found})
  endforeach()
  add_library(hearsay_${name} STATIC ${sources})
  add_library(hearsay::${name} ALIAS hearsay_${name})
  set_target_properties(hearsay_${name} PROPERTIES EXPORT_NAME ${name} LINKER_LANGUAGE CXX POSITION_INDEPENDENT_CODE ON)
  target_include_directories(hearsay_${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:include/hearsay>)
  target_compile_features(hearsay_${name} PUBLIC cxx_std_20)
  # No contracted floating point, for us and for whoever instantiates our templates: an FMA rounds once where two
  # operations round twice, and the fingerprint would depend on the compiler.
  target_compile_options(hearsay_${name} PUBLIC -ffp-contract=off)
  target_link_libraries(hearsay_${name} PUBLIC ${arg_LINK} PRIVATE $<BUILD_INTERFACE:hearsay_options>)
endfunction()
