#include "redis_ship/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>

#include "redis_layout/redis_keys.h"
#include "weir/error.h"

namespace weir {
namespace {

[[noreturn]] void fail(const std::string& path, std::string_view operation, int error) {
  throw StorageError(fmt::format("{}: {}: {}", path, operation, std::strerror(error)));
}

void write_all(const std::string& path, int flags, std::string_view bytes) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | flags, 0666);
  if (fd < 0) fail(path, "open", errno);
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const int error = errno;
      ::close(fd);
      fail(path, "write", error);
    }
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  ::close(fd);
}

void rename_if_there(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0 && errno != ENOENT) fail(from, "rename to " + to, errno);
}

void append_coded(std::string& out, std::string_view field) {
  for (const char c : field) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == '%' || byte == 0x7F) {
      out += fmt::format("%{:02x}", byte);
    } else {
      out += c;
    }
  }
}

std::string decoded(std::string_view field) {
  std::string out;
  for (std::size_t i = 0; i < field.size(); ++i) {
    unsigned byte = 0;
    if (field[i] != '%' || i + 2 >= field.size() ||
        std::from_chars(field.data() + i + 1, field.data() + i + 3, byte, 16).ptr != field.data() + i + 3) {
      out += field[i];
      continue;
    }
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

}  // namespace

std::string spool_place(const RedisSettings& settings) {
  if (settings.spool_directory.empty()) {
    throw ConfigError(
        "durability \"spooled\" needs WEIR_SPOOL_DIR (setting spool_directory), a directory for the files of this "
        "host's processes");
  }
  const std::string deployment =
      fmt::format("{}\n{}\n{}", to_string(settings.layout), settings.key_prefix, describe(settings.client));
  return fmt::format("{}/{}-{}", settings.spool_directory, to_string(settings.layout),
                     md5_hex(deployment).substr(0, 12));
}

std::string spool_line(const std::vector<std::string>& fields) {
  std::string line;
  for (const std::string& field : fields) {
    if (&field != &fields.front()) line += '\t';
    append_coded(line, field);
  }
  line += '\n';
  return line;
}

std::vector<std::vector<std::string>> spool_lines(std::string_view text) {
  std::vector<std::vector<std::string>> lines;
  for (std::size_t end = 0; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1)) {
    std::string_view line = text.substr(0, end);
    std::vector<std::string>& fields = lines.emplace_back();
    for (std::size_t tab = 0; (tab = line.find('\t')) != std::string_view::npos; line.remove_prefix(tab + 1)) {
      fields.push_back(decoded(line.substr(0, tab)));
    }
    fields.push_back(decoded(line));
  }
  return lines;
}

Spool::Spool(std::string directory, std::string id, Files files, std::vector<std::string> recorded)
    : directory_(std::move(directory)), id_(std::move(id)), list_(std::move(files)), files_(std::move(recorded)) {}

std::string Spool::path(std::string_view suffix) const { return fmt::format("{}/{}{}", directory_, id_, suffix); }

std::string Spool::adopted(const std::string& file) const {
  return fmt::format("{}/{}.{}{}", directory_, file, id_, kAdoptedSuffix);
}

std::string Spool::path_of(const std::string& file) const {
  for (std::string candidate : {adopted(file), directory_ + "/" + file}) {
    if (::access(candidate.c_str(), F_OK) == 0) return candidate;
  }
  return {};
}

bool Spool::is_current() const { return is_written_ && list_() == files_; }

void Spool::save(std::string body) {
  body_ = std::move(body);
  write();
}

void Spool::refresh() {
  if (!is_current()) write();
}

void Spool::write() {
  is_written_ = false;
  std::vector<std::string> files = list_();
  std::string text = spool_line({"weir-spool", "1"});
  for (const std::string& file : files) text += spool_line({"file", file});
  text += body_;
  const std::string unfinished = fmt::format("{}/.{}{}.tmp", directory_, id_, kClaimSuffix);
  write_all(unfinished, O_CREAT | O_TRUNC, text);
  if (::rename(unfinished.c_str(), path(kClaimSuffix).c_str()) != 0) fail(unfinished, "rename into place", errno);
  files_ = std::move(files);
  is_written_ = true;
}

void Spool::append(std::string_view lines) {
  is_written_ = false;  // half a line at the end is to be followed by no other
  write_all(path(kClaimSuffix), O_APPEND, lines);
  is_written_ = true;
}

void Spool::take_files() {
  for (const std::string& file : files_) {
    const std::string mine = adopted(file);
    if (::access(mine.c_str(), F_OK) != 0) rename_if_there(directory_ + "/" + file, mine);
  }
}

void Spool::commit() { rename_if_there(path(kClaimSuffix), path(kShippedSuffix)); }

void Spool::remove() {
  for (const std::string& file : files_) ::unlink(adopted(file).c_str());
  ::unlink(path(kShippedSuffix).c_str());
}

}  // namespace weir
