# cmake --install: the program, the scenarios, and a package that find_package(hearsay) finds, with the targets
# hearsay::core, hearsay::plan, hearsay::measure, hearsay::rings, hearsay::world and hearsay::transport.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(package "${CMAKE_INSTALL_LIBDIR}/cmake/hearsay")

install(TARGETS hearsay_core hearsay_plan hearsay_measure hearsay_rings hearsay_world hearsay_transport EXPORT hearsay
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
        FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/hearsay")
install(EXPORT hearsay NAMESPACE hearsay:: FILE hearsayTargets.cmake DESTINATION "${package}")

configure_package_config_file(cmake/hearsayConfig.cmake.in "${PROJECT_BINARY_DIR}/hearsayConfig.cmake"
                              INSTALL_DESTINATION "${package}")
# Before 1.0 a minor release may change the interface.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/hearsayConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/hearsayConfig.cmake" "${PROJECT_BINARY_DIR}/hearsayConfigVersion.cmake"
        DESTINATION "${package}")

if(TARGET hearsay)
  install(TARGETS hearsay RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
  install(DIRECTORY scenarios/ DESTINATION "${CMAKE_INSTALL_DATADIR}/hearsay/scenarios" FILES_MATCHING
          PATTERN "*.toml" PATTERN "*.csv")
endif()
