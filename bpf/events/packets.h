/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Packets: a record for each one that a socket sends or receives. User space derives all packet
 * events from it (tracee_ref/packets/).
 *
 * The programs run at the cgroup hooks of egress and ingress, in any task or interrupt, and can
 * interrupt each other. So they use no per-CPU scratch space, and counters of their own. */
#pragma once
#include "state/socket_owners.h"

/* Bytes of a packet that are copied, powers of two: the headers (IPv4 and TCP with all their options),
 * or all of it for DNS and HTTP. Only BIG TCP makes packets of more than 64 KiB, up to 512 KiB. */
#define PACKET_HEADERS 128
#define PACKET_SMALL 4096
#define PACKET_MEDIUM 16384
#define PACKET_LARGE 65536
#define PACKET_HUGE 524288
#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define INTERFACE_NAME 16 /* IFNAMSIZ */
#define EXTENSIONS_MAX 16 /* extension headers before the transport; senders have up to four */
#define HTTP_START 32	  /* bytes in which the method of a request ends, a power of two */
#define MAYBE_HTTP_BYTES 16384
#define TCP 6
#define UDP 17
#define HOP_BY_HOP 0
#define ROUTING 43
#define FRAGMENT 44
#define AUTHENTICATION 51
#define DESTINATION 60
#define MOBILITY 135
#define TCP_LISTEN 10
#define DNS_PORT 53

struct packet_record {
	struct header header;
	u64 slot;
	struct packet_prefix prefix;
	char bytes[IPV6_HEADER + PACKET_HEADERS]; /* both if extension headers are skipped, or more */
};

/* The headers of a packet; ports are in network order. */
struct packet {
	u32 incoming;
	u32 length;
	u32 network;   /* bytes of the IP header without options */
	u32 protocol;  /* of the transport, or PACKET_... */
	u32 transport; /* offset of its header */
	u32 skipped;   /* bytes of extension headers, and of the options before them */
	u32 fragment;  /* the first one */
	u32 has_ports; /* TCP or UDP, with a complete header */
	u32 stream;    /* number of the stream of its addresses and ports */
	u16 source;
	u16 target;
};

/* A buffer of their own, so that packets take no room of other events. */
BPF_RINGBUF_OUTPUT(packet_records, RING_PAGES);

/* A connection of a socket; of `incoming` packets alone, or of both directions (0). */
struct connection {
	u64 net;
	char local[16];
	char remote[16];
	u16 local_port;
	u16 remote_port;
	u32 incoming;
};
/* A connection that is not accepted yet has no inode: it belongs to the owner of the listening
 * socket. A closed one belongs to its last owner. */
BPF_TABLE("lru_hash", struct connection, u64, pending_connections, SOCKETS);
BPF_TABLE("lru_hash", u64, u64, socket_inodes, SOCKETS); /* socket cookie to inode number */

static __always_inline void count_packet(u32 counter)
{
	u32 index = LEVEL_PACKET * COUNTER_COUNT + counter;
	u64 *value = counters.lookup(&index);
	if (value)
		__sync_fetch_and_add(value, 1);
}

static __always_inline u32 load_bytes(struct __sk_buff *skb, u32 at, void *to, u32 size)
{
	return bpf_skb_load_bytes(skb, at, to, size) == 0;
}

/* Make the verifier forget what it found out about the values: it would go on separately for each way
 * that led to them. */
static __always_inline void forget(struct packet *packet)
{
	struct packet copy = *packet;
	read_kernel(packet, sizeof(*packet), &copy);
}

static __always_inline u32 is_extension(const struct packet *packet, u32 type)
{
	if (type == AUTHENTICATION)
		return 1;
	return packet->network == IPV6_HEADER &&
	       (type == HOP_BY_HOP || type == ROUTING || type == DESTINATION || type == FRAGMENT ||
		type == MOBILITY);
}

/* Skip the extension headers, of which IPv4 has one: `protocol` and `transport` of the packet become
 * those of the first other header. */
static __always_inline void skip_extensions(struct __sk_buff *skb, struct packet *packet)
{
#pragma unroll /* Linux 5.10 refuses some loops */
	for (int i = 0; i < EXTENSIONS_MAX; i++) {
		u32 type = packet->protocol, size;
		u8 start[4] = {};
		if (!is_extension(packet, type))
			return;
		if (!load_bytes(skb, packet->transport, start, sizeof(start))) {
			packet->protocol = PACKET_NO_TRANSPORT;
			return;
		}
		size = type == AUTHENTICATION ? start[1] * 4 + 8 : start[1] * 8 + 8;
		if (type == FRAGMENT) {
			u16 offset = start[2] << 8 | start[3];
			if (offset & 0xfff8) {
				packet->protocol = PACKET_NO_TRANSPORT;
				return;
			}
			packet->fragment |= offset & 1;
			size = 8;
		}
		packet->protocol = start[0];
		packet->transport += size;
		packet->skipped = packet->transport - packet->network;
		forget(packet);
	}
	packet->protocol = PACKET_TOO_DEEP;
}

/* Find the transport; a fragment after the first has none. */
static __always_inline void parse_transport(struct __sk_buff *skb, struct packet *packet)
{
	u8 first = 0, protocol = 0;
	u16 fragment = 0, ports[2] = {};
	packet->protocol = PACKET_NO_TRANSPORT;
	load_bytes(skb, 0, &first, 1);
	if (first >> 4 == 4) {
		load_bytes(skb, 6, &fragment, 2);
		load_bytes(skb, 9, &protocol, 1);
		packet->transport = (first & 15) * 4;
		if (packet->transport < 20 || fragment & bpf_htons(0x1fff))
			return;
		packet->fragment = (fragment & bpf_htons(0x2000)) != 0;
		packet->network = IPV4_HEADER;
	} else if (first >> 4 == 6) {
		load_bytes(skb, 6, &protocol, 1);
		packet->transport = packet->network = IPV6_HEADER;
	} else {
		return;
	}
	packet->protocol = protocol;
	skip_extensions(skb, packet);
	if (packet->protocol != TCP && packet->protocol != UDP)
		return;
	if (!load_bytes(skb, packet->transport, ports, sizeof(ports)))
		return;
	packet->has_ports = 1;
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
	if (packet->protocol != TCP || !packet->has_ports)
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

/* Streams that start like HTTP: the number of bytes that are still copied. The first segment can come
 * to the listening socket, so that cookies tell nothing. */
BPF_TABLE("lru_hash", struct connection, u64, http_streams, SOCKETS);
#define ALL_BYTES (~0ULL)

static __always_inline u32 is_space(u8 c)
{
	return c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

/* A character of a method (RFC 9110, 5.6.2), or of an empty line before it. */
static __always_inline u32 is_method(u8 c)
{
	return (c > ' ' && c < 0x7f) || c == '\r' || c == '\n';
}

/* Return how many bytes of a stream are to be copied that goes on with `start`: all if it begins an
 * HTTP message, some if it could be the beginning of one. */
static __always_inline u64 http_bytes(const u8 *start)
{
	if (start[0] == 'H' && start[1] == 'T' && start[2] == 'T' && start[3] == 'P')
		return ALL_BYTES;
#pragma unroll
	for (int i = 0; i < HTTP_START - 1; i++) {
		u8 c = start[i], next = start[i + 1];
		if (i && is_space(c) && (next == '/' || next == '*' || next == 'h' || next == 'H'))
			return ALL_BYTES;
		if (is_space(c) || !c) /* 0: the end of a short segment */
			return i ? MAYBE_HTTP_BYTES : 0;
		if (!is_method(c))
			return 0;
	}
	return MAYBE_HTTP_BYTES;
}

/* Whether more than half of the buffer waits to be read. */
static __always_inline bool is_filling(void)
{
	return QUERY_RING(PACKET_RECORDS_MAP, BPF_RB_AVAIL_DATA) > RING_BYTES / 2;
}

/* Return how many bytes are to be copied of a TCP packet: those of a stream that starts like HTTP.
 * What is left out when the buffer fills is a body nearly always, and user space reports it if not. */
static __always_inline u32 http_copied(struct __sk_buff *skb, struct sock *sock,
				       const struct packet *packet)
{
	u8 offset = 0, start[HTTP_START] = {};
	load_bytes(skb, packet->transport + 12, &offset, 1);
	u32 payload = packet->transport + (offset >> 4) * 4;
	if (packet->length <= payload)
		return PACKET_HEADERS;
	u32 size = packet->length - payload;
	u64 copied = size < HTTP_START ? size : HTTP_START;
	load_bytes(skb, payload, start, within(copied - 1, HTTP_START - 1) + 1);
	struct connection stream;
	fill_connection(skb, sock, packet, &stream);
	stream.incoming = packet->incoming;
	u64 *left = http_streams.lookup(&stream);
	u64 begun = http_bytes(start), bytes = begun;
	if (left && *left > bytes)
		bytes = *left;
	if (!bytes)
		return PACKET_HEADERS;
	if (bytes != ALL_BYTES)
		bytes = bytes > size ? bytes - size : 0;
	if (!left || *left != bytes)
		http_streams.update(&stream, &bytes);
	return begun || !is_filling() ? packet->length : PACKET_HEADERS;
}

/* Return how many bytes are to be copied: all if a scope selected an event that needs them. */
static __always_inline u32 copied_bytes(struct __sk_buff *skb, struct sock *sock,
					const struct packet *packet, u64 mask)
{
	u32 event = EVENT_PACKET_DNS;
	u16 port = bpf_htons(DNS_PORT);
	u64 *selected = select.lookup(&event);
	if (!packet->has_ports)
		return PACKET_HEADERS;
	if (selected && *selected & mask && (packet->source == port || packet->target == port))
		return packet->length;
	event = EVENT_PACKET_HTTP;
	selected = select.lookup(&event);
	if (selected && *selected & mask && packet->protocol == TCP)
		return http_copied(skb, sock, packet);
	return PACKET_HEADERS;
}

/* Return a number that connections with the same addresses differ in: of other network namespaces,
 * and of raw sockets. */
static __always_inline u32 stream_number(struct sock *sock)
{
	return (u32)((u64)READ(sock, net) >> 6) ^ READ(sock, type) << 28;
}

/* Copy the name of the interface: its index means another one in each network namespace. */
static __always_inline void copy_interface(struct __sk_buff *skb, u64 *name)
{
	struct sk_buff *buffer = NULL;
	struct __sk_buff *context = skb;
	read_kernel(&buffer, sizeof(buffer), &context);
	struct net_device *device = READ(buffer, dev);
	name[0] = name[1] = 0;
	read_kernel(name, INTERFACE_NAME, device->name);
}

/* Copy the IP header of a packet whose extension headers are skipped; return its size. */
static __always_inline u32 copy_network(struct __sk_buff *skb, const struct packet *packet,
					char *bytes)
{
	if (packet->skipped && packet->network == IPV4_HEADER)
		return load_bytes(skb, 0, bytes, IPV4_HEADER) ? IPV4_HEADER : 0;
	if (packet->skipped)
		return load_bytes(skb, 0, bytes, IPV6_HEADER) ? IPV6_HEADER : 0;
	return 0;
}

/* Fill a reserved record. `capacity`, its size for bytes, is constant and a power of two. */
static __always_inline void fill_packet(struct __sk_buff *skb, const struct packet *packet,
					const struct owner *owner, u64 mask,
					struct packet_record *record, const u32 capacity)
{
	u32 before = copy_network(skb, packet, record->bytes);
	u32 from = before ? packet->transport : 0;
	record->header = owner->header;
	record->header.time = bpf_ktime_get_boot_ns();
	record->header.mask = mask;
	record->header.cpu = bpf_get_smp_processor_id();
	record->prefix.length = packet->length;
	record->prefix.incoming = packet->incoming;
	record->prefix.protocol = packet->protocol;
	record->prefix.transport = packet->transport;
	record->prefix.skipped = packet->skipped;
	record->prefix.fragment = packet->fragment;
	record->prefix.segment_size = skb->gso_size;
	record->prefix.stream = packet->stream;
	copy_interface(skb, record->prefix.interface);
	u64 size = packet->length > from ? packet->length - from : 1;
	if (size > capacity)
		size = capacity;
	/* At least 1: older verifiers do not learn that from a comparison with 0. */
	size = within(size - 1, capacity - 1) + 1;
	if (!load_bytes(skb, from, record->bytes + before, size))
		size = 0;
	record->slot = sizeof(record->prefix) + before + size;
}

static __always_inline void count_lost_packet(u64 mask)
{
	count_packet(COUNTER_LOST);
	count_lost(&mask);
}

static __always_inline u64 record_size(u32 capacity)
{
	return sizeof(struct packet_record) + capacity - PACKET_HEADERS;
}

/* `capacity` is a constant, as the size of a reservation must be. */
static __always_inline void send_packet(struct __sk_buff *skb, const struct packet *packet,
					const struct owner *owner, u64 mask, const u32 capacity)
{
	struct packet_record *record = packet_records.ringbuf_reserve(record_size(capacity));
	if (!record) {
		count_lost_packet(mask);
		return;
	}
	fill_packet(skb, packet, owner, mask, record, capacity);
	packet_records.ringbuf_submit(record, BPF_RB_NO_WAKEUP);
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
	forget(packet);
	packet->stream = stream_number(sock);
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
	u32 bytes = copied_bytes(skb, sock, packet, mask);
	if (!HAS_ROOM(PACKET_RECORDS, mask, record_size(bytes)))
		count_lost_packet(mask);
	else if (bytes <= PACKET_HEADERS)
		send_packet(skb, packet, owner, mask, PACKET_HEADERS);
	else if (bytes <= PACKET_SMALL)
		send_packet(skb, packet, owner, mask, PACKET_SMALL);
	else if (bytes <= PACKET_MEDIUM)
		send_packet(skb, packet, owner, mask, PACKET_MEDIUM);
	else if (bytes <= PACKET_LARGE)
		send_packet(skb, packet, owner, mask, PACKET_LARGE);
	else
		send_packet(skb, packet, owner, mask, PACKET_HUGE);
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
