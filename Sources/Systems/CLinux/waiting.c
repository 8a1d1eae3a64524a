#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <poll.h>
#include <time.h>

int clinux_wait_readable(int first, int second, int64_t timeout_ns) {
    struct pollfd descriptors[2] = {{.fd = first, .events = POLLIN}, {.fd = second, .events = POLLIN}};
    struct timespec limit = {.tv_sec = timeout_ns / 1000000000, .tv_nsec = timeout_ns % 1000000000};
    int count = ppoll(descriptors, 2, timeout_ns < 0 ? NULL : &limit, NULL);
    if (count < 0) return errno == EINTR ? 0 : -errno;
    return (descriptors[0].revents ? 1 : 0) | (descriptors[1].revents ? 2 : 0);
}
