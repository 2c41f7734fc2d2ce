# hearsay_version: an interface target with the generated header hearsay_version.hpp (version, commit, compiler, build
# type). The commit is read when building, not when configuring, and the header is written when it changed only: a
# commit recompiles what includes the header (one file of cli/) and nothing else.
if(CMAKE_SCRIPT_MODE_FILE)
  set(commit "unknown")
  if(EXISTS "${source_dir}/.git")
    execute_process(COMMAND git describe --always --dirty --abbrev=12 --exclude=*
                    WORKING_DIRECTORY "${source_dir}" OUTPUT_VARIABLE described RESULT_VARIABLE failed
                    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    if(NOT failed)
      set(commit "${described}")
    endif()
  endif()
  configure_file("${source_dir}/cmake/hearsay_version.hpp.in" "${output}" @ONLY)
  return()
endif()

set(generated "${PROJECT_BINARY_DIR}/generated")
add_custom_target(hearsay_version_header
  COMMAND "${CMAKE_COMMAND}" "-Dsource_dir=${PROJECT_SOURCE_DIR}" "-Doutput=${generated}/hearsay_version.hpp"
          "-Dversion=${PROJECT_VERSION}" "-Dcompiler=${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}"
          "-Dbuild_type=${CMAKE_BUILD_TYPE}" -P "${CMAKE_CURRENT_LIST_FILE}"
  BYPRODUCTS "${generated}/hearsay_version.hpp"
  COMMENT "Reading the commit"
  VERBATIM)
add_library(hearsay_version INTERFACE)
target_include_directories(hearsay_version INTERFACE "${generated}")
add_dependencies(hearsay_version hearsay_version_header)
