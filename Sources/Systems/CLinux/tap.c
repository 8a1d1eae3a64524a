// A packet tap on every interface of a network namespace: TPACKET_V3 into the kernel's ring, one thread that
// copies into a ring of our own and does nothing else, one reader elsewhere. When our ring is full the thread
// waits, the kernel's ring fills, and the kernel counts what it drops: no loss goes uncounted.
#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

struct clinux_tap {
    int socket, wake, stop;
    uint8_t *kernel_ring;
    size_t block_bytes, blocks;
    uint8_t *ring;
    size_t ring_bytes;
    _Atomic size_t written, taken;  // ever; the difference is what waits
    _Atomic int stopping, is_fifo;
    int priority, has_thread;
    pthread_t thread;
    uint64_t packets, dropped;
};

// Marks the rest of the ring as unused: the next record begins at offset 0.
static const uint32_t wrap_mark = UINT32_MAX;

static size_t padded(size_t size) { return (size + 7) & ~(size_t)7; }

static uint8_t *reserve(struct clinux_tap *tap, size_t need) {
    while (!atomic_load(&tap->stopping)) {
        size_t written = atomic_load_explicit(&tap->written, memory_order_relaxed);
        size_t waiting = written - atomic_load_explicit(&tap->taken, memory_order_acquire);
        size_t offset = written % tap->ring_bytes;
        size_t rest = tap->ring_bytes - offset;
        if (rest < need) {
            if (waiting + rest <= tap->ring_bytes) {
                memcpy(tap->ring + offset, &wrap_mark, sizeof wrap_mark);
                atomic_store_explicit(&tap->written, written + rest, memory_order_release);
                continue;
            }
        } else if (waiting + need <= tap->ring_bytes) {
            return tap->ring + offset;
        }
        struct timespec moment = {.tv_nsec = 1000000};
        nanosleep(&moment, NULL);
    }
    return NULL;
}

static void keep(struct clinux_tap *tap, const struct tpacket3_hdr *header) {
    const struct sockaddr_ll *link =
        (const void *)((const uint8_t *)header + TPACKET_ALIGN(sizeof(struct tpacket3_hdr)));
    size_t size = padded(sizeof(struct clinux_tap_record) + header->tp_snaplen);
    uint8_t *place = reserve(tap, size);
    if (!place) return;
    struct clinux_tap_record record = {
        .size = (uint32_t)size,
        .interface = (uint32_t)link->sll_ifindex,
        .stamp_ns = (int64_t)header->tp_sec * 1000000000 + header->tp_nsec,
        .captured = header->tp_snaplen,
        .original = header->tp_len,
        .network_offset = (uint16_t)(header->tp_net - header->tp_mac),
        .hardware = link->sll_hatype,
        .direction = link->sll_pkttype,
    };
    memcpy(place, &record, sizeof record);
    memcpy(place + sizeof record, (const uint8_t *)header + header->tp_mac, header->tp_snaplen);
    atomic_fetch_add_explicit(&tap->written, size, memory_order_release);
}

static void keep_block(struct clinux_tap *tap, struct tpacket_block_desc *block) {
    uint32_t count = block->hdr.bh1.num_pkts;
    const struct tpacket3_hdr *header = (const void *)((uint8_t *)block + block->hdr.bh1.offset_to_first_pkt);
    for (uint32_t i = 0; i < count; i++) {
        keep(tap, header);
        header = (const void *)((const uint8_t *)header + header->tp_next_offset);
    }
    __atomic_store_n(&block->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
}

static void *receive(void *argument) {
    struct clinux_tap *tap = argument;
    struct sched_param parameters = {.sched_priority = tap->priority};
    if (tap->priority > 0 && pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameters) == 0)
        atomic_store(&tap->is_fifo, 1);
    size_t next = 0;
    while (!atomic_load(&tap->stopping)) {
        struct tpacket_block_desc *block = (void *)(tap->kernel_ring + next * tap->block_bytes);
        if (!(__atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER)) {
            struct pollfd ready[2] = {{.fd = tap->socket, .events = POLLIN}, {.fd = tap->stop, .events = POLLIN}};
            poll(ready, 2, 100);
            continue;
        }
        keep_block(tap, block);
        next = (next + 1) % tap->blocks;
        uint64_t one = 1;
        ssize_t ignored = write(tap->wake, &one, sizeof one);
        (void)ignored;
    }
    return NULL;
}

static int set_up(struct clinux_tap *tap, unsigned retire_ms) {
    int version = TPACKET_V3;
    if (setsockopt(tap->socket, SOL_PACKET, PACKET_VERSION, &version, sizeof version) < 0) return -errno;
    struct tpacket_req3 request = {
        .tp_block_size = (unsigned)tap->block_bytes, .tp_block_nr = (unsigned)tap->blocks,
        .tp_frame_size = 2048, .tp_frame_nr = (unsigned)(tap->block_bytes / 2048 * tap->blocks),
        .tp_retire_blk_tov = retire_ms,
    };
    if (setsockopt(tap->socket, SOL_PACKET, PACKET_RX_RING, &request, sizeof request) < 0) return -errno;
    tap->kernel_ring = mmap(NULL, tap->block_bytes * tap->blocks, PROT_READ | PROT_WRITE, MAP_SHARED, tap->socket, 0);
    if (tap->kernel_ring == MAP_FAILED) {
        tap->kernel_ring = NULL;
        return -errno;
    }
    tap->ring = malloc(tap->ring_bytes);
    if (!tap->ring) return -ENOMEM;
    tap->wake = clinux_eventfd();
    tap->stop = clinux_eventfd();
    if (tap->wake < 0) return tap->wake;
    if (tap->stop < 0) return tap->stop;
    // Only now does the first packet arrive: interface 0 is every interface of the socket's namespace.
    struct sockaddr_ll all = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    if (bind(tap->socket, (struct sockaddr *)&all, sizeof all) < 0) return -errno;
    int error = pthread_create(&tap->thread, NULL, receive, tap);
    tap->has_thread = error == 0;
    return -error;
}

int clinux_tap_open(const struct clinux_tap_options *options, struct clinux_tap **out) {
    // Protocol 0: nothing is received before the ring is there.
    int socket = clinux_socket_in_namespace(options->namespace_fd, AF_PACKET, SOCK_RAW, 0);
    if (socket < 0) return socket;
    struct clinux_tap *tap = calloc(1, sizeof *tap);
    if (!tap) {
        close(socket);
        return -ENOMEM;
    }
    tap->socket = socket;
    tap->wake = tap->stop = -1;
    tap->block_bytes = options->block_bytes;
    tap->blocks = options->blocks;
    tap->ring_bytes = padded(options->ring_bytes);
    tap->priority = options->fifo_priority;
    int error = set_up(tap, options->retire_ms);
    if (error < 0) {
        clinux_tap_close(tap);
        return error;
    }
    *out = tap;
    return 0;
}

int clinux_tap_wake_fd(const struct clinux_tap *tap) { return tap->wake; }
int clinux_tap_is_fifo(const struct clinux_tap *tap) { return atomic_load(&((struct clinux_tap *)tap)->is_fifo); }

const struct clinux_tap_record *clinux_tap_peek(struct clinux_tap *tap) {
    while (1) {
        size_t taken = atomic_load_explicit(&tap->taken, memory_order_relaxed);
        if (taken == atomic_load_explicit(&tap->written, memory_order_acquire)) return NULL;
        size_t offset = taken % tap->ring_bytes;
        const struct clinux_tap_record *record = (const void *)(tap->ring + offset);
        if (record->size != wrap_mark) return record;
        atomic_fetch_add_explicit(&tap->taken, tap->ring_bytes - offset, memory_order_release);
    }
}

void clinux_tap_pop(struct clinux_tap *tap, const struct clinux_tap_record *record) {
    atomic_fetch_add_explicit(&tap->taken, record->size, memory_order_release);
}

int clinux_tap_statistics(struct clinux_tap *tap, uint64_t *packets, uint64_t *dropped) {
    struct tpacket_stats_v3 since = {0};
    socklen_t length = sizeof since;
    // Reading resets the kernel's counters.
    if (getsockopt(tap->socket, SOL_PACKET, PACKET_STATISTICS, &since, &length) < 0) return -errno;
    tap->packets += since.tp_packets;
    tap->dropped += since.tp_drops;
    *packets = tap->packets;
    *dropped = tap->dropped;
    return 0;
}

int clinux_tap_interface_name(const struct clinux_tap *tap, uint32_t interface, char name[16]) {
    struct ifreq request = {.ifr_ifindex = (int)interface};
    if (ioctl(tap->socket, SIOCGIFNAME, &request) < 0) return -errno;
    memcpy(name, request.ifr_name, 16);
    name[15] = 0;
    return 0;
}

void clinux_tap_close(struct clinux_tap *tap) {
    if (tap->has_thread) {
        atomic_store(&tap->stopping, 1);
        uint64_t one = 1;
        ssize_t ignored = write(tap->stop, &one, sizeof one);
        (void)ignored;
        pthread_join(tap->thread, NULL);
    }
    if (tap->kernel_ring) munmap(tap->kernel_ring, tap->block_bytes * tap->blocks);
    if (tap->wake >= 0) close(tap->wake);
    if (tap->stop >= 0) close(tap->stop);
    close(tap->socket);
    free(tap->ring);
    free(tap);
}
