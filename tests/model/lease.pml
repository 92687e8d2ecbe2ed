/* lease.pml - never two holders: clocks that drift, a network that loses, delays, doubles and
 * disorders, peers that crash. Numbers are in epoch.pml; README.md says why they can be apart.
 *
 * Nodes 0 and 1 claim and vote, the witness 2 votes. A tick is one unit of true time: meanwhile
 * each clock advances by SLOW or FAST units, chosen anew for each clock and each tick. All
 * lengths are counted down in units of the clock that measures them.
 *
 * Statements of a node: at most two are under way at once, a newer (slot 0) and an older one
 * (slot 1), each with its own way to each voter, and the answers to them. Not delivered is lost,
 * delivered later is delayed. The same statement by way of the third peer is the same one later
 * (relay); a copy of what was accepted already is refused by the order.
 *
 * What a node has given up is dead: a claim of it, or a promise to it, is told from a live one
 * and needs no number. */
#ifndef L0
#define L0 4                            /* leases of the three peers */
#endif
#ifndef L1
#define L1 L0
#endif
#ifndef L2
#define L2 L0
#endif
#ifndef SLOW
#define SLOW 1                          /* clock rates */
#define FAST 2
#endif
#ifdef BAD_MARGIN                       /* units of the margin left out */
#define USE(n) ((n) * SLOW / FAST + BAD_MARGIN)
#else
#define USE(n) ((n) * SLOW / FAST)      /* N3: what a holder trusts of a lease n */
#endif
#define MAX(a, b) ((a) > (b) -> (a) : (b))
#define LEASE(n) ((n) == 0 -> L0 : ((n) == 1 -> L1 : L2))
#define LONGEST MAX(L0, MAX(L1, L2))
#ifdef ONE                              /* one statement of each node under way at once */
#define ONE_ONLY true
#else
#define ONE_ONLY false
#endif
#ifdef BAD_OWN_LENGTH
#define LENGTH(v, c) LEASE(v)
#else
#define LENGTH(v, c) MAX(LEASE(v), LEASE(c))   /* V1 */
#endif
#define OTHER(c) (1 - (c))
#define WITNESS 2
#if defined(RESTART) || defined(AMNESIA) || defined(ROLLBACK)
#define ANY_CRASH
#endif
#define BIT(v) (1 << (v))

#define NONE 0
#define CLAIM 1
#define STALE 2      /* a claim that its author has given up since, or lost in a crash */
#define GIVEN 3      /* no claim; everything up to now is released */

/* Voters: promise to node holder - 1, for `left` by the own clock; live: to what that node still
 * claims. A node's promise to itself has no end while it claims. */
byte holder[3], left[3], silent[3];
bool live[3];
/* Nodes: a node holds while `lease` is above 0. */
bool claims[2];
byte lease[2];
/* Statements of node c under way: the newer at 2c, the older at 2c + 1. */
byte kind[4], age[4];
#ifdef ROLLBACK
bool held[4];        /* a claim that was held when it was said */
#define SET_HELD(s, is) held[s] = is;
#else
#define SET_HELD(s, is)
#endif
byte way[4];         /* voters that it may still reach */
byte answer[4];      /* voters whose grant that answers it is under way */

/* REACH=n: a state that must be reachable, so that no proof is empty. */
#ifndef REACH
#define REACH 0
#endif
#if REACH == 0
#define CHECK assert(!(lease[0] > 0 && lease[1] > 0))
#else
#define CHECK skip
byte story;          /* steps on the way to it */
#endif
#define SEEN(n) assert(REACH != n)

/* What nothing can come of is forgotten, so that equal situations are equal states. */
inline forget(s)
{
    SET_HELD(s, false) kind[s] = NONE; age[s] = 0; way[s] = 0; answer[s] = 0
}
inline move(from, to)
{
    SET_HELD(to, held[from]) kind[to] = kind[from]; age[to] = age[from]; way[to] = way[from];
    answer[to] = answer[from]
}
inline tidy(c)
{
    if
    :: kind[2*c + 1] && way[2*c + 1] == 0 && answer[2*c + 1] == 0 -> forget(2*c + 1)
    :: else
    fi;
    if
    :: kind[2*c] && way[2*c] == 0 && answer[2*c] == 0 -> move(2*c + 1, 2*c); forget(2*c + 1)
    :: else
    fi
}
inline free(v)
{
    holder[v] = 0; left[v] = 0; live[v] = 0
}

/* From now on the claim of node c is dead, wherever it is. */
#ifdef BAD_REVIVED                      /* grants that still wait in the socket count */
#define AGES(s) (kind[s] != NONE)
#else
#define AGES(s) (kind[s] == CLAIM)
#endif
inline kill(c, s)
{
#ifndef BAD_REVIVED
    answer[s] = 0; age[s] = 0;
#endif
    if :: kind[s] == CLAIM -> kind[s] = STALE :: else fi
}
inline end_claim(c)
{
    claims[c] = 0; lease[c] = 0;
    kill(c, 2*c); kill(c, 2*c + 1);
    if :: holder[OTHER(c)] == c + 1 -> live[OTHER(c)] = 0 :: else fi;
    if :: holder[WITNESS] == c + 1 -> live[WITNESS] = 0 :: else fi
}
/* Rules N4, N5, N7: given up for good, and the promise to oneself with it. */
inline give_up(c)
{
    end_claim(c);
    if :: holder[c] == c + 1 -> free(c) :: else fi
}

/* Rule N1. The self-promise is durable before the claim is said: no statement before that. */
inline begin(c)
{
    claims[c] = 1; left[c] = 0;
#ifndef BAD_SELF
    holder[c] = c + 1; live[c] = 1
#endif
}

/* A third statement while two are under way: one of those is lost. */
inline say(c, what)
{
    if
#ifndef ONE
    :: kind[2*c] -> d_step { move(2*c, 2*c + 1) }
#endif
    :: ONE_ONLY || kind[2*c] == NONE || kind[2*c + 1] -> skip
    fi;
    d_step {
        SET_HELD(2*c, what == CLAIM && lease[c] > 0)
        kind[2*c] = what; age[2*c] = 0; answer[2*c] = 0;
        way[2*c] = BIT(OTHER(c)) | BIT(WITNESS)
    }
}

/* Order: what was accepted, and what is older, is never accepted again. Between two boots of the
 * author it is not relied on: in runs with crashes, a late statement may come after any other. */
inline in_order(c, v, s)
{
#ifndef BAD_ORDER
    way[s] = way[s] & ~BIT(v);
#ifndef ANY_CRASH
    if :: s == 2*c -> way[s + 1] = way[s + 1] & ~BIT(v) :: else fi
#endif
#endif
    skip
}

/* V2, and V3 as far as it concerns one node: not back below the number promised to it.
 * V5: silent, a voter renews only what it stored, and only while that is held. */
#if !defined(ROLLBACK) || defined(BAD_RENEWS)
#define RENEWS(s) true
#else
#define RENEWS(s) held[s]
#endif
#ifdef NO_RESUME
#define RESUMES false
#else
#define RESUMES true
#endif
#ifdef BAD_SECOND
#define MAY(c, v, s) true
#elif defined(BAD_LOWER)
#define MAY(c, v, s) (holder[v] == 0 && silent[v] == 0 || holder[v] == c + 1)
#else
#define MAY(c, v, s) (holder[v] == 0 && silent[v] == 0 || holder[v] == c + 1 && \
                      (kind[s] == CLAIM || !live[v]) && \
                      (silent[v] == 0 || live[v] == (kind[s] == CLAIM) && RENEWS(s)))
#endif
inline promise(c, v, s)
{
    holder[v] = c + 1; left[v] = LENGTH(v, c); live[v] = (kind[s] == CLAIM);
    if :: live[v] && age[s] < USE(LEASE(c)) -> answer[s] = answer[s] | BIT(v) :: else fi
}

/* V6, after the claim of the same statement: it frees only what its author has given up. */
#ifdef BAD_RELEASE
#define FREES(v, s) (kind[s] == GIVEN)
#else
#define FREES(v, s) !live[v]
#endif
/* Voter v accepts the statement in slot s of node c. A claim may be found too old (V1): then
 * only its `released` counts. */
inline hear(c, v, s)
{
    if
    :: kind[s] != GIVEN && MAY(c, v, s) -> d_step { promise(c, v, s) }
    :: holder[v] == c + 1 && FREES(v, s) -> d_step { free(v) }
    :: kind[s] == GIVEN || !MAY(c, v, s) -> skip
#ifdef BAD_ANSWERS                      /* V1: `answers` without the end of the promise */
    :: kind[s] == CLAIM && holder[v] == c + 1 && live[v] -> answer[s] = answer[s] | BIT(v)
#endif
    fi;
    d_step { in_order(c, v, s); tidy(c) }
}

/* Rule N3: counted from the sending of the answered statement. */
#ifdef BAD_ARRIVAL
#define BACKS(c, s) USE(LEASE(c))
#else
#define BACKS(c, s) (USE(LEASE(c)) - age[s])
#endif
inline take(c, v, s)
{
    answer[s] = answer[s] & ~BIT(v);
#if REACH
    if
    :: story == 1 && c == 1 -> SEEN(2)
    :: story == 2 && c == 0 -> SEEN(3)
    :: s == 2*c + 1 && lease[c] > 0 && BACKS(c, s) > lease[c] -> SEEN(4)
    :: claims[OTHER(c)] && kind[2*OTHER(c)] == CLAIM -> SEEN(5)
    :: else -> SEEN(1)
    fi;
    if :: c == 0 && story == 0 -> story = 1 :: else fi;
#endif
    lease[c] = MAX(lease[c], BACKS(c, s));
    tidy(c); CHECK
}

#define LESS(x) x = (x > d -> x - d : 0)
inline statement_time(c, s)
{
    if
    :: AGES(s) && age[s] + d < USE(LEASE(c)) -> age[s] = age[s] + d
    :: AGES(s) && age[s] + d >= USE(LEASE(c)) ->
        age[s] = USE(LEASE(c));
#ifndef BAD_ARRIVAL
        answer[s] = 0
#endif
    :: else
    fi
}
/* Rule N4: at the very instant. A lease that ended is gone with its claim. */
inline node_time(c)
{
    if
    :: lease[c] > 0 -> LESS(lease[c]); if :: lease[c] == 0 -> give_up(c) :: else fi
    :: else
    fi;
    statement_time(c, 2*c); statement_time(c, 2*c + 1);
    tidy(c)
}
/* A clock that measures nothing needs no choice. */
#define IDLE(v) (left[v] == 0 && silent[v] == 0 && (v == WITNESS || \
                 (lease[v%2] == 0 && !AGES(2*(v%2)) && !AGES(2*(v%2) + 1))))
inline rate(v)
{
    if
    :: d = SLOW
    :: !IDLE(v) -> d = FAST
#ifdef BAD_CLOCK
    :: d = 0
#endif
    fi
}
inline voter_time(v)
{
    LESS(silent[v]);
    if
    :: left[v] > 0 -> LESS(left[v]); if :: left[v] == 0 -> free(v) :: else fi
    :: else
    fi
}

/* A crash ends the claim of a node without a word; what it said stays under way. */
inline node_dies(c)
{
    end_claim(c);
#if REACH
    if :: c == 0 && story == 1 -> story = 2 :: else fi;
#endif
    tidy(c)
}
/* V5: bound to the stored holder for the stored length. Left out, since they only forbid more:
 * the silence meanwhile, and that a promise that had run out binds once more. */
inline restart(v)
{
#ifdef BAD_FORGETS
    free(v)
#else
    if
#ifdef BAD_STORED
    :: holder[v] -> left[v] = LEASE(v)
#else
    :: holder[v] -> left[v] = LENGTH(v, holder[v] - 1)
#endif
    :: else
    fi;
    if :: holder[v] == v + 1 -> live[v] = 0 :: else fi
#endif
}
/* V5 with an old file, or the right one: bound, and silent. Any holder, a number that is still
 * claimed or one that is not. */
inline restart_old(v)
{
    free(v);
    if
    :: skip
    :: holder[v] = 1; live[v] = claims[0]
    :: holder[v] = 1
    :: holder[v] = 2; live[v] = claims[1]
    :: holder[v] = 2
    fi;
    if :: holder[v] -> left[v] = LEASE(v) :: else fi;
#ifndef BAD_SILENCE
    silent[v] = LEASE(v)
#endif
}
/* V5: and until both others were heard, see epoch.pml. */
inline restart_empty(v)
{
    free(v);
#if defined(BAD_OWN_SILENCE)
    silent[v] = LEASE(v)
#elif !defined(BAD_AT_ONCE)
    silent[v] = LONGEST
#endif
}

#define TURN(c) \
    :: d_step { !claims[c] && (silent[c] == 0 && holder[c] == 0 || \
                             holder[c] == c + 1 && (silent[c] == 0 || RESUMES)) -> \
                begin(c) } \
    :: atomic { claims[c] -> say(c, CLAIM) } \
    :: d_step { claims[c] -> give_up(c); tidy(c) } \
    HEARS(c, OTHER(c)) HEARS(c, WITNESS)
#define HEARS(c, v) \
    :: atomic { way[2*c] & BIT(v) -> hear(c, v, 2*c) } \
    :: d_step { answer[2*c] & BIT(v) -> take(c, v, 2*c) } \
    HEARS_OLDER(c, v)
#ifdef ONE
#define HEARS_OLDER(c, v)
#else
#define HEARS_OLDER(c, v) \
    :: atomic { way[2*c + 1] & BIT(v) -> hear(c, v, 2*c + 1) } \
    :: d_step { answer[2*c + 1] & BIT(v) -> take(c, v, 2*c + 1) }
#endif
/* V6, N7: what was given up is said, when anybody could care; a restarted node first ends its
 * standing (DEMOTED). */
#define CARES(c, v) (holder[v] == c + 1 || (way[2*c] & BIT(v)))
#define RELEASES(c) \
    :: atomic { !claims[c] && holder[c] != c + 1 && kind[2*c] != GIVEN && \
                (CARES(c, OTHER(c)) || CARES(c, WITNESS)) -> say(c, GIVEN) } \
    :: d_step { !claims[c] && holder[c] == c + 1 -> free(c) }
#define CRASH(how) \
    :: atomic { d_step { node_dies(0) } how(0) } \
    :: atomic { d_step { node_dies(1) } how(1) } \
    :: atomic { how(WITNESS) }

active proctype cluster()
{
    byte d;
    do
    :: atomic { rate(0); d_step { voter_time(0); node_time(0) }
                rate(1); d_step { voter_time(1); node_time(1) }
                rate(WITNESS); d_step { voter_time(WITNESS); d = 0; CHECK } }
    TURN(0)
    TURN(1)
#ifdef RELEASE
    RELEASES(0)
    RELEASES(1)
#endif
#ifdef BAD_RELEASE_FIRST
    :: atomic { lease[0] > 0 && claims[0] -> d = lease[0]; give_up(0); lease[0] = d; d = 0;
                say(0, GIVEN) }
#endif
#ifdef RESTART
    CRASH(restart)
#endif
#ifdef AMNESIA
    CRASH(restart_empty)
#endif
#ifdef ROLLBACK
    CRASH(restart_old)
#endif
    od
}
