/* doctor — the looks of `holdfast doctor`: each room adds lines about one part of the whole.
 *
 * local: what is on this machine, without a daemon. peers: what the daemon says of the cluster,
 * the network and the clocks. records: what it says of the providers. */
#ifndef HOLDFAST_CLI_DOCTOR_H
#define HOLDFAST_CLI_DOCTOR_H

#include "../peer/config.h"
#include "command.h"
#include "doctor_list.h"

struct doctor {
    const struct cli_options *options;
    struct config config;
    struct complaints complaints;
    bool readable;        /* the configuration is without errors: what follows can be judged */
    uint8_t self;         /* by the private key; PEER_NONE when that is not known */
    const json_t *status; /* of the daemon, with the providers read anew; NULL = no answer */
    struct doctor_list list;
};

/* Reads configuration and files; fills config, complaints, readable, self. Blocks on the disk. */
void doctor_local(struct doctor *doctor);
/* From status. */
void doctor_peers(struct doctor *doctor);
void doctor_records(struct doctor *doctor);

/* Has the daemon read all providers, and asks for its status until it has, 8 s at most. Adds the
 * lines about the daemon. New reference; NULL = it cannot be reached. */
json_t *doctor_ask(struct doctor *doctor);

/* doctor_list_add with the parts in a row. */
#define DOCTOR_SAY(doctor, area, subject, level, remedy, ...)                                     \
    doctor_list_add(&(doctor)->list, &(struct doctor_line){area, subject, level, remedy},         \
                    __VA_ARGS__)

#endif
