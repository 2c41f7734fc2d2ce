// The options of `hearsay list`.
#include "cli/declare.hpp"
#include "cli/shared_options.hpp"

namespace hearsay::cli {

void declare_list(VerbSet& verbs, Body<ListSettings> body) {
  auto [options, list] = verbs.add<ListSettings>(
      "list", "Lists the strategies of a role, or the parameters of one strategy",
      "Examples:\n  hearsay list\n  hearsay list membership\n  hearsay list membership swim", std::move(body));
  options.argument("ROLE", list.role, false, "membership, dissemination, replication, ring, or 'metrics'");
  options.argument("NAME", list.name, false, "A strategy of the role");
  options.flag("--json", list.json, "Prints an array of objects");
  add_color(options, list.color);
}

}  // namespace hearsay::cli
