/* complaint — everything that is wrong with a configuration, collected.
 *
 * Room: the form of the sentence "FILE:LINE: [section] key: what; expected ..." and the order.
 * The bound of the list never hides that there were errors: error_count goes on. */
#ifndef HOLDFAST_PEER_COMPLAINT_H
#define HOLDFAST_PEER_COMPLAINT_H

#include "config.h"

/* Where the trouble is. line 0: the file as a whole; section and key may be "". */
struct complaint_place {
    const char *path;
    unsigned line;
    const char *section; /* without brackets */
    const char *key;
};

/* Adds an error: the configuration is refused. */
void complaint_error(struct complaints *complaints, const struct complaint_place *place,
                     const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Adds a warning: worth a look, no obstacle. */
void complaint_warning(struct complaints *complaints, const struct complaint_place *place,
                       const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Puts the list into the order of the file; line 0 goes last. */
void complaint_sort(struct complaints *complaints);

#endif
