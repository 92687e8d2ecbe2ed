/* control_peer — who is at the other end of a local connection, as the kernel knows it.
 *
 * Used by: control. SO_PEERCRED names the process, SO_PEERGROUPS its groups at connect time. */
#ifndef HOLDFAST_PEER_CONTROL_PEER_H
#define HOLDFAST_PEER_CONTROL_PEER_H

#include <stdbool.h>
#include <sys/types.h>

#define CONTROL_GROUP "holdfast"            /* may read: owns the socket file */
#define CONTROL_ADMIN_GROUP "holdfast-admin" /* may change */

/* Group ids, looked up once at the start; (gid_t)-1 = no such group on this machine. */
struct control_groups {
    gid_t reader, admin;
};

/* Looks both groups up (blocking: before the loop runs). */
struct control_groups control_peer_groups(void);
/* uid of the peer of this connected socket; (uid_t)-1 when the kernel does not say. */
uid_t control_peer_uid(int file);
/* May it change things: root, the daemon's own user, or a member of the admin group? */
bool control_peer_may_change(int file, const struct control_groups *groups);

#endif
