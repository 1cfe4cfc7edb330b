// What keys do to the view of `weir top`.
#include <algorithm>

#include "watch/top_view.h"

namespace weir {

TopView::Wish TopView::press(const Press& press) {
  if (is_filtering_) {
    press_while_filtering(press);
    return Wish::nothing;
  }
  const auto pages = kPages.size();
  switch (press.key) {
    case Key::character:
      return press_character(press.character);
    case Key::tab:
      go_to(static_cast<Page>((static_cast<std::size_t>(page_) + 1) % pages));
      break;
    case Key::back_tab:
      go_to(static_cast<Page>((static_cast<std::size_t>(page_) + pages - 1) % pages));
      break;
    case Key::enter:
    case Key::right:
      open_selected();
      return opened_.empty() ? Wish::nothing : Wish::read;
    case Key::escape:
    case Key::left:
    case Key::backspace:
      if (!is_help_ && opened_.empty() && press.key == Key::escape) choice_.filter.clear();
      is_help_ ? void(is_help_ = false) : opened_.clear();
      break;
    default:
      press_movement(press.key);
      break;
  }
  return Wish::nothing;
}

void TopView::press_movement(Key key) {
  const auto page = static_cast<std::ptrdiff_t>(shown_rows_);
  if (key == Key::up) move(-1);
  if (key == Key::down) move(1);
  if (key == Key::page_up) move(-page);
  if (key == Key::page_down) move(page);
  if (key == Key::home) move(-static_cast<std::ptrdiff_t>(at_ + scrolled_));
  if (key == Key::end) move(1'000'000'000);
}

TopView::Wish TopView::press_character(std::string_view character) {
  const char key = character.size() == 1 ? character.front() : '\0';
  if (key >= '1' && key < '1' + static_cast<char>(kPages.size())) go_to(static_cast<Page>(key - '1'));
  switch (key) {
    case 'q':
      return Wish::quit;
    case '?':
    case 'h':
      is_help_ = !is_help_;
      scrolled_ = 0;
      break;
    case 'p':
    case ' ':
      is_paused_ = !is_paused_;
      return is_paused_ ? Wish::nothing : Wish::read;
    case '+':
      interval_ = std::min(interval_ * 2, kLongest);
      break;
    case '-':
      interval_ = std::max(interval_ / 2, kShortest);
      break;
    case 'j':
    case 'k':
      move(key == 'j' ? 1 : -1);
      break;
    default:
      press_about_list(key);
      break;
  }
  return Wish::nothing;
}

/// What is listed, in which order, and since when changes count.
void TopView::press_about_list(char key) {
  switch (key) {
    case '/':
      is_help_ = false;
      opened_.clear();
      is_filtering_ = true;
      break;
    case 's':
      choice_.order = static_cast<Order>((static_cast<int>(choice_.order) + 1) % 4);
      break;
    case 'r':
      choice_.is_reversed = !choice_.is_reversed;
      break;
    case 'z':
      watch_.start_anew();
      families_ = family_totals(watch_);
      break;
    default:
      break;
  }
}

void TopView::press_while_filtering(const Press& press) {
  std::string& filter = choice_.filter;
  if (press.key == Key::enter) {
    is_filtering_ = false;
  } else if (press.key == Key::escape) {
    is_filtering_ = false;
    filter.clear();
  } else if (press.key == Key::backspace) {
    // A character of UTF-8 goes as one.
    while (!filter.empty() && (static_cast<unsigned char>(filter.back()) & 0xc0) == 0x80) filter.pop_back();
    if (!filter.empty()) filter.pop_back();
  } else if (press.key == Key::character) {
    filter += press.character;
  } else if (press.key == Key::up || press.key == Key::down) {
    is_filtering_ = false;
    move(press.key == Key::up ? -1 : 1);
    return;
  }
  at_ = first_ = 0;
  selected_.clear();
}

void TopView::move(std::ptrdiff_t by) {
  std::size_t& at = is_scrolled() ? scrolled_ : at_;
  const std::ptrdiff_t to = static_cast<std::ptrdiff_t>(at) + by;
  at = to < 0 ? 0 : static_cast<std::size_t>(to);
  if (&at == &scrolled_) return;
  // Whoever moves means a row, and it stays selected wherever it goes; at the top it is the place that is meant.
  const Listing list = listing();
  if (list.entries.empty()) return;
  at_ = std::min(at_, list.entries.size() - 1);
  selected_ = at_ == 0 ? "" : std::string(list.entries[at_].name);
}

void TopView::open_selected() {
  if (is_scrolled()) return;
  const Listing list = listing();
  if (at_ >= list.entries.size()) return;
  const std::string name(list.entries[at_].name);
  if (page_ == Page::families) {
    go_to(Page::metrics);
    choice_.filter = name;
  } else if (page_ == Page::metrics || page_ == Page::histograms) {
    opened_ = name;
    scrolled_ = 0;
  }
}

void TopView::go_to(Page page) {
  // Metrics, families and histograms have names in common; a filter for them would only hide writers and problems.
  const auto has_names = [](Page one) { return one != Page::writers && one != Page::problems; };
  if (page != page_ && !(has_names(page) && has_names(page_))) choice_.filter.clear();
  page_ = page;
  is_help_ = false;
  opened_.clear();
  selected_.clear();
  at_ = first_ = scrolled_ = 0;
}

}  // namespace weir
