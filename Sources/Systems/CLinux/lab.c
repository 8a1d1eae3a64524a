#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int clinux_enter_network_namespace(int namespace_fd) {
    return setns(namespace_fd, CLONE_NEWNET) == 0 ? 0 : -errno;
}

int clinux_write_in_namespace(int namespace_fd, const char *path, const char *text) {
    char own_path[64];
    snprintf(own_path, sizeof own_path, "/proc/self/task/%ld/ns/net", (long)syscall(SYS_gettid));
    int own = open(own_path, O_RDONLY | O_CLOEXEC);
    if (own < 0) return -errno;
    if (setns(namespace_fd, CLONE_NEWNET) < 0) {
        int error = errno;
        close(own);
        return -error;
    }
    // /proc/self/net would be the thread group leader's; /proc/sys/net follows the calling thread.
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t written = fd >= 0 ? write(fd, text, strlen(text)) : -1;
    int error = errno;
    if (fd >= 0) close(fd);
    if (setns(own, CLONE_NEWNET) < 0) abort();
    close(own);
    return written >= 0 ? 0 : -error;
}

int clinux_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC) == 0 ? 0 : -errno; }

void clinux_line_buffered_output(void) { setvbuf(stdout, NULL, _IOLBF, 0); }
