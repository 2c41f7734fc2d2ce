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

# A ring of one's own: written, built against the package, checked and compared by the installed program.
set(hearsay "${WORK_DIR}/prefix/bin/hearsay")
if(EXISTS "${hearsay}")
  must("${hearsay}" new ring my-ring "${WORK_DIR}/ring")
  must("${CMAKE_COMMAND}" -G Ninja -S "${WORK_DIR}/ring" -B "${WORK_DIR}/ring/build" "-DCMAKE_PREFIX_PATH=${WORK_DIR}/prefix"
       "-DCMAKE_CXX_COMPILER=${CXX}")
  must("${CMAKE_COMMAND}" --build "${WORK_DIR}/ring/build")
  must("${CMAKE_CTEST_COMMAND}" --test-dir "${WORK_DIR}/ring/build" --no-tests=error --output-on-failure)
  must("${hearsay}" --plugin "${WORK_DIR}/ring/build/libmy-ring.so" ring compare my-ring karger --nodes 10 --no-times)
endif()
