#include "http/gatherer.h"

#include <fmt/core.h>

#include <algorithm>
#include <exception>
#include <new>
#include <utility>

#include "http/landing_page.h"
#include "model/printable.h"
#include "weir/exposition.h"
#include "weir/log.h"

namespace weir {
namespace {

/// Ready means: something was read, or there was nothing to complain about.
bool anything_was_read(const Collection& collection) {
  return collection.problems.empty() || !collection.snapshot.values.empty();
}

Answer readiness(const Collection& collection) {
  const bool ready = anything_was_read(collection);
  std::string text = ready ? "ok\n" : "not ready: nothing could be read\n";
  constexpr std::size_t kShown = 20;
  for (std::size_t i = 0; i < collection.problems.size() && i < kShown; ++i) {
    const Problem& problem = collection.problems[i];
    text += fmt::format("{}: {}\n", problem.reason, message_with_subject(problem));
  }
  if (collection.problems.size() > kShown) text += fmt::format("and {} more\n", collection.problems.size() - kShown);
  return plain_answer(ready ? 200 : 503, std::move(text));
}

}  // namespace

Gatherer::Gatherer(Source& source, Statistics* statistics, std::size_t max_body_bytes, Api api)
    : source_(source),
      statistics_(statistics),
      max_body_bytes_(max_body_bytes),
      api_(std::move(api)),
      splits_(api_.writers(), bodies_),
      thread_([this] { run(); }) {}

Gatherer::~Gatherer() {
  stop();
  thread_.join();
}

void Gatherer::submit(const std::shared_ptr<Pending>& pending) {
  bool refused = false;
  {
    const std::lock_guard lock(mutex_);
    refused = stopped_;
    if (!refused) waiting_.push_back(pending);
  }
  if (refused) {
    pending->settle(stopping_answer());
  } else {
    changed_.notify_one();
  }
}

void Gatherer::stop() {
  std::vector<std::shared_ptr<Pending>> left;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    left = std::exchange(waiting_, {});
    left.insert(left.end(), served_.begin(), served_.end());
  }
  changed_.notify_one();
  for (const auto& pending : left) pending->settle(stopping_answer());
  splits_.stop();
}

void Gatherer::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopped_ || !waiting_.empty(); });
    if (stopped_) return;
    served_ = std::exchange(waiting_, {});
    // Those whose deadline has passed meanwhile are answered already; when all are, nobody wants the collection.
    std::erase_if(served_, [](const auto& pending) { return pending->settled(); });
    if (served_.empty()) continue;
    const std::vector<std::shared_ptr<Pending>> batch = served_;
    lock.unlock();
    answer(batch);
    lock.lock();
    served_.clear();
  }
}

std::shared_ptr<const Collection> Gatherer::collect() {
  const auto begin = std::chrono::steady_clock::now();
  std::shared_ptr<const Collection> collection = source_.collect();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  if (statistics_ != nullptr) statistics_->collected(*collection, took.count());
  problem_log_.met(collection->problems);
  const bool is_looked_at = begin < looked_at_until_;
  if (!is_looked_at) {
    api_.forget();
    splits_.forget();
  }
  recent_ = is_looked_at ? collection : nullptr;
  recent_began_ = begin;
  return collection;
}

std::shared_ptr<const Collection> Gatherer::collection_for(const std::vector<std::shared_ptr<Pending>>& batch) {
  const auto now = std::chrono::steady_clock::now();
  const auto for_page = [](const auto& pending) { return is_api(pending->ask().view); };
  if (std::ranges::any_of(batch, for_page)) looked_at_until_ = now + kPageGone;
  const bool for_pages = std::ranges::all_of(batch, for_page);
  const bool is_young = recent_ != nullptr && now - recent_began_ < kApiAge;
  return for_pages && is_young ? recent_ : collect();
}

void Gatherer::answer(const std::vector<std::shared_ptr<Pending>>& batch) {
  std::vector<std::pair<const Ask*, Answer>> rendered;
  try {
    const std::shared_ptr<const Collection> collection = collection_for(batch);
    for (const auto& pending : batch) {
      if (pending->settled()) continue;
      if (pending->ask().view == View::api_split) {
        submit_split(*collection, pending);
        continue;
      }
      auto same = rendered.begin();
      while (same != rendered.end() && !(*same->first == pending->ask())) ++same;
      if (same == rendered.end()) {
        rendered.emplace_back(&pending->ask(), render(collection, pending->ask()));
        same = std::prev(rendered.end());
      }
      pending->settle(same->second);
    }
  } catch (const std::exception& failure) {
    log_line(LogLevel::error, fmt::format("scraping {} failed: {}", source_.describe(), failure.what()));
    for (const auto& pending : batch) {
      pending->settle(plain_answer(500, fmt::format("Collecting failed: {}\n", failure.what())));
    }
  }
}

Answer Gatherer::render(const std::shared_ptr<const Collection>& collection, const Ask& ask) {
  switch (ask.view) {
    case View::readiness:
      return readiness(*collection);
    case View::page: {
      Answer answer = plain_answer(200, landing_page(source_.describe(), *collection));
      answer.content_type = "text/html; charset=utf-8";
      answer.policy = kLandingPagePolicy;
      return answer;
    }
    case View::exposition:
      return render_exposition(*collection, ask);
    default:
      return render_api(collection, ask);
  }
}

Answer Gatherer::too_much_held() {
  Answer answer = plain_answer(503, "Too many responses are still being sent; try again in a second.\n");
  answer.rejected = "memory";
  return answer;
}

Answer Gatherer::render_api(const std::shared_ptr<const Collection>& collection, const Ask& ask) {
  if (bodies_.bytes_held() > max_body_bytes_) return too_much_held();
  return api_.render(collection, collected_at(), ask, bodies_);
}

/// When the collection at hand began, Unix seconds.
double Gatherer::collected_at() const {
  const auto age = std::chrono::steady_clock::now() - recent_began_;
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch() - age).count();
}

void Gatherer::submit_split(const Collection& collection, const std::shared_ptr<Pending>& pending) {
  if (bodies_.bytes_held() > max_body_bytes_) {
    pending->settle(too_much_held());
    return;
  }
  const std::string name = pending->ask().names.empty() ? "" : pending->ask().names.front();
  const auto all = collection.snapshot.table->families();
  const auto found = std::ranges::find(all, name, [](const SeriesTable::Family& one) { return one.head.name; });
  if (found == all.end() && !anything_was_read(collection)) {  // nobody knows which families there are
    pending->settle(readiness(collection));
    return;
  }
  if (found == all.end()) {
    pending->settle(plain_answer(
        404, fmt::format("There is no family {}; /api/v1/series names those there are.\n", printable(name))));
    return;
  }
  splits_.submit({pending, found->head, collected_at()});
}

Answer Gatherer::render_exposition(const Collection& collection, const Ask& ask) {
  // An empty 200 would say that all is well and every series gone; a failed scrape says what is true.
  if (!anything_was_read(collection)) return readiness(collection);
  if (bodies_.bytes_held() > max_body_bytes_) return too_much_held();
  Answer answer;
  answer.content_type = content_type(ask.format);
  std::string text = bodies_.buffer();
  expose(collection, ask.format, ask.names, text);
  if (ask.gzip) {
    std::string packed = gzip(text);
    bodies_.give_back(std::move(text));
    packed.shrink_to_fit();
    answer.body = std::make_shared<const std::string>(std::move(packed));
    answer.gzipped = true;
  } else {
    answer.body = bodies_.body(std::move(text));
  }
  return answer;
}

}  // namespace weir
