// What lab-init is made of: the system's headers, its exit codes, and the user-namespace step.
#pragma once
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_USAGE = 64, EXIT_CANNOT_RUN = 77, EXIT_CONDUCTOR_GONE = 70 };

extern const char user_namespace_advice[];

/// Maps the caller to itself in the fresh user namespace: PostgreSQL refuses uid 0, mapped or real.
int map_own_user(uid_t uid, gid_t gid);

/// Makes every capability of the user namespace ambient, so that children keep them over exec.
int keep_capabilities(void);
