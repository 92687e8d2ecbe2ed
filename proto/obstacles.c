#include "obstacles.h"

void obstacles_add(struct obstacles *obstacles, struct obstacle obstacle)
{
    if (obstacles->count < OBSTACLE_COUNT_MAX)
        obstacles->list[obstacles->count++] = obstacle;
}
