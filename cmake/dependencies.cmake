# Packages, all from Debian 12 (tools/install-dependencies installs them). What the libraries need, an installed
# hearsay needs too: keep hearsayConfig.cmake.in in step.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(tl-expected REQUIRED)
find_package(fmt REQUIRED)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
find_package(tomlplusplus REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(cppzmq REQUIRED)
pkg_check_modules(hiredis REQUIRED IMPORTED_TARGET hiredis)
pkg_check_modules(libmemcached REQUIRED IMPORTED_TARGET libmemcached)

# Random123 is headers alone, and Debian ships neither a CMake nor a pkg-config file with it.
find_path(HEARSAY_RANDOM123 Random123/philox.h REQUIRED)
mark_as_advanced(HEARSAY_RANDOM123)

# msgpack renamed its package and its target with version 5; both are looked for.
find_package(msgpack-cxx REQUIRED NAMES msgpack-cxx msgpack)
foreach(target IN ITEMS msgpack-cxx msgpackc-cxx)
  if(TARGET ${target})
    set(HEARSAY_MSGPACK ${target})
  endif()
endforeach()

if(HEARSAY_BUILD_CLI)
  find_package(CLI11 REQUIRED)
  find_package(spdlog REQUIRED)
endif()
if(HEARSAY_BUILD_TESTS)
  find_package(doctest REQUIRED)
endif()
if(HEARSAY_BUILD_BENCH)
  find_package(benchmark REQUIRED)
endif()
