#include "http/landing_page.h"

#include <fmt/core.h>

#include "weir/version.h"

namespace weir {
namespace {

// The policy below names this text by its SHA-256; change both together (the tests compare them).
constexpr std::string_view kStyle =
    ":root{color-scheme:light "
    "dark;--ink:#1b2329;--dim:#55626c;--paper:#fbfcfc;--line:#d5dde2;--link:#0b6076;--bad:#a3321b}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e4eaed;--dim:#9fadb6;--paper:#14191d;--line:#323d45;--link:#6cc7de;"
    "--bad:#ff9a80}}\n"
    "body{font:1rem/1.55 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:48rem;margin:0 "
    "auto;padding:2rem 1.25rem}\n"
    "h1{font-size:1.6rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}p{margin:.4rem "
    "0}.dim{color:var(--dim)}.bad{color:var(--bad)}\n"
    "a{color:var(--link)}code{font:.95em ui-monospace,monospace;overflow-wrap:anywhere}\n"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.35rem "
    "1.25rem;margin:0}dt{color:var(--dim)}dd{margin:0;overflow-wrap:anywhere}\n"
    "ul{padding:0;list-style:none}li{border-top:1px solid var(--line);padding:.5rem 0}";

constexpr std::size_t kProblemsShown = 100;

std::string problem_list(const Collection& collection) {
  if (collection.problems.empty()) return "<p>Everything that was found was read.</p>\n";
  std::string out =
      fmt::format("<p class=\"bad\">{} could not be read and left out.</p>\n<ul>\n", collection.problems.size());
  for (std::size_t i = 0; i < collection.problems.size() && i < kProblemsShown; ++i) {
    const Problem& problem = collection.problems[i];
    out += fmt::format("<li><code>{}</code> <span class=\"dim\">{}</span><br>{}</li>\n", html_escaped(problem.subject),
                       html_escaped(problem.reason), html_escaped(problem.message));
  }
  out += "</ul>\n";
  if (collection.problems.size() > kProblemsShown) {
    out += fmt::format("<p>and {} more.</p>\n", collection.problems.size() - kProblemsShown);
  }
  return out;
}

}  // namespace

const char* const kLandingPagePolicy =
    "default-src 'none'; style-src 'sha256-WwAvfNWC1lAtkSmNIG8Z9tKbl1Y6rArCF4ScvYj13B8='; base-uri 'none'; form-action "
    "'none'; "
    "frame-ancestors 'none'";

std::string html_escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string landing_page(std::string_view described, const Collection& collection) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\">\n<title>Weir</title>\n<style>{}</style>\n</head>\n"
      "<body>\n<h1>Weir</h1>\n<p class=\"dim\">Many processes, one scrape. Version {}.</p>\n"
      "<h2>What is read</h2>\n<dl>\n<dt>Source</dt><dd><code>{}</code></dd>\n<dt>Families</dt><dd>{}</dd>\n"
      "<dt>Series</dt><dd>{}</dd>\n</dl>\n{}"
      "<h2>Where to go</h2>\n<dl>\n"
      "<dt><a href=\"/metrics\">/metrics</a></dt><dd>every metric, for Prometheus; <code>?name[]=NAME</code> picks "
      "some</dd>\n"
      "<dt><a href=\"/backend\">/backend</a></dt><dd>metrics of this exporter: collections, errors, requests</dd>\n"
      "<dt><a href=\"/readyz\">/readyz</a></dt><dd>200 when the source can be read</dd>\n"
      "<dt><a href=\"/healthz\">/healthz</a></dt><dd>200 while this exporter runs</dd>\n</dl>\n</body>\n</html>\n",
      kStyle, kVersion, html_escaped(described), collection.snapshot.table->families().size(),
      collection.snapshot.values.size(), problem_list(collection));
}

}  // namespace weir
