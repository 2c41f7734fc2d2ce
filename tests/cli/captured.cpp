#include "tests/cli/captured.hpp"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>

#include "core/base/check.hpp"

namespace hearsay::test {

namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

File temporary() {
  File file(std::tmpfile(), std::fclose);
  HEARSAY_CHECK(file != nullptr);
  return file;
}

// One of the standard streams, led to a file as long as it lives.
class Redirected {
 public:
  Redirected(int descriptor, std::FILE* file) : descriptor_(descriptor), old_(::dup(descriptor)) {
    HEARSAY_CHECK(old_ >= 0 && ::dup2(::fileno(file), descriptor) >= 0);
  }
  ~Redirected() {
    ::dup2(old_, descriptor_);
    ::close(old_);
  }
  Redirected(const Redirected&) = delete;
  Redirected& operator=(const Redirected&) = delete;

 private:
  int descriptor_, old_;
};

std::string content(std::FILE* file) {
  std::rewind(file);
  std::string text;
  std::array<char, 4096> buffer{};
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), file)) text.append(buffer.data(), count);
  return text;
}

}  // namespace

Captured captured(const std::function<int()>& call, const std::string& given) {
  const File in = temporary(), out = temporary(), errors = temporary();
  std::fwrite(given.data(), 1, given.size(), in.get());
  std::rewind(in.get());
  Captured result;
  std::fflush(stdout);
  std::fflush(stderr);
  {
    const Redirected to_in(STDIN_FILENO, in.get());
    const Redirected to_out(STDOUT_FILENO, out.get());
    const Redirected to_errors(STDERR_FILENO, errors.get());
    std::clearerr(stdin);
    result.code = call();
    std::fflush(stdout);
    std::fflush(stderr);
  }
  result.out = content(out.get());
  result.errors = content(errors.get());
  return result;
}

}  // namespace hearsay::test
