// SPDX-License-Identifier: Apache-2.0
#include "support/worker_pool.hpp"

#include <set>
#include <stdexcept>
#include <thread>

#include "support/catch.hpp"

using namespace ocibuild::support;

TEST_CASE("results come in the order of their tasks", "[support]") {
  WorkerPool pool(3);
  OrderedTasks<int> tasks(pool);
  for (int i = 0; i < 50; ++i) {
    tasks.push([i] {
      if (i % 7 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
      return i;
    });
  }
  CHECK(tasks.under_way() == 50);
  for (int i = 0; i < 50; ++i) CHECK(tasks.take() == i);
  CHECK(tasks.under_way() == 0);
}

TEST_CASE("what a task throws is thrown to who takes its result", "[support]") {
  WorkerPool pool(2);
  OrderedTasks<int> tasks(pool);
  tasks.push([]() -> int { throw std::runtime_error("broken"); });
  tasks.push([] { return 2; });
  CHECK_THROWS_WITH(tasks.take(), "broken");
  CHECK(tasks.take() == 2);
}

TEST_CASE("a pool has no more threads than it may, and works for several owners", "[support]") {
  std::mutex mutex;
  std::set<std::thread::id> threads;
  {
    WorkerPool pool(2);
    OrderedTasks<int> one(pool);
    OrderedTasks<int> two(pool);
    for (int i = 0; i < 40; ++i) {
      for (OrderedTasks<int>* tasks : {&one, &two}) {
        tasks->push([&, i] {
          const std::lock_guard lock(mutex);
          threads.insert(std::this_thread::get_id());
          return i;
        });
      }
    }
    for (int i = 0; i < 40; ++i) CHECK((one.take() == i && two.take() == i));
  }
  CHECK(threads.size() <= 2);
}

TEST_CASE("tasks that nobody waits for any more are not begun", "[support]") {
  WorkerPool pool(1);
  std::promise<void> release;
  std::promise<void> begun;
  std::atomic<int> ran = 0;
  std::thread waker;
  {
    OrderedTasks<int> tasks(pool);
    tasks.push([&] {
      begun.set_value();
      release.get_future().wait();
      return ++ran;
    });
    for (int i = 0; i < 20; ++i) tasks.push([&] { return ++ran; });
    begun.get_future().wait();
    waker = std::thread([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      release.set_value();
    });
  }
  CHECK(ran == 1);
  waker.join();
}
