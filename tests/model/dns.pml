/* dns.pml - the fence beside the floating record only grows, whatever is late. Not even the lease
 * is relied on: a node may act on any number that it ever held, as after a freeze. From epoch.pml
 * comes only that numbers of elections rise. */
#ifndef TOP
#define TOP 6
#endif
#define NOTHING 255

byte fence;          /* at the server; 0 = none yet */
byte number[2];      /* node's number, 0 = none: even for node 0, odd for node 1 */
byte last;           /* highest number of any election */
byte saw[2] = NOTHING;   /* what the node has read and not yet acted on */
/* Requests under way, two of each node: they land late, more than once, or never. */
byte old[4], new[4];
byte written[2];     /* highest number that the node found there as its own: record-written */

#ifdef REACH         /* a write that was overtaken is refused, and both nodes have written */
#define REFUSED assert(!(written[0] && written[1] && new[0] < fence))
#else
#define REFUSED skip
#endif

/* Elected, or re-numbered after a higher fence was seen (N6). */
inline elect(c)
{
    e = last + 1 + ((last + 1) % 2 != c);
    number[c] = e; last = e; e = 0
}
inline read(c)
{
    saw[c] = fence
}
/* record_plan: absent or lower: write. Its own: written. Higher: nothing. */
inline act(c)
{
    if
#ifdef BAD_PLAN
    :: saw[c] != number[c] ->
#else
    :: saw[c] < number[c] ->
#endif
        if
        :: old[2*c + 1] = old[2*c]; new[2*c + 1] = new[2*c]
        :: skip
        fi;
        old[2*c] = saw[c]; new[2*c] = number[c]
    :: saw[c] == number[c] -> written[c] = number[c]
    :: else
    fi;
    saw[c] = NOTHING
}
/* One update with a prerequisite: the exact fence that was read. */
inline land(i)
{
    if
#ifdef BAD_COMPARE
    :: true ->
#else
    :: fence == old[i] ->
#endif
        assert(new[i] >= fence);
        fence = new[i];
        assert(fence >= written[0] && fence >= written[1])
    :: else -> REFUSED
    fi
}

#define NODE(c) \
    :: d_step { last + 1 + ((last + 1) % 2 != c) <= TOP -> elect(c) } \
    :: d_step { number[c] && saw[c] == NOTHING -> read(c) } \
    :: atomic { saw[c] != NOTHING -> act(c) } \
    :: atomic { new[2*c] -> land(2*c) } \
    :: atomic { new[2*c + 1] -> land(2*c + 1) }

active proctype world()
{
    byte e;
    do
    NODE(0)
    NODE(1)
    od
}
