# Installs the build in BUILD_DIR to a fresh prefix under WORK_DIR, then configures, builds and runs the consumer there.
#   cmake -D BUILD_DIR=... -D WORK_DIR=... -D CXX=... -P run.cmake
function(must)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE failed OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(failed)
    message(FATAL_ERROR "${ARGN}\n${output}")
  endif()
endfunction()

file(REMOVE_RECURSE "${WORK_DIR}")
set(ENV{DESTDIR} "")
must("${CMAKE_COMMAND}" --install "${BUILD_DIR}" --prefix "${WORK_DIR}/prefix")
# The source is copied, so that no path into the tree can help.
file(COPY "${CMAKE_CURRENT_LIST_DIR}/CMakeLists.txt" "${CMAKE_CURRENT_LIST_DIR}/main.cpp" DESTINATION "${WORK_DIR}/source")
must("${CMAKE_COMMAND}" -G Ninja -S "${WORK_DIR}/source" -B "${WORK_DIR}/build" "-DCMAKE_PREFIX_PATH=${WORK_DIR}/prefix"
     "-DCMAKE_CXX_COMPILER=${CXX}")
must("${CMAKE_COMMAND}" --build "${WORK_DIR}/build")
must("${CMAKE_CTEST_COMMAND}" --test-dir "${WORK_DIR}/build" --no-tests=error --output-on-failure)

# Strategies of one's own: what the pages say, with the installed program and against the installed package.
if(EXISTS "${WORK_DIR}/prefix/bin/hearsay" AND PYTHON)
  set(ENV{CMAKE_PREFIX_PATH} "${WORK_DIR}/prefix")
  set(ENV{CXX} "${CXX}")
  must("${PYTHON}" "${CMAKE_CURRENT_LIST_DIR}/../docs/outputs.py" --built "${WORK_DIR}/prefix/bin/hearsay"
       "${CMAKE_CURRENT_LIST_DIR}/../.." "${CMAKE_CURRENT_LIST_DIR}/../../docs/howto/write-a-ring.md"
       "${CMAKE_CURRENT_LIST_DIR}/../../docs/howto/write-a-strategy.md")
endif()
