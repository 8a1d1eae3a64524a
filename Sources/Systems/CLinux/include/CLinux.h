// Small shims over Linux system calls that Swift can't reach: variadic calls, macros, structures
// with flexible members, and the calls that must be one step on one thread.
//
// Every function returns 0 or a descriptor on success and -errno on failure, unless it says otherwise.
#pragma once
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/epoll.h>
#include <sys/un.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>

// Clocks, in nanoseconds.
int64_t clinux_monotonic_ns(void);
int64_t clinux_realtime_ns(void);
/// Sleeps until an absolute instant of CLOCK_MONOTONIC.
void clinux_sleep_until_ns(int64_t deadline);

// Readiness.
int clinux_epoll_create(void);
int clinux_epoll_set(int epoll, int operation, int fd, uint32_t events);
/// Waits at most `timeout_ns` (negative: for ever); fills fds and events; returns how many.
int clinux_epoll_wait(int epoll, int *fds, uint32_t *events, int capacity, int64_t timeout_ns);
int clinux_eventfd(void);
/// Blocks SIGINT, SIGTERM, SIGHUP and reads them from the descriptor it returns. SIGPIPE is ignored.
int clinux_signalfd(void);
int clinux_signalfd_read(int fd);

// Sockets.
int clinux_tcp_socket(void);
int clinux_socket_cloexec(int domain, int type, int protocol);
int clinux_accept(int fd, struct sockaddr_storage *peer);
int clinux_set_int_option(int fd, int level, int name, int value);
int clinux_linger_abort(int fd);
/// Bytes handed to send() and not yet transmitted (SIOCOUTQNSD), or not yet acknowledged (SIOCOUTQ).
int clinux_unsent_bytes(int fd);
int clinux_unacknowledged_bytes(int fd);
/// The pid and uid of the peer of a Unix socket.
int clinux_peer_credentials(int fd, int *pid, unsigned *uid);

// Scheduling.
int clinux_thread_fifo(int priority);
int clinux_timer_slack_ns(unsigned long slack);

/// Keeps every page of the process in memory, now and later (mlockall(2)): a page that was taken away costs milliseconds.
/// Returns 0, or -errno where RLIMIT_MEMLOCK doesn't allow it.
int clinux_lock_memory(void);

// Namespaces. Each call enters, acts and comes back on the calling thread, so no thread keeps it.
int clinux_socket_in_namespace(int namespace_fd, int domain, int type, int protocol);
/// Creates a fresh network namespace and returns a descriptor of it; the thread stays where it was.
int clinux_new_network_namespace(void);
int clinux_open_namespace(const char *path);
int clinux_bind_mount(const char *source, const char *target);
uint64_t clinux_inode(int fd);
/// Moves the calling thread for good; threads that it starts later follow. For a program's first thread only.
int clinux_enter_network_namespace(int namespace_fd);
/// Writes a setting below /proc/sys/net of a namespace.
int clinux_write_in_namespace(int namespace_fd, const char *path, const char *text);
int clinux_pipe(int ends[2]);
/// Standard output is written line by line, into files and pipes too.
void clinux_line_buffered_output(void);

// Processes.
struct clinux_spawn_request {
    const char *path;
    char *const *argv;
    char *const *envp;
    int namespace_fd;   // -1: the caller's network namespace
    int stdin_fd;       // -1: /dev/null
    int output_fd;      // stdout and stderr
    unsigned uid, gid;  // (unsigned)-1: unchanged
    const char *directory;  // NULL: unchanged
    int keep_capabilities;  // 0: the child drops every ambient capability
    int ends_with_us;  // 1: SIGKILL when this process ends, however it does; forked by a thread in the namespaces of the first such call
};
/// Forks, enters the namespace, drops to uid and gid, execs. Returns the pid or -errno (exec failures included).
int clinux_spawn(const struct clinux_spawn_request *what);
/// pid reaped, 0 when none has ended, -errno. `status`: exit code, or 128 + signal.
int clinux_reap(int *status);
int clinux_wait(int pid, int *status, int no_hang);
int clinux_pidfd_open(int pid);
int clinux_pidfd_getfd(int pidfd, int fd);
int clinux_pidfd_signal(int pidfd, int signal);
int clinux_no_new_privileges(void);
/// Gives up every capability whose bit is not in `kept`, from every set of the calling thread, for good; threads and
/// programs that it starts later can't get them back either. Call it while there is no other thread.
int clinux_keep_capabilities(uint64_t kept);
/// The capabilities in force of the calling thread, as bits.
uint64_t clinux_capabilities(void);

// A packet tap on every interface of a network namespace (tap.c).
struct clinux_tap;
struct clinux_tap_options {
    int namespace_fd;       // -1: the caller's
    uint32_t block_bytes;   // the longest packet that is kept whole, and a power of two
    uint32_t blocks;
    uint32_t ring_bytes;    // of the ring between the receive thread and the reader
    uint32_t retire_ms;     // how long the kernel keeps a block that isn't full
    int fifo_priority;      // 0: normal scheduling
};
struct clinux_tap_record {
    uint32_t size;          // of this record with its bytes, padded
    uint32_t interface;
    int64_t stamp_ns;       // realtime, by the kernel
    uint32_t captured, original;
    uint16_t network_offset;
    uint16_t hardware;      // ARPHRD_*
    uint8_t direction;      // PACKET_*; PACKET_OUTGOING is 4
};
int clinux_tap_open(const struct clinux_tap_options *options, struct clinux_tap **out);
/// Readable whenever there is something new to peek at.
int clinux_tap_wake_fd(const struct clinux_tap *tap);
int clinux_tap_is_fifo(const struct clinux_tap *tap);
/// The oldest record, its bytes right behind it; NULL when there is none. It is valid until it is popped.
const struct clinux_tap_record *clinux_tap_peek(struct clinux_tap *tap);
void clinux_tap_pop(struct clinux_tap *tap, const struct clinux_tap_record *record);
/// Since the tap was opened.
int clinux_tap_statistics(struct clinux_tap *tap, uint64_t *packets, uint64_t *dropped);
int clinux_tap_interface_name(const struct clinux_tap *tap, uint32_t interface, char name[16]);
void clinux_tap_close(struct clinux_tap *tap);

// Waiting on two descriptors with nanosecond precision.
/// Bit 0: `first` is ready, bit 1: `second` is. A negative timeout waits for ever.
int clinux_wait_readable(int first, int second, int64_t timeout_ns);
