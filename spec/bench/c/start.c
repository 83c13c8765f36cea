/* Runs a program COUNT times from start to exit: `start COUNT PROGRAM [ARGUMENT...]` prints the
 * wall and the CPU time of all runs in nanoseconds, and the largest resident set in kilobytes. */
#include "timed.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
  double wall = 0, cpu = 0;
  long most = 0;
  if (argc < 3) return 2;
  for (long left = strtol(argv[1], NULL, 10); left > 0; left--) {
    struct rusage used;
    int status;
    double began = nanoseconds(CLOCK_MONOTONIC);
    pid_t child = fork();
    if (child == 0) {
      execvp(argv[2], argv + 2);
      _exit(127);
    }
    if (wait4(child, &status, 0, &used) != child || status != 0) return 1;
    wall += nanoseconds(CLOCK_MONOTONIC) - began;
    cpu += (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e9 +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e3;
    if (used.ru_maxrss > most) most = used.ru_maxrss;
  }
  printf("%.0f %.0f %ld\n", wall, cpu, most);
  return 0;
}
