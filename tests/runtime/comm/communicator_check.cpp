// Checks the operations of a communicator by however many ranks it is started with: parts of different lengths, several
// operations under way at once, a rank that contributes nothing, and more in one operation than a call of MPI takes.
// Ends with 1 where one gives something wrong. With "too-long" it asks for an exchange that ends the job.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <numeric>
#include <vector>

#include <sinter/runtime/comm/mpi/mpi_communicator.hpp>

using namespace sinter;

namespace {

int failures = 0;

void expect(bool condition, const Communicator& ranks, const char* what) {
  if (condition) return;
  ++failures;
  std::fprintf(stderr, "rank %d of %d: %s\n", ranks.rank(), ranks.size(), what);
}

/// Bytes that `from` sends to `to`; none where they are neighbours.
std::int64_t length(int from, int to) { return from == to + 1 ? 0 : 3 * from + to + 1; }

std::vector<unsigned char> message(int from, int to) {
  return std::vector<unsigned char>(static_cast<std::size_t>(length(from, to)),
                                    static_cast<unsigned char>(16 * from + to));
}

/// What is longer than a call takes goes in several, except for all_to_all.
void check_long(MpiCommunicator& ranks) {
  const int rank = ranks.rank(), size = ranks.size();
  std::vector<std::int64_t> bytes;
  std::vector<unsigned char> gathered, all;
  for (int other = 0; other < size; ++other) {
    bytes.push_back(other == 1 ? 0 : 10 + 7 * other);
    for (std::int64_t i = 0; i < bytes.back(); ++i) {
      all.push_back(static_cast<unsigned char>(50 * other + i));
      gathered.push_back(other == rank ? all.back() : 0);
    }
  }
  std::vector<double> sums(50);
  std::iota(sums.begin(), sums.end(), rank);
  const auto first = ranks.all_gather(gathered.data(), bytes);
  const auto second = ranks.all_sum(sums.data(), static_cast<std::int64_t>(sums.size()));
  while (!ranks.test(second)) {}
  ranks.wait(second);
  ranks.wait(first);
  expect(gathered == all, ranks, "all_gather in several calls brought something else");
  for (std::size_t i = 0; i < sums.size(); ++i)
    expect(sums[i] == size * (static_cast<double>(i) + (size - 1) / 2.0), ranks, "all_sum in several calls is wrong");
}

void check(Communicator& ranks) {
  const int rank = ranks.rank(), size = ranks.size();
  std::vector<unsigned char> send, expected;
  std::vector<std::int64_t> send_bytes, receive_bytes;
  for (int other = 0; other < size; ++other) {
    const auto out = message(rank, other), in = message(other, rank);
    send.insert(send.end(), out.begin(), out.end());
    expected.insert(expected.end(), in.begin(), in.end());
    send_bytes.push_back(length(rank, other));
    receive_bytes.push_back(length(other, rank));
  }
  std::vector<unsigned char> received(expected.size());

  // Rank r has r + 1 numbers, but rank 1 none.
  std::vector<std::int64_t> gather_bytes;
  std::vector<double> gathered, all;
  for (int other = 0; other < size; ++other) {
    const std::size_t count = other == 1 ? 0 : static_cast<std::size_t>(other) + 1;
    gather_bytes.push_back(static_cast<std::int64_t>(count * sizeof(double)));
    for (std::size_t i = 0; i < count; ++i) {
      all.push_back(100.0 * other + static_cast<double>(i));
      gathered.push_back(other == rank ? all.back() : -1.0);
    }
  }
  std::vector<float> floats(1000, 0.5F);
  std::vector<double> doubles(3, static_cast<double>(rank + 1));

  const auto first = ranks.all_to_all(send.data(), send_bytes, received.data(), receive_bytes);
  const auto second = ranks.all_gather(gathered.data(), gather_bytes);
  const auto third = ranks.all_sum(floats.data(), static_cast<std::int64_t>(floats.size()));
  const auto fourth = ranks.all_sum(doubles.data(), static_cast<std::int64_t>(doubles.size()));
  while (!ranks.test(third)) {}
  for (const auto request : {fourth, third, second, first}) ranks.wait(request);
  expect(received == expected, ranks, "all_to_all brought something else");
  expect(gathered == all, ranks, "all_gather brought something else");
  expect(floats == std::vector<float>(1000, 0.5F * static_cast<float>(size)), ranks, "all_sum of float is wrong");
  expect(doubles == std::vector<double>(3, size * (size + 1) / 2.0), ranks, "all_sum of double is wrong");
}

}  // namespace

int main(int argc, char* argv[]) {
  const MpiSession mpi;
  MpiCommunicator ranks(MPI_COMM_WORLD);
  expect(argc < 2 || ranks.size() == std::atoi(argv[1]), ranks, "there are not as many ranks as were started");
  expect(ranks.local_rank() < ranks.local_size() && ranks.local_size() <= ranks.size(), ranks, "the node is too large");
  for (int round = 0; round < 3; ++round) check(ranks);
  for (const std::int64_t most : {1, 8, 9}) {
    MpiCommunicator narrow(MPI_COMM_WORLD, {}, most);
    for (int round = 0; round < 2; ++round) check_long(narrow);
  }
  if (argc > 2 && std::strcmp(argv[2], "too-long") == 0) {
    MpiCommunicator narrow(MPI_COMM_WORLD, {}, 8);
    check(narrow);
    std::puts("the exchange was not refused");
    return 0;
  }
  SingleProcess alone;
  if (ranks.size() == 1) check(alone);
  std::printf("checked, device memory %d\n", ranks.takes_device_memory() ? 1 : 0);
  return failures == 0 ? 0 : 1;
}
