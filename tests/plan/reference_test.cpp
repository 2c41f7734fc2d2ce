// The reference page is held to what the reader does: its examples are read, and every key is on it.
#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "tests/plan/read.hpp"

using namespace hearsay;
using namespace hearsay::test;

namespace {

constexpr const char* kPage = "docs/reference/scenario.md";

std::string page() {
  std::ifstream file(kPage);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> examples(const std::string& text) {
  const std::string open = "```toml\n";
  std::vector<std::string> found;
  for (std::size_t at = text.find(open); at != std::string::npos; at = text.find(open, at)) {
    at += open.size();
    found.push_back(text.substr(at, text.find("```", at) - at));
  }
  return found;
}

// The valid keys, as the message about an unknown one lists them.
std::vector<std::string> keys_in(const std::string& message) {
  const std::string before = "expected one of ";
  const std::size_t begin = message.find(before) + before.size();
  std::string list = message.substr(begin, message.find(';', begin) - begin);
  std::vector<std::string> keys;
  for (std::size_t comma = 0; comma != std::string::npos;) {
    comma = list.find(", ");
    keys.push_back(list.substr(0, comma));
    if (comma != std::string::npos) list.erase(0, comma + 2);
  }
  return keys;
}

}  // namespace

TEST_CASE("every example of the reference is a scenario") {
  const std::vector<std::string> all = examples(page());
  CHECK(all.size() >= 10);
  for (const std::string& example : all) {
    CAPTURE(example);
    std::string text = example.find("\nduration = ") == std::string::npos && !example.starts_with("duration")
                           ? "duration = \"60s\"\n"
                           : "";
    text += example;
    const auto plan = plan::read_text(text, kPage, {}, Catalogue::builtin());
    CHECK_MESSAGE(plan.has_value(), (plan ? "" : plan.error().message));
  }
}

TEST_CASE("every key and every kind of event is in the reference") {
  const std::string text = page();
  std::vector<std::string> headings{"",           "[nodes]", "[[group]]",  "[[region]]", "[network]",  "[[clock]]",
                                    "[[client]]", "[[op]]",  "[[expect]]", "[measure]",  "[simulator]"};
  const std::string kinds = said("[[event]]\nkind = \"zzzzzz\"\n");
  for (const std::string& kind : keys_in(kinds)) headings.push_back("[[event]]\nat = \"5s\"\nkind = \"" + kind + "\"");
  headings.push_back("[[region]]\nname = \"eu\"\n[[network.link]]");
  for (const std::string& heading : headings) {
    const std::string message = said(heading + "\nzzzzzz = 1\n");
    CAPTURE(message);
    REQUIRE(message.find("unknown key 'zzzzzz'") != std::string::npos);
    for (const std::string& key : keys_in(message)) {
      CAPTURE(key);
      const bool there = text.find("`" + key + "`") != std::string::npos ||
                         text.find("[" + key + "]") != std::string::npos ||
                         text.find("[network." + key + "]") != std::string::npos;
      CHECK(there);
    }
  }
  for (const std::string& kind : keys_in(kinds)) CHECK(text.find("`" + kind + "`") != std::string::npos);
}
