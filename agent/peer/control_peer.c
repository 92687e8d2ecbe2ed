/* Happy path: the kernel tells uid and groups of a connected socket; nothing is asked of the
 * peer itself.
 *
 * Failure modes: a kernel without SO_PEERGROUPS, or a peer in more groups than fit: then only
 * root and the daemon's own user may change things. */
#include "control_peer.h"

#include <grp.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#define GROUP_COUNT_MAX 512

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif

static gid_t find_group(const char *name)
{
    const struct group *group = getgrnam(name);
    return group == NULL ? (gid_t)-1 : group->gr_gid;
}

struct control_groups control_peer_groups(void)
{
    return (struct control_groups){.reader = find_group(CONTROL_GROUP),
                                   .admin = find_group(CONTROL_ADMIN_GROUP)};
}

static bool credentials(int file, struct ucred *ret)
{
    socklen_t size = sizeof *ret;
    return getsockopt(file, SOL_SOCKET, SO_PEERCRED, ret, &size) == 0;
}

uid_t control_peer_uid(int file)
{
    struct ucred peer;
    return credentials(file, &peer) ? peer.uid : (uid_t)-1;
}

static bool is_member(int file, gid_t wanted)
{
    gid_t groups[GROUP_COUNT_MAX];
    socklen_t size = sizeof groups;
    if (getsockopt(file, SOL_SOCKET, SO_PEERGROUPS, groups, &size) != 0)
        return false;
    for (size_t i = 0; i < size / sizeof groups[0]; i++)
        if (groups[i] == wanted)
            return true;
    return false;
}

bool control_peer_may_change(int file, const struct control_groups *groups)
{
    struct ucred peer;
    if (!credentials(file, &peer))
        return false;
    if (peer.uid == 0 || peer.uid == geteuid())
        return true;
    return groups->admin != (gid_t)-1 &&
           (peer.gid == groups->admin || is_member(file, groups->admin));
}
