#include "transport/key_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>

namespace hearsay::transport {
namespace {

using Z85 = std::array<char, kKeyCharacters + 1>;  // with its NUL

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

tl::unexpected<Error> at_line(const std::string& path, std::size_t line, std::string_view what) {
  return invalid(fmt::format("{}:{}: {}", path, line, what));
}

// A whole file, if it is a small one that none of the `forbidden` may touch. A pipe or a device could block, or never
// end.
Result<std::string> read_file(const std::string& path, mode_t forbidden, std::string_view why) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status{};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) {
    return invalid(fmt::format("{}: {}", path, std::strerror(errno)));
  }
  if (!S_ISREG(status.st_mode)) return invalid(fmt::format("{} is no file", path));
  if ((status.st_mode & forbidden) != 0) return invalid(fmt::format("{} {}", path, why));

  std::string text(kMaxKeyFileBytes + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return invalid(fmt::format("{}: {}", path, std::strerror(errno)));
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kMaxKeyFileBytes) return invalid(fmt::format("{} has over {} bytes", path, kMaxKeyFileBytes));
  text.resize(size);
  return text;
}

// The words of a line that are no comment; at most three, which is one more than any line has.
struct Line {
  std::size_t number = 0;
  std::vector<std::string_view> words;
};

std::vector<Line> lines_of(std::string_view text) {
  std::vector<Line> lines;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    std::string_view rest = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    Line line{number, {}};
    while (line.words.size() < 3) {
      constexpr std::string_view kBlank = " \t\r";
      rest.remove_prefix(std::min(rest.find_first_not_of(kBlank), rest.size()));
      const std::string_view word = rest.substr(0, rest.find_first_of(kBlank));
      if (word.empty() || word.front() == '#') break;
      line.words.push_back(word);
      rest.remove_prefix(word.size());
    }
    if (!line.words.empty()) lines.push_back(std::move(line));
  }
  return lines;
}

// What is wrong with a key; nothing when it is one. Never quotes it: it may be a secret one.
std::string_view fault_of(std::string_view key) {
  if (key.size() != kKeyCharacters) {
    return "a key has 40 characters of Z85, this has not (a comment begins with a \"#\")";
  }
  std::array<std::uint8_t, 32> bytes{};
  if (zmq_z85_decode(bytes.data(), std::string(key).c_str()) == nullptr) return "not a key: 40 characters, but no Z85";
  return {};
}

// The one key of a line of public keys.
Result<std::string> public_key_of(const std::string& path, const Line& line) {
  const std::string_view key = line.words.front();
  if (line.words.size() == 2 && (key == "public" || key == "secret")) {
    return at_line(path, line.number, "this is a pair of keys (.key); give the file with the public one alone (.pub)");
  }
  if (const auto fault = fault_of(key); !fault.empty()) return at_line(path, line.number, fault);
  if (line.words.size() > 1) {
    return at_line(path, line.number, "one key a line; what follows it must begin with \"#\"");
  }
  return std::string(key);
}

// Creates a file that was not there, and removes it again if it cannot be filled.
Result<void> create_file(const std::string& path, mode_t mode, std::string_view text) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (file.get() < 0) {
    if (errno == EEXIST) return invalid(fmt::format("{} exists already, and keys are never overwritten", path));
    if (errno == ENOENT || errno == ENOTDIR) return invalid(fmt::format("{}: {}", path, std::strerror(errno)));
    return fail(ErrorCode::kInternal, fmt::format("{}: {}", path, std::strerror(errno)));
  }
  while (!text.empty()) {
    const ssize_t written = ::write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int error = errno;
      ::unlink(path.c_str());
      return fail(ErrorCode::kInternal, fmt::format("{}: {}", path, std::strerror(error)));
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

Result<KeyPair> generate_keys() {
  Z85 public_key{};
  Z85 secret_key{};
  if (zmq_curve_keypair(public_key.data(), secret_key.data()) != 0) {
    return fail(ErrorCode::kInternal,
                fmt::format("making keys: {} (is libzmq built with CURVE?)", zmq_strerror(errno)));
  }
  return KeyPair{public_key.data(), secret_key.data()};
}

Result<void> write_keys(const std::string& prefix, const KeyPair& pair) {
  const std::string key_file = prefix + ".key";
  const std::string public_file = prefix + ".pub";
  const std::string whole = fmt::format(
      "# A key pair of hearsay (CURVE, Z85). Keep this file to yourself; hand out {} alone.\npublic {}\nsecret {}\n",
      public_file, pair.public_key, pair.secret_key);
  const std::string open = fmt::format("# A public key of hearsay (CURVE, Z85). Not secret.\n{}\n", pair.public_key);
  if (auto written = create_file(key_file, S_IRUSR | S_IWUSR, whole); !written) return written;
  if (auto written = create_file(public_file, S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH, open); !written) {
    ::unlink(key_file.c_str());
    return written;
  }
  return {};
}

Result<KeyPair> read_key_pair(const std::string& path) {
  const auto text = read_file(path, S_IRWXG | S_IRWXO,
                              fmt::format("has a secret key and may be read or written by "
                                          "others than its owner; run `chmod 600 {}`",
                                          path));
  if (!text) return tl::unexpected(text.error());
  KeyPair pair;
  for (const Line& line : lines_of(*text)) {
    const bool is_public = line.words.front() == "public";
    if (line.words.size() != 2 || (!is_public && line.words.front() != "secret")) {
      return at_line(path, line.number, "a pair is a line \"public KEY\" and a line \"secret KEY\"");
    }
    if (const auto fault = fault_of(line.words[1]); !fault.empty()) return at_line(path, line.number, fault);
    std::string& key = is_public ? pair.public_key : pair.secret_key;
    if (!key.empty()) return at_line(path, line.number, "a second key of this kind");
    key = line.words[1];
  }
  if (pair.secret_key.empty() || pair.public_key.empty()) {
    return invalid(fmt::format("{} has no {} key: give a file that `hearsay keygen` wrote (.key)", path,
                               pair.secret_key.empty() ? "secret" : "public"));
  }
  Z85 belongs{};
  if (zmq_curve_public(belongs.data(), pair.secret_key.c_str()) != 0 || belongs.data() != pair.public_key) {
    return invalid(fmt::format("{}: the public key does not belong to the secret one", path));
  }
  return pair;
}

Result<std::string> read_public_key(const std::string& path) {
  const auto text = read_file(path, S_IWOTH, "may be written by everybody; run `chmod o-w` on it");
  if (!text) return tl::unexpected(text.error());
  std::string key;
  for (const Line& line : lines_of(*text)) {
    auto one = public_key_of(path, line);
    if (!one) return one;
    if (!key.empty()) return at_line(path, line.number, "a second key, where one is expected");
    key = std::move(*one);
  }
  if (key.empty()) return invalid(fmt::format("{} has no key in it", path));
  return key;
}

Result<std::vector<std::string>> read_allow_list(const std::string& path) {
  const auto text = read_file(path, S_IWOTH, "may be written by everybody; run `chmod o-w` on it");
  if (!text) return tl::unexpected(text.error());
  std::vector<std::string> keys;
  for (const Line& line : lines_of(*text)) {
    auto one = public_key_of(path, line);
    if (!one) return tl::unexpected(one.error());
    if (keys.size() == kMaxAllowedKeys) {
      return at_line(path, line.number, fmt::format("more than {} keys", kMaxAllowedKeys));
    }
    keys.push_back(std::move(*one));
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

}  // namespace hearsay::transport
