#include "cli/man_page.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

namespace weir::cli {
namespace {

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return text;
}

/// Text as roff shows it: `-` as one can copy it, nothing taken for a request.
std::string roff(std::string_view text) {
  std::string out;
  if (text.starts_with('.') || text.starts_with('\'')) out = "\\&";
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      out += "\\e";
    } else if (text[i] == '-') {
      out += "\\-";
    } else if (text[i] == '`') {
      out += "\\(ga";
    } else if (text[i] == '\'') {
      out += "\\(aq";
    } else if (text.substr(i).starts_with("…")) {
      out += "\\&...";
      i += std::string_view("…").size() - 1;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string page_name(const CommandDescription& command) {
  return command.name.empty() ? "weir" : "weir-" + command.name;
}
/// As one types it.
std::string call_of(const CommandDescription& command) {
  return command.name.empty() ? "weir" : "weir " + command.name;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

/// The footer of a help, as the sections of a manual page.
class Footer {
 public:
  explicit Footer(const std::string& text) {
    for (const std::string& line : lines_of(text)) add(line);
    close();
  }
  std::string description, examples, environment, exit_status;

 private:
  void add(const std::string& line) {
    if (line.empty()) {
      close();
      into_ = &description;
      *into_ += ".PP\n";
    } else if (line == "Examples:" || line == "Start here:") {
      start(examples);
    } else if (line.starts_with("Environment")) {
      start(environment);
    } else if (line.starts_with("Exit codes: ")) {
      start(exit_status);
      *into_ += roff(line.substr(12)) + "\n";
    } else if (!line.starts_with("  ")) {
      close();
      *into_ += roff(line) + "\n";
    } else if (into_ == &environment) {
      add_variable(line);
    } else {
      if (!is_as_it_stands_) *into_ += ".PP\n.nf\n";
      is_as_it_stands_ = true;
      *into_ += roff(line) + "\n";
    }
  }
  /// `  NAME   what it says`; what follows is indented further.
  void add_variable(const std::string& line) {
    const std::size_t name = line.find_first_not_of(' ');
    if (name > 2) {
      *into_ += roff(line.substr(name)) + "\n";
      return;
    }
    const std::size_t gap = line.find("  ", name);
    const std::size_t what = line.find_first_not_of(' ', gap);
    *into_ += fmt::format(".TP\n.B {}\n", roff(line.substr(name, gap - name)));
    if (what != std::string::npos) *into_ += roff(line.substr(what)) + "\n";
  }
  void start(std::string& section) {
    close();
    into_ = &section;
  }
  void close() {
    if (is_as_it_stands_) *into_ += ".fi\n";
    is_as_it_stands_ = false;
  }

  std::string* into_ = &description;
  bool is_as_it_stands_ = false;
};

std::string options_section(const CommandDescription& command) {
  std::string out = ".SH OPTIONS\n";
  for (const OptionDescription& option : command.options) {
    out += fmt::format(
        ".TP\n.B {}\n{}\n",
        roff(fmt::format("{}{}", fmt::join(option.names, ", "), option.value.empty() ? "" : " " + option.value)),
        roff(option.what));
  }
  return out;
}

std::string section(const char* title, std::string text) {
  // A paragraph at the foot or the head of a section says nothing.
  while (text.starts_with(".PP\n")) text.erase(0, 4);
  while (text.ends_with(".PP\n")) text.erase(text.size() - 4);
  for (std::size_t at; (at = text.find(".PP\n.PP\n")) != std::string::npos;) text.erase(at, 4);
  return text.empty() ? "" : fmt::format(".SH {}\n{}", title, text);
}

std::string commands_section(const CommandDescriptions& commands) {
  std::string out = ".SH COMMANDS\n";
  for (const CommandDescription& command : commands) {
    if (!command.name.empty()) out += fmt::format(".TP\n.B {}\n{}\n", roff(command.name), roff(command.what));
  }
  return out;
}

}  // namespace

const char* const kManHelp = R"(Examples:
  weir man serve | man -l -
  weir man > weir.1

Made from the same definitions as the help, in roff.

Exit codes: 0 printed; 2 usage.)";

std::string man_page(const CommandDescriptions& commands, std::size_t which, const std::string& version) {
  const CommandDescription& command = commands[which];
  const Footer footer(command.footer);
  std::string out =
      fmt::format(".TH {} 1 \"\" \"weir {}\" \"Weir\"\n.nh\n.ad l\n", roff(upper(page_name(command))), version);
  out += fmt::format(".SH NAME\n{} \\- {}\n", roff(page_name(command)), roff(command.what));
  out += fmt::format(".SH SYNOPSIS\n.B {}\n[OPTIONS]{}\n", roff(call_of(command)),
                     command.name.empty()    ? " COMMAND"
                     : command.words.empty() ? ""
                                             : " [WORD]");
  out += section("DESCRIPTION", footer.description);
  if (command.name.empty()) out += commands_section(commands);
  out += options_section(command);
  out += section("ENVIRONMENT", footer.environment);
  out += section("EXAMPLES", footer.examples);
  out += section("EXIT STATUS", footer.exit_status);
  std::vector<std::string> others;
  for (const CommandDescription& other : commands) {
    // Of these two nobody makes a page.
    if (&other != &command && other.name != "help" && other.name != "man")
      others.push_back(roff(page_name(other)) + "(1)");
  }
  return out + fmt::format(".SH SEE ALSO\n{}\n", fmt::join(others, ", "));
}

}  // namespace weir::cli
