/* remedy — what to do about a kind of trouble with one record: one line. Pure.
 *
 * The line is a command to type, or the line of the configuration to set, with the record's own
 * names and files in it; what is done elsewhere (a console, the DNS server) is said in words. */
#ifndef HOLDFAST_NODE_REMEDY_H
#define HOLDFAST_NODE_REMEDY_H

#include "../peer/config.h"
#include "trouble.h"

#define REMEDY_SIZE 2560

/* Whose trouble it is; all borrowed. */
struct remedy_case {
    const struct record_config *record;
    const char *config_path; /* the file that the record stands in */
    enum trouble_kind kind;
};

/* Fills `ret`; "" when nothing is wrong. */
void remedy_text(const struct remedy_case *what, char ret[REMEDY_SIZE]);

#endif
