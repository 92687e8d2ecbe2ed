#include "proto/obstacles.h"

#include "tests/lib/check.h"

TEST(obstacles_stand_in_the_order_they_were_found)
{
    struct obstacles list = {.count = 0};
    obstacles_add(&list, (struct obstacle){REASON_NOT_FIT, PEER_NONE, 0, 7});
    obstacles_add(&list, (struct obstacle){REASON_NO_BACKER, 2, 9, MONO_NEVER});
    CHECK_EQ(list.count, 2);
    CHECK_EQ(list.list[0].reason, REASON_NOT_FIT);
    CHECK_EQ(list.list[0].until, 7);
    CHECK_EQ(list.list[1].peer, 2);
}

TEST(a_full_list_stays_full_and_writes_nowhere_else)
{
    struct {
        struct obstacles list;
        uint64_t guard;
    } box = {.guard = 0x1234};
    for (size_t i = 0; i < OBSTACLE_COUNT_MAX + 5; i++)
        obstacles_add(&box.list, (struct obstacle){REASON_NOT_FIT, (uint8_t)i, 0, 0});
    CHECK_EQ(box.list.count, OBSTACLE_COUNT_MAX);
    CHECK_EQ(box.list.list[OBSTACLE_COUNT_MAX - 1].peer, OBSTACLE_COUNT_MAX - 1);
    CHECK_EQ(box.guard, 0x1234);
}

CHECK_MAIN
