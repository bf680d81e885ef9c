// A team of a device out of host threads: a device's code is plain C++ with barriers, so as many threads as a block has run
// it as it is.
#pragma once

#include <barrier>
#include <thread>
#include <vector>

namespace sinter::test {

struct ThreadTeam {
  std::barrier<>* meeting;
  int rank, size;
  [[nodiscard]] int team_size() const { return size; }
  [[nodiscard]] int team_rank() const { return rank; }
  void team_barrier() const { meeting->arrive_and_wait(); }
};

/// Calls work(team) on `size` threads, and waits for them.
template <class Work>
void as_team(int size, const Work& work) {
  std::barrier<> meeting(size);
  std::vector<std::jthread> threads;
  for (int rank = 0; rank < size; ++rank)
    threads.emplace_back([&meeting, &work, rank, size] { work(ThreadTeam{&meeting, rank, size}); });
}

}  // namespace sinter::test
