#include "cli/figure_text.hpp"

namespace hearsay::cli {

std::string cut(std::string_view text, std::size_t width) {
  std::size_t columns = 0;
  std::size_t keep = 0;  // bytes of the first width - 3 columns
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) == 0x80U) continue;  // goes on with the character before
    if (columns + 3 == width) keep = i;
    if (++columns > width) return std::string(text.substr(0, keep)) + "...";
  }
  return std::string(text);
}

}  // namespace hearsay::cli
