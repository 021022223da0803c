/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Addresses of a socket, as getsockname() and getpeername() return them. */
#pragma once
#include "events/hook_event.h"
#include "lib/kernel.h"

struct inet_address { /* struct sockaddr_in without its padding */
	u16 family;
	u16 port;
	u32 address;
};

struct inet6_address { /* struct sockaddr_in6 */
	u16 family;
	u16 port;
	u32 flow;
	u8 address[16];
	u32 scope;
};

static __always_inline u64 put_inet_address(struct hook_record *record, struct sock *sock)
{
	struct inet_address address = {.family = AF_INET};
	address.port = READ((struct inet_sock *)sock, inet_sport);
	address.address = READ(sock, rcv_saddr);
	return put_bytes(record, &address, sizeof(address));
}

static __always_inline u64 put_inet6_address(struct hook_record *record, struct sock *sock)
{
	struct inet6_address address = {.family = AF_INET6};
	address.port = READ((struct inet_sock *)sock, inet_sport);
	read_kernel(address.address, sizeof(address.address), &sock->v6_rcv_saddr);
	address.scope = READ(sock, bound_dev_if);
	return put_bytes(record, &address, sizeof(address));
}

/* Put the address of a socket; of other families the family only. */
static __always_inline u64 put_sock_address(struct hook_record *record, struct sock *sock)
{
	u16 family = READ(sock, family);
	if (family == AF_INET)
		return put_inet_address(record, sock);
	if (family == AF_INET6)
		return put_inet6_address(record, sock);
	struct unix_address *name = family == AF_UNIX ? READ((struct unix_sock *)sock, addr) : NULL;
	if (name)
		return put_bytes(record, name->name, READ(name, len));
	return put_bytes(record, &family, sizeof(family));
}

static __always_inline u64 put_local_address(struct hook_record *record, struct socket *socket)
{
	return put_sock_address(record, READ(socket, sk));
}

#ifdef CONVERT_REMOTE_ADDRESS
static __always_inline u64 put_unix_peer(struct hook_record *record, struct sock *sock)
{
	u16 family = AF_UNIX;
	struct sock *peer = READ((struct unix_sock *)sock, peer);
	struct unix_address *name = peer ? READ((struct unix_sock *)peer, addr) : NULL;
	if (name)
		return put_bytes(record, name->name, READ(name, len));
	return put_bytes(record, &family, sizeof(family));
}

/* Put the address of the peer; zeros if the socket is not connected. */
static __always_inline u64 put_peer_address(struct hook_record *record, struct sock *sock)
{
	u16 family = READ(sock, family);
	if (family == AF_INET) {
		struct inet_address address = {.family = AF_INET};
		address.port = READ(sock, dport);
		address.address = READ(sock, daddr);
		return put_bytes(record, &address, sizeof(address));
	}
	if (family == AF_INET6) {
		struct inet6_address address = {.family = AF_INET6};
		address.port = READ(sock, dport);
		read_kernel(address.address, sizeof(address.address), &sock->v6_daddr);
		address.scope = READ(sock, bound_dev_if);
		return put_bytes(record, &address, sizeof(address));
	}
	if (family == AF_UNIX)
		return put_unix_peer(record, sock);
	return put_bytes(record, &family, sizeof(family));
}

static __always_inline u64 put_remote_address(struct hook_record *record, struct socket *socket)
{
	return put_peer_address(record, READ(socket, sk));
}
#endif
