/* exec_log — the outside witness of the laboratory: what provider = exec runs.
 *
 * Appends one line per call to the file named by its first argument, in one write with O_APPEND:
 * CLOCK_BOOTTIME in ms and every HOLDFAST_ variable. Nothing of the daemon can change it later.
 * Usage: exec_log FILE [EXIT_CODE] */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv)
{
    char line[4096];
    struct timespec now;
    if (argc < 2 || clock_gettime(CLOCK_BOOTTIME, &now) != 0)
        return 3;
    int used = snprintf(line, sizeof line, "boottime_ms=%lld",
                        (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000);
    for (char **entry = environ; *entry != NULL; entry++) {
        size_t left = sizeof line - (size_t)used - 2;
        if (strncmp(*entry, "HOLDFAST_", 9) != 0 || strlen(*entry) + 1 > left)
            continue;
        used += snprintf(line + used, left, "\t%s", *entry);
    }
    line[used++] = '\n';
    int file = open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (file < 0 || write(file, line, (size_t)used) != used)
        return 3;
    return argc > 2 ? atoi(argv[2]) : 0;
}
