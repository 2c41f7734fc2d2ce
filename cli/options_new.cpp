// The options of `hearsay new ring` and its like.
#include <fmt/format.h>

#include "cli/declare.hpp"

namespace hearsay::cli {

void declare_new(VerbSet& verbs, const Body<NewSettings>& body) {
  verbs.add_family("new", "Writes the skeleton of a strategy of one's own",
                   "Examples:\n  hearsay new ring mine ./mine\n  hearsay new membership mine ./mine");
  struct Kind {
    Role role;
    const char* last;  // line of the example
    const char* files;
    const char* page;
  };
  constexpr const char* kRun = "run mine/check.toml";
  constexpr const char* kFiles = "NAME.cpp, check.toml (what it must achieve), CMakeLists.txt and README.md";
  for (const Kind& kind :
       {Kind{Role::kRing, "ring compare mine karger", "NAME.cpp, CMakeLists.txt and README.md", "write-a-ring"},
        Kind{Role::kMembership, kRun, kFiles, "write-a-strategy"},
        Kind{Role::kDissemination, kRun, kFiles, "write-a-strategy"},
        Kind{Role::kReplication, kRun, kFiles, "write-a-strategy"}}) {
    const auto role = to_string(kind.role);
    auto [options, made] = verbs.add<NewSettings>(
        fmt::format("new {}", role), fmt::format("Writes a {} strategy that builds and passes its check", role),
        fmt::format("Example:\n"
                    "  hearsay new {} mine ./mine\n"
                    "  cmake -S mine -B mine/build && cmake --build mine/build && ctest --test-dir mine/build\n"
                    "  hearsay --plugin mine/build/libmine.so {}\n\n"
                    "Writes {} into a folder that is empty or\n"
                    "not there yet. Building needs an installed hearsay (`cmake --install`). docs/howto/{}.md goes on\n"
                    "from there.",
                    role, kind.last, kind.files, kind.page),
        body);
    made.role = kind.role;
    options.argument("NAME", made.name, true, "Its name: a small letter, then small letters, digits and '-'");
    options.argument("DIR", made.folder, true, "Where to write it");
  }
}

}  // namespace hearsay::cli
