/* dns_answers — what `holdfast dns` asks and orders of a node over the control socket.
 *
 * "dns-read" {label}: has the record, or all of them, read anew; answers [{label, count}]: the
 * reading has ended when `read.count` of `status` is that high.
 * "dns-adopt" {label}: what adopting would do, as record_adopt_preview says.
 * "dns-adopt" {label, seen, move}: does it, when `seen` is still what is there. */
#ifndef HOLDFAST_NODE_DNS_ANSWERS_H
#define HOLDFAST_NODE_DNS_ANSWERS_H

#include "../peer/control.h"
#include "duty.h"

/* Answers the call when `command` is one of these; false when it is none, and was not touched. */
bool dns_answer(struct duty *duty, struct control_call *call, const char *command,
                const json_t *request);

#endif
