/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Packets: a record for each one that a socket sends or receives. User space derives all packet
 * events from it (tracee_ref/packets/).
 *
 * The programs run at the cgroup hooks of egress and ingress, in any task or interrupt, and can
 * interrupt each other. So they use no per-CPU scratch space, and counters of their own. */
#pragma once
#include "state/socket_owners.h"

#define PACKET_HEADERS 128  /* IPv4 and TCP with all their options */
#define PACKET_PAYLOAD 4096 /* with the payload for DNS and HTTP */
#define TCP 6
#define UDP 17
#define TCP_LISTEN 10
#define DNS_PORT 53

struct packet_record {
	struct header header;
	u64 slot;
	struct packet_prefix prefix;
	char bytes[PACKET_HEADERS];
};
struct payload_record { /* starts with a packet_record */
	struct packet_record packet;
	char more[PACKET_PAYLOAD - PACKET_HEADERS];
};

/* The headers of a packet; ports are in network order. */
struct packet {
	u32 incoming;
	u32 length;
	u32 protocol;  /* TCP, UDP, or 0 */
	u32 transport; /* offset of the TCP or UDP header */
	u16 source;
	u16 target;
};

/* A connection that was requested from a listening socket. */
struct connection {
	u64 net;
	char local[16];
	char remote[16];
	u16 local_port;
	u16 remote_port;
	u32 unused;
};
/* A connection that is not accepted yet has no inode: it belongs to the owner of the listening
 * socket. A closed one belongs to its last owner. */
BPF_TABLE("lru_hash", struct connection, u64, pending_connections, SOCKETS);
BPF_TABLE("lru_hash", u64, u64, socket_inodes, SOCKETS); /* socket cookie to inode number */

static __always_inline void count_packet(u32 counter)
{
	u32 index = COUNTER_COUNT + counter;
	u64 *value = counters.lookup(&index);
	if (value)
		__sync_fetch_and_add(value, 1);
}

static __always_inline u32 load_bytes(struct __sk_buff *skb, u32 at, void *to, u32 size)
{
	return bpf_skb_load_bytes(skb, at, to, size) == 0;
}

/* Find TCP or UDP. IPv6 with extension headers, and fragments after the first, count as having
 * none. */
static __always_inline void parse_transport(struct __sk_buff *skb, struct packet *packet)
{
	u8 first = 0, protocol = 0;
	u16 fragment = 0, ports[2] = {};
	load_bytes(skb, 0, &first, 1);
	if (first >> 4 == 4) {
		load_bytes(skb, 6, &fragment, 2);
		load_bytes(skb, 9, &protocol, 1);
		packet->transport = (first & 15) * 4;
		if (fragment & bpf_htons(0x1fff))
			return;
	} else if (first >> 4 == 6) {
		load_bytes(skb, 6, &protocol, 1);
		packet->transport = 40;
	}
	if (protocol != TCP && protocol != UDP)
		return;
	if (!load_bytes(skb, packet->transport, ports, sizeof(ports)))
		return;
	packet->protocol = protocol;
	packet->source = ports[0];
	packet->target = ports[1];
}

static __always_inline void fill_connection(struct __sk_buff *skb, struct sock *sock,
					    const struct packet *packet, struct connection *name)
{
	u8 first = 0;
	__builtin_memset(name, 0, sizeof(*name));
	name->net = (u64)READ(sock, net);
	load_bytes(skb, 0, &first, 1);
	if (first >> 4 == 6) {
		load_bytes(skb, packet->incoming ? 8 : 24, name->remote, 16);
		load_bytes(skb, packet->incoming ? 24 : 8, name->local, 16);
	} else {
		load_bytes(skb, packet->incoming ? 12 : 16, name->remote, 4);
		load_bytes(skb, packet->incoming ? 16 : 12, name->local, 4);
	}
	name->local_port = packet->incoming ? packet->target : packet->source;
	name->remote_port = packet->incoming ? packet->source : packet->target;
}

/* Return the inode number of a packet's socket, also of a closed one or one not accepted yet; or 0.
 */
static __always_inline u64 socket_inode(struct __sk_buff *skb, struct sock *sock,
					const struct packet *packet)
{
	struct connection name;
	struct socket_alloc *socket = (struct socket_alloc *)READ(sock, sk_socket);
	u64 inode = socket ? READ(socket, ino) : 0;
	if (packet->protocol != TCP)
		return inode;
	if (inode && READ(sock, state) == TCP_LISTEN) {
		fill_connection(skb, sock, packet, &name);
		pending_connections.update(&name, &inode);
		return inode;
	}
	u64 cookie = bpf_get_socket_cookie(skb);
	u64 *cached = socket_inodes.lookup(&cookie);
	if (inode) {
		if (!cached || *cached != inode)
			socket_inodes.update(&cookie, &inode);
		return inode;
	}
	if (cached)
		return *cached;
	fill_connection(skb, sock, packet, &name);
	cached = pending_connections.lookup(&name);
	return cached ? *cached : 0;
}

/* The first four bytes of HTTP requests and responses. */
static __always_inline bool starts_with_http(const char *start)
{
	u32 word = *(const u32 *)start;
#define WORD(a, b, c, d) ((u32)(a) | (u32)(b) << 8 | (u32)(c) << 16 | (u32)(d) << 24)
	return word == WORD('G', 'E', 'T', ' ') || word == WORD('P', 'O', 'S', 'T') ||
	       word == WORD('P', 'U', 'T', ' ') || word == WORD('H', 'E', 'A', 'D') ||
	       word == WORD('D', 'E', 'L', 'E') || word == WORD('H', 'T', 'T', 'P') ||
	       word == WORD('P', 'A', 'T', 'C') || word == WORD('O', 'P', 'T', 'I') ||
	       word == WORD('T', 'R', 'A', 'C') || word == WORD('C', 'O', 'N', 'N');
}

/* Whether one of the scopes selected an event that needs the payload of the packet. */
static __always_inline bool needs_payload(struct __sk_buff *skb, const struct packet *packet,
					  u64 mask)
{
	u32 event = EVENT_PACKET_DNS;
	u16 port = bpf_htons(DNS_PORT);
	u8 offset = 0;
	char start[4] __attribute__((aligned(4))) = {};
	u64 *selected = select.lookup(&event);
	if (!packet->protocol)
		return false;
	if (selected && *selected & mask && (packet->source == port || packet->target == port))
		return true;
	event = EVENT_PACKET_HTTP;
	selected = select.lookup(&event);
	if (!selected || !(*selected & mask) || packet->protocol != TCP)
		return false;
	load_bytes(skb, packet->transport + 12, &offset, 1);
	return load_bytes(skb, packet->transport + (offset >> 4) * 4, start, 4) &&
	       starts_with_http(start);
}

/* Fill a reserved record. `capacity`, its size for bytes, is constant and a power of two. */
static __always_inline void fill_packet(struct __sk_buff *skb, const struct packet *packet,
					const struct owner *owner, u64 mask,
					struct packet_record *record, const u32 capacity)
{
	record->header = owner->header;
	record->header.time = bpf_ktime_get_boot_ns();
	record->header.mask = mask;
	record->header.cpu = bpf_get_smp_processor_id();
	record->prefix.length = packet->length;
	record->prefix.interface = skb->ifindex;
	record->prefix.incoming = packet->incoming;
	record->prefix.unused = 0;
	u64 size = packet->length < capacity ? packet->length : capacity;
	/* At least 1: older verifiers do not learn that from a comparison with 0. */
	size = within(size - 1, capacity - 1) + 1;
	if (!load_bytes(skb, 0, record->bytes, size))
		size = 0;
	record->slot = sizeof(record->prefix) + size;
}

/* Two functions, as the size of a reservation is a constant. */
static __always_inline void send_headers(struct __sk_buff *skb, const struct packet *packet,
					 const struct owner *owner, u64 mask)
{
	struct packet_record *record = records.ringbuf_reserve(sizeof(struct packet_record));
	if (!record) {
		count_packet(COUNTER_LOST);
		return;
	}
	fill_packet(skb, packet, owner, mask, record, PACKET_HEADERS);
	records.ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	count_packet(COUNTER_SUBMITTED);
}

static __always_inline void send_payload(struct __sk_buff *skb, const struct packet *packet,
					 const struct owner *owner, u64 mask)
{
	struct payload_record *record = records.ringbuf_reserve(sizeof(struct payload_record));
	if (!record) {
		count_packet(COUNTER_LOST);
		return;
	}
	fill_packet(skb, packet, owner, mask, &record->packet, PACKET_PAYLOAD);
	records.ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	count_packet(COUNTER_SUBMITTED);
}

static __always_inline void report_packet(struct __sk_buff *skb, struct packet *packet)
{
	u32 event = EVENT_PACKET;
	u64 *selected = select.lookup(&event);
	struct bpf_sock *sk = skb->sk;
	struct sock *sock = NULL;
	if (!sk || !selected || !*selected)
		return;
	/* The verifier rejects a dereference of a struct bpf_sock's address, not a read of any
	 * address. */
	read_kernel(&sock, sizeof(sock), &sk);
	parse_transport(skb, packet);
	u64 inode = socket_inode(skb, sock, packet);
	struct owner *owner = inode ? owners.lookup(&inode) : NULL;
	if (!owner || owner->inode != inode)
		return;
	count_packet(COUNTER_SEEN);
	if (owner->incomplete)
		count_packet(COUNTER_UNKNOWN);
	u64 mask = *selected & owner->mask;
	if (!mask) {
		count_packet(COUNTER_FILTERED);
		return;
	}
	if (needs_payload(skb, packet, mask))
		send_payload(skb, packet, owner, mask);
	else
		send_headers(skb, packet, owner, mask);
}

int on_packet_in(struct __sk_buff *skb)
{
	struct packet packet = {.incoming = 1, .length = skb->len};
	report_packet(skb, &packet);
	return 1; /* let the packet pass */
}

int on_packet_out(struct __sk_buff *skb)
{
	struct packet packet = {.length = skb->len};
	report_packet(skb, &packet);
	return 1;
}
