/* epoch.pml - numbers: every election and every re-numbering takes a number above all that were
 * held before, whatever was late, lost or forgotten. Clocks are in lease.pml.
 *
 * What is taken from lease.pml: a promise runs out only after the grants that came of it, and a
 * peer without its file stays silent until then (assumed here, proved there).
 *
 * Numbers 1 .. TOP: even ones belong to node 0, odd ones to node 1, 0 is none. There are no
 * messages: whatever a node has ever claimed may still reach a voter now (lost, delayed, doubled,
 * disordered, relayed), and what a node has released stays true. */
#ifndef TOP
#define TOP 6
#endif
#define OTHER(c) (1 - (c))
#define WITNESS 2
#define OWNER(e) ((e) % 2)
#define BIT(v) (1 << (v))

/* voters; a promise in force is always one of the floor, so its holder is the floor's owner */
byte floor[3];
bool bound[3];
bool lost[3];        /* V5: file lost, backs nobody yet */
bool older[3];       /* the promise answers an earlier life of its holder, which lost its file */
byte learned[3];     /* meanwhile: highest number heard */
byte heard[3];       /* and from whom */
/* nodes */
bool claims[2];
byte claim[2];       /* highest number claimed; its claims may still be under way */
byte held[2];        /* number held, 0 = none */
byte given[2];       /* released */
byte grants[2];      /* voters whose grants back me */
byte last;           /* highest number ever held, by anybody */

/* REACH=n: a state that must be reachable. */
#ifndef REACH
#define REACH 0
#endif
#define SEEN(n) assert(REACH != n)
#if REACH
bool returned;       /* a peer that had lost its file is back */
#endif

#define BOUND_TO(v, c) (bound[v] && OWNER(floor[v]) == c)

/* The property: numbers of holders strictly rise, and there is one holder. */
inline hold(c, e)
{
#if REACH
    if
    :: held[c] -> SEEN(2)                            /* re-numbered while holding */
    :: !held[c] && last && OWNER(last) != c -> SEEN(3)   /* a takeover */
    :: returned && last -> SEEN(4)                   /* elected again after a loss */
    :: else -> SEEN(1)
    fi;
#endif
    assert(REACH || e > last);
    held[c] = e;
    last = held[c];
    assert(REACH || !(held[0] && held[1]))
}

inline give_up(c)
{
    claims[c] = 0; held[c] = 0; grants[c] = 0; given[c] = claim[c];
    if :: BOUND_TO(c, c) -> bound[c] = 0 :: else fi
}

/* N1, N6: a number above the own floor; how far above depends on what the node has heard. */
#ifdef BAD_AGAIN
#define NEXT(c) (claim[c] -> claim[c] : floor[c] + 1 + (floor[c] % 2 == c))
#else
#define NEXT(c) (floor[c] + 1 + (floor[c] % 2 == c))
#endif
inline take_number(c)
{
    e = NEXT(c);
    do
    :: e + 2 <= TOP -> e = e + 2
    :: break
    od;
    d_step { claims[c] = 1; claim[c] = e; floor[c] = e; bound[c] = 1; e = 0 }
}

/* V2, V3: voter v accepts a claim of node c, new or late. */
#ifdef BAD_SECOND
#define FREE(v, c) true
#else
#define FREE(v, c) (!bound[v] || BOUND_TO(v, c))
#endif
#ifdef BAD_LOWER
#define LOWEST(v, c) (2 - c)
#else
#define LOWEST(v, c) (floor[v] + (floor[v] % 2 != c || floor[v] == 0) + (floor[v] == 0 && c == 0))
#endif
inline accept(v, c)
{
    e = LOWEST(v, c);
    do
    :: e + 2 <= claim[c] -> e = e + 2
    :: break
    od;
    d_step { floor[v] = e; bound[v] = 1; older[v] = 0; e = 0 }
}

/* N3: a grant of the number claimed or, for a holder, of one from the held to the claimed one;
 * it may be of a number that the same voter promised before. */
#ifdef BAD_OLD_GRANT
#define COUNTS(c, v) (BOUND_TO(v, c) && !older[v] && floor[v] <= claim[c] && floor[v] >= held[c])
#else
#define COUNTS(c, v) (BOUND_TO(v, c) && !older[v] && floor[v] <= claim[c] && \
                      floor[v] >= (held[c] -> held[c] : claim[c]))
#endif
inline count(c, v)
{
    grants[c] = grants[c] | BIT(v);
    if
    :: held[c] -> skip
    :: floor[v] > held[c] -> d_step { hold(c, floor[v]) }
    fi
}
inline grant_ends(c, v)
{
    grants[c] = grants[c] & ~BIT(v);
    if :: claims[c] && held[c] && grants[c] == 0 -> give_up(c) :: else fi
}

/* V6 */
#ifdef BAD_RELEASE
#define FREED(v, c) (BOUND_TO(v, c) && given[c])
#else
#define FREED(v, c) (BOUND_TO(v, c) && given[c] >= floor[v])
#endif

/* The process ends; the file is kept. What it has promised binds it again (V5). */
inline node_dies(c)
{
    claims[c] = 0; held[c] = 0; grants[c] = 0
}
/* V5: who lost the file learns from both others. What it promised before may still be on its
 * way as grants: floor and bound keep that until it is back. */
#ifdef BAD_TWO_LOST
#define MAY_LOSE(v) !lost[v]
#else
#define MAY_LOSE(v) (!lost[0] && !lost[1] && !lost[2])
#endif
#ifdef BAD_ONE_HEARD
#define ENOUGH(v) heard[v]
#else
#define ENOUGH(v) (heard[v] == (7 & ~BIT(v)))
#endif
#define KNOWN(w) (lost[w] -> learned[w] : floor[w])
inline learn(v, w)
{
    heard[v] = heard[v] | BIT(w);
#ifndef BAD_LEARN
    learned[v] = (KNOWN(w) > learned[v] -> KNOWN(w) : learned[v])
#endif
}
inline back(v)
{
#if REACH
    returned = 1;
#endif
    lost[v] = 0; floor[v] = learned[v]; bound[v] = 0; older[v] = 0; learned[v] = 0; heard[v] = 0
}
/* Statements of the earlier life are older than a lease now: nobody accepts them any more. A
 * promise that answers one of them backs nothing in the new life, even if that takes the same
 * number once more: it names a boot. */
inline new_life(c)
{
    claim[c] = 0; given[c] = 0;
#ifndef BAD_BOOT
    if :: BOUND_TO(OTHER(c), c) -> older[OTHER(c)] = 1 :: else fi;
    if :: BOUND_TO(WITNESS, c) -> older[WITNESS] = 1 :: else fi;
#endif
    skip
}

#define NODE(c) \
    :: atomic { !lost[c] && !claims[c] && (!bound[c] || BOUND_TO(c, c)) && NEXT(c) <= TOP -> \
                take_number(c) } \
    :: atomic { claims[c] && NEXT(c) <= TOP -> take_number(c) } \
    :: d_step { claims[c] -> give_up(c) } \
    :: d_step { claims[c] -> node_dies(c) } \
    :: d_step { !claims[c] && BOUND_TO(c, c) && !lost[c] -> bound[c] = 0; given[c] = claim[c] } \
    :: d_step { !claims[c] && BOUND_TO(c, c) -> bound[c] = 0 } \
    PAIR(c, OTHER(c)) PAIR(c, WITNESS)
#define PAIR(c, v) \
    :: atomic { !lost[v] && FREE(v, c) && LOWEST(v, c) <= claim[c] -> accept(v, c) } \
    :: atomic { claims[c] && COUNTS(c, v) -> count(c, v) } \
    :: d_step { grants[c] & BIT(v) -> grant_ends(c, v) } \
    :: d_step { BOUND_TO(v, c) && !(grants[c] & BIT(v)) -> bound[v] = 0; older[v] = 0 } \
    :: d_step { FREED(v, c) -> bound[v] = 0; older[v] = 0 }
#define LOSS(v, a, b) \
    :: d_step { MAY_LOSE(v) -> lost[v] = 1; if :: v < 2 -> node_dies(v % 2) :: else fi } \
    :: d_step { lost[v] -> learn(v, a) } \
    :: d_step { lost[v] -> learn(v, b) } \
    :: d_step { lost[v] && ENOUGH(v) && !((grants[0] | grants[1]) & BIT(v)) -> back(v); \
                if :: v < 2 -> new_life(v % 2) :: else fi }

active proctype cluster()
{
    byte e;
    do
    NODE(0)
    NODE(1)
#ifdef AMNESIA
    LOSS(0, 1, 2)
    LOSS(1, 0, 2)
    LOSS(2, 0, 1)
#endif
#ifdef BAD_FORGETS
    :: d_step { bound[WITNESS] -> bound[WITNESS] = 0 }
#endif
#ifdef BAD_FLOOR
    :: d_step { !bound[WITNESS] && floor[WITNESS] -> floor[WITNESS] = 0 }
#endif
    od
}
