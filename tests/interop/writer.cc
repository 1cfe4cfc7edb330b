// Counts what a script on standard input says (script.h). A line `.` runs what was read and prints `done`; the end of
// input ends the process.
#include <iostream>

#include "script.h"

int main() {
  std::vector<Operation> script;
  for (std::string line; std::getline(std::cin, line);) {
    if (line != ".") {
      script.emplace_back(line);
      continue;
    }
    run(weir::default_registry(), script);
    script.clear();
    std::cout << "done" << std::endl;
  }
}
