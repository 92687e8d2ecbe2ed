/* trouble — what is wrong outside: of which kind, and in one sentence. Pure.
 *
 * Room: the one list of kinds that everybody who asks outside (http, the providers, record) sorts
 * its faults into. What to do about a kind is known by remedy; scripts see the kind's name. */
#ifndef HOLDFAST_NODE_TROUBLE_H
#define HOLDFAST_NODE_TROUBLE_H

#define TROUBLE_TEXT_SIZE 1024

enum trouble_kind {
    TROUBLE_NONE,  /* nothing is wrong; a text is only a remark */
    TROUBLE_OTHER, /* the sentence says all that is known */
    /* the way there */
    TROUBLE_LOOKUP,      /* no address for the host */
    TROUBLE_CONNECTION,  /* nobody takes the connection or the datagram */
    TROUBLE_SILENT,      /* no answer, or no whole one, in time */
    TROUBLE_CERTIFICATE, /* the other side cannot prove who it is */
    TROUBLE_CA_FILE,     /* ca-file cannot be used */
    TROUBLE_REDIRECT,
    TROUBLE_NOT_HTTP,
    TROUBLE_CUT,      /* the connection ended inside the answer */
    TROUBLE_TOO_LONG, /* the answer is */
    TROUBLE_STRANGE,  /* a whole answer, but none of this provider */
    TROUBLE_BUSY,     /* it asks for patience */
    TROUBLE_SERVER,   /* it has a fault of its own */
    /* who asks */
    TROUBLE_SECRET,    /* the secret is not the one that belongs to the key */
    TROUBLE_KEY,       /* the key is not known there */
    TROUBLE_EXPIRED,   /* the keys have ended */
    TROUBLE_RIGHTS,    /* known, but not allowed to */
    TROUBLE_UNSIGNED,  /* no key is configured, and one is needed */
    TROUBLE_KEYS_FILE, /* the file with the keys is no good */
    TROUBLE_ROLE,      /* the instance's role gives none */
    TROUBLE_CLOCK,     /* this machine's clock is off */
    TROUBLE_LET_IN,    /* the server's list of addresses lacks this one */
    /* what is there */
    TROUBLE_ZONE,       /* it is not known there */
    TROUBLE_NAME,       /* the name is in another zone */
    TROUBLE_PRIMARY,    /* who was asked only copies the zone, or not even that */
    TROUBLE_NO_UPDATES, /* the server takes none */
    TROUBLE_ALIAS,
    TROUBLE_PROXIED,
    TROUBLE_CROWDED,
    TROUBLE_TTL,
    TROUBLE_SERIAL,  /* of the zone does not rise */
    TROUBLE_LAGGING, /* a name server does not show yet what the first shows */
    /* the fence and the addresses */
    TROUBLE_FENCES,    /* more than one, or one that no write can compare with */
    TROUBLE_GARBAGE,   /* a text that holdfast did not write */
    TROUBLE_FOREIGN,   /* the own epoch, another's token */
    TROUBLE_POISONED,  /* an epoch too high to be true */
    TROUBLE_HIGHER,    /* somebody newer was there: settles by itself */
    TROUBLE_MIXED,     /* written, but not through this interface */
    TROUBLE_DROPPED,   /* accepted, and not done */
    TROUBLE_STRANGER,  /* of a node that the configuration does not know */
    TROUBLE_ADDRESSES, /* changed by another hand */
    TROUBLE_CONTESTED, /* again and again */
    TROUBLE_UNADOPTED, /* the name was never holdfast's, and an operator is to say so */
    TROUBLE_COMMAND,   /* the operator's command failed */
    TROUBLE_REFUSED,   /* for a reason that only the server's words tell */
    TROUBLE_KIND_COUNT
};

struct trouble {
    enum trouble_kind kind;
    char text[TROUBLE_TEXT_SIZE]; /* one sentence, "" = nothing to say */
};

/* Sets both; cuts at the size. */
void trouble_set(struct trouble *trouble, enum trouble_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* "certificate", "rights", ...: a promise to scripts. */
const char *trouble_name(enum trouble_kind kind);

#endif
