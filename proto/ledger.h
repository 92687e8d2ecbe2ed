/* ledger — what must be on disk, what is being written, what is safely there (rule V4).
 *
 * Room: at most one write outstanding and one, the newest, waiting. Each change of the wanted
 * content gets a ticket; a ticket is durable once a write that was started at or after it has
 * ended well. A failed write is tried again; it never stops the daemon. */
#ifndef HOLDFAST_PROTO_LEDGER_H
#define HOLDFAST_PROTO_LEDGER_H

#include "outcome.h"
#include "words.h"

struct ledger {
    struct stored wanted;
    uint64_t wanted_ticket;  /* of the newest change */
    uint64_t writing_ticket; /* 0 = no write outstanding */
    struct stored writing;
    struct stored durable;   /* last content known to be on disk */
    uint64_t durable_ticket;
    mono_ms retry_at;        /* MONO_NEVER = nothing to retry */
    bool failing;
};

/* present: what the file held, or .present false. members: written with everything from now. */
void ledger_init(struct ledger *ledger, const struct stored *found);
/* Call after changing ledger->wanted. Starts the write or lets it wait. Returns the ticket. */
uint64_t ledger_put(struct ledger *ledger, struct outcome *outcome);
/* EVENT_STORED. Starts the waiting write, or plans the retry of a failed one. */
void ledger_stored(struct ledger *ledger, uint64_t ticket, bool ok, mono_ms now,
                   struct outcome *outcome);
/* Starts a retry whose time has come. */
void ledger_settle(struct ledger *ledger, mono_ms now, struct outcome *outcome);
bool ledger_is_durable(const struct ledger *ledger, uint64_t ticket);

#endif
