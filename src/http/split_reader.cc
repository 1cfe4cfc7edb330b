#include "http/split_reader.h"

#include <fmt/core.h>

#include <algorithm>
#include <exception>
#include <system_error>
#include <utility>

#include "http/api_answer.h"
#include "http/api_split.h"

namespace weir {

SplitReader::~SplitReader() {
  stop();
  if (thread_.joinable()) thread_.join();
}

void SplitReader::submit(const Job& job) {
  Answer refusal = stopping_answer();
  try {
    const std::lock_guard lock(mutex_);
    if (!stopped_) {
      if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
      waiting_.push_back(job);
      changed_.notify_one();
      return;
    }
  } catch (const std::system_error& failure) {  // its caller answers scrapes as well, which need no such thread
    refusal = plain_answer(503, fmt::format("The split could not be made: {}\n", failure.what()));
  }
  job.pending->settle(std::move(refusal));
}

void SplitReader::stop() {
  std::vector<Job> left;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    left = std::exchange(waiting_, {});
    left.insert(left.end(), served_.begin(), served_.end());
  }
  changed_.notify_one();
  for (const Job& job : left) job.pending->settle(stopping_answer());
}

void SplitReader::forget() {
  const std::lock_guard lock(mutex_);
  kept_.clear();
}

void SplitReader::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopped_ || !waiting_.empty(); });
    if (stopped_) return;
    served_ = std::exchange(waiting_, {});
    const std::vector<Job> batch = served_;
    lock.unlock();
    for (const Job& job : batch) {
      if (job.pending->settled()) continue;  // its deadline has passed
      try {
        job.pending->settle(answer(*split_of(job), job.pending->ask().gzip));
      } catch (const std::exception& failure) {  // out of memory
        job.pending->settle(plain_answer(500, fmt::format("The split could not be made: {}\n", failure.what())));
      }
    }
    lock.lock();
    served_.clear();
  }
}

/// What was read of that family a moment ago, else what is there now.
std::shared_ptr<const SplitReader::Read> SplitReader::split_of(const Job& job) {
  const auto oldest = Clock::now() - kAge;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(kept_, [oldest](const auto& one) { return one->began < oldest; });
    const auto same = std::ranges::find(kept_, job.head.name, [](const auto& one) { return one->family; });
    if (same != kept_.end()) return *same;
  }
  auto made = std::make_shared<const Read>(read(job));
  const std::lock_guard lock(mutex_);
  if (made->fault.empty() && kept_.size() < kMostKept) kept_.push_back(made);
  return made;
}

SplitReader::Read SplitReader::read(const Job& job) const {
  Read out{.family = job.head.name, .began = Clock::now(), .time = job.time, .body = {}, .fault = {}};
  try {
    if (writers_ == nullptr) {
      out.body = split_json(job.head, nullptr);
    } else {
      const FamilySplit split = writers_->split(job.head, kMostShares);
      out.body = split_json(job.head, &split);
    }
  } catch (const std::exception& failure) {
    out.fault = failure.what();
  }
  return out;
}

Answer SplitReader::answer(const Read& read, bool gzip) {
  if (!read.fault.empty()) return plain_answer(503, read.fault + "\n");
  return api_answer(read.body, read.time, gzip, bodies_);
}

}  // namespace weir
