// The options of `hearsay new ring`.
#include "cli/declare.hpp"

namespace hearsay::cli {

void declare_new(VerbSet& verbs, Body<NewSettings> body) {
  verbs.add_family("new", "Writes the skeleton of a strategy of one's own", "Example:\n  hearsay new ring mine ./mine");
  auto [options, made] = verbs.add<NewSettings>(
      "new ring", "Writes a ring that builds, passes its checks and may be changed",
      "Example:\n"
      "  hearsay new ring mine ./mine && cd mine\n"
      "  cmake -B build && cmake --build build && ctest --test-dir build\n"
      "  hearsay --plugin build/libmine.so ring compare mine karger\n\n"
      "Writes NAME.cpp, CMakeLists.txt and README.md into a folder that is empty or not there yet. Building needs an\n"
      "installed hearsay (`cmake --install`). docs/howto/write-a-ring.md goes on from there.",
      std::move(body));
  options.argument("NAME", made.name, true, "The ring's name: a letter, then letters, digits and '-'");
  options.argument("DIR", made.folder, true, "Where to write it");
}

}  // namespace hearsay::cli
