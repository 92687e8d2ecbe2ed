/* window.pml - rule V1: a holder that sends but hears nothing binds a voter for half a lease
 * more, not for two leases. One node and one voter; every age is by the voter's clock, which is
 * the only one that the rule reads. */
#ifndef LEASE
#define LEASE 8
#endif
#if defined(BAD_WINDOW)                 /* fresh would be enough */
#define WINDOW LEASE
#elif defined(BAD_NO_WINDOW)
#define WINDOW (FAR + 1)
#else
#define WINDOW (LEASE / 2)
#endif
#define PROMISED (LEASE + LEASE / 2)    /* the bound that the specification promises */
#define FAR (3 * LEASE)                 /* ages above are all the same */
#define NOTHING 255

byte ear = FAR;      /* age of the voter's newest statement that the node has accepted */
byte deaf = FAR;     /* how long ago it accepted it */
byte way[2] = NOTHING;   /* the node's statements under way, newer and older: age of the echo */
byte left;           /* what is left of the promise */

#ifdef REACH
#define CHECK assert(!(left == 1 && deaf == PROMISED - 2))   /* the bound is met */
#else
#define CHECK assert(left == 0 || deaf < PROMISED)
#endif

inline older(x)
{
    if :: x < FAR -> x++ :: else fi
}
inline tick()
{
    older(ear); older(deaf);
    if :: way[0] != NOTHING -> older(way[0]) :: else fi;
    if :: way[1] != NOTHING -> older(way[1]) :: else fi;
    if :: left > 0 -> left-- :: else fi
}
/* Of the voter's statements any may come now, however late, that is newer than the last. */
inline node_hears()
{
    a = 0;
    do
    :: a + 1 < ear -> a++
    :: break
    od;
    d_step { ear = a; deaf = 0; a = 0 }
}
inline voter_hears(s)
{
    if :: way[s] < WINDOW -> left = LEASE :: else fi;
    way[s] = NOTHING;
    if :: s == 0 -> way[1] = NOTHING :: else fi
}

active proctype pair()
{
    byte a;
    do
    :: d_step { tick(); CHECK }
    :: atomic { ear > 0 -> node_hears() }
    :: d_step { ear < FAR -> way[1] = way[0]; way[0] = ear }    /* says it, the older one kept */
    :: d_step { ear < FAR && way[1] != NOTHING -> way[0] = ear }
    :: d_step { way[0] != NOTHING -> voter_hears(0) }
    :: d_step { way[1] != NOTHING -> voter_hears(1) }
    od
}
