#include "ledger.h"

#include <string.h>

#define RETRY_MS 200

void ledger_init(struct ledger *ledger, const struct stored *found)
{
    memset(ledger, 0, sizeof *ledger);
    ledger->wanted = *found;
    ledger->durable = *found;
    ledger->retry_at = MONO_NEVER;
    if (found->present)
        return;
    memset(&ledger->wanted, 0, sizeof ledger->wanted);
    ledger->wanted.holder = PEER_NONE;
    ledger->durable = ledger->wanted;
}

static void start(struct ledger *ledger, struct outcome *outcome)
{
    ledger->wanted.present = true;
    ledger->writing = ledger->wanted;
    ledger->writing_ticket = ledger->wanted_ticket;
    ledger->retry_at = MONO_NEVER;
    outcome->stored = ledger->writing;
    outcome_act(outcome,
                (struct action){.kind = ACTION_STORE, .ticket = ledger->writing_ticket});
}

uint64_t ledger_put(struct ledger *ledger, struct outcome *outcome)
{
    ledger->wanted_ticket++;
    if (ledger->writing_ticket == 0)
        start(ledger, outcome);
    return ledger->wanted_ticket;
}

static void tell_failing(struct ledger *ledger, bool failing, struct outcome *outcome)
{
    if (ledger->failing == failing)
        return;
    ledger->failing = failing;
    outcome_note(outcome, failing ? REASON_STORE_FAILED : REASON_STORE_WORKS, PEER_NONE, 0, 0);
}

void ledger_stored(struct ledger *ledger, uint64_t ticket, bool ok, mono_ms now,
                   struct outcome *outcome)
{
    if (ticket != ledger->writing_ticket || ticket == 0)
        return;
    ledger->writing_ticket = 0;
    tell_failing(ledger, !ok, outcome);
    if (!ok) {
        ledger->retry_at = now + RETRY_MS;
        return;
    }
    ledger->durable = ledger->writing;
    ledger->durable_ticket = ticket;
    if (ledger->wanted_ticket > ticket)
        start(ledger, outcome);
}

void ledger_settle(struct ledger *ledger, mono_ms now, struct outcome *outcome)
{
    if (now >= ledger->retry_at && ledger->writing_ticket == 0)
        start(ledger, outcome);
}

bool ledger_is_durable(const struct ledger *ledger, uint64_t ticket)
{
    return ledger->durable_ticket >= ticket;
}
