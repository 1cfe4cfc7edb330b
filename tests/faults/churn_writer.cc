// faults_churn_writer PAGE WRITERS AT_ONCE [FIRST]: many short-lived writers (churn.h) into the environment's
// directory; half of them end by SIGKILL as soon as they have counted, the others by _exit.
#include "churn.h"

namespace {

void live(ChurnPage& page, int number) {
  churn_count(weir::default_registry(), page, number, [&] { page.done.fetch_add(1); });
  if (number % 2 == 0) ::kill(::getpid(), SIGKILL);
  ::_exit(0);
}

}  // namespace

int main(int argc, char** argv) { return churn(argc, argv, live); }
