# What every target of ours is compiled with, and how a library of ours is declared.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)

if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
  set(CMAKE_COLOR_DIAGNOSTICS ON)
  set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
  if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release)
  endif()

  # ccache, where it is installed. Paths are hashed relative to the tree, so a second clone hits what the first one
  # compiled; the sloppiness is what its manual asks for with precompiled headers.
  find_program(HEARSAY_CCACHE ccache)
  if(HEARSAY_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND}" -E env "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros "${HEARSAY_CCACHE}")
  endif()

  # The sanitizers hold for the whole build: one half with and one half without AddressSanitizer reports nonsense.
  if(HEARSAY_SANITIZE)
    add_compile_options("-fsanitize=${HEARSAY_SANITIZE}" -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_link_options("-fsanitize=${HEARSAY_SANITIZE}")
  endif()
  # Coverage feedback in the libraries is what makes libFuzzer more than a random generator.
  if(HEARSAY_BUILD_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
  endif()
endif()

# Clang blames std::stable_sort's caller for the deprecated function that GCC 12's own header calls.
add_library(hearsay_options INTERFACE)
target_compile_options(hearsay_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations>
  $<$<BOOL:${HEARSAY_WERROR}>:-Werror>)

# hearsay_library(NAME DIRECTORIES dir... LINK target...): a library hearsay_NAME of all sources below the directories,
# exported as hearsay::NAME: a static one, or an interface where there are headers alone. Includes are relative to the
# root of the tree, and under include/hearsay once installed.
function(hearsay_library name)
  cmake_parse_arguments(arg "" "" "DIRECTORIES;LINK" ${ARGN})
  set(headers)
  set(sources)
  foreach(directory IN LISTS arg_DIRECTORIES)
    file(GLOB_RECURSE found_headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${directory}/*.hpp")
    file(GLOB_RECURSE found_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${directory}/*.cpp")
    list(APPEND headers ${found_headers})
    list(APPEND sources ${found_sources})
  endforeach()
  if(sources)
    add_library(hearsay_${name} STATIC ${sources})
    set(scope PUBLIC)
    set_target_properties(hearsay_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_link_libraries(hearsay_${name} PRIVATE $<BUILD_INTERFACE:hearsay_options>)
  else()
    add_library(hearsay_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(hearsay::${name} ALIAS hearsay_${name})
  set_target_properties(hearsay_${name} PROPERTIES EXPORT_NAME ${name})
  target_sources(hearsay_${name} ${scope} FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}" FILES ${headers})
  target_compile_features(hearsay_${name} ${scope} cxx_std_20)
  # No contracted floating point, for us and for whoever instantiates our templates: an FMA rounds once where two
  # operations round twice, and the fingerprint would depend on the compiler.
  target_compile_options(hearsay_${name} ${scope} -ffp-contract=off)
  target_link_libraries(hearsay_${name} ${scope} ${arg_LINK})
endfunction()
