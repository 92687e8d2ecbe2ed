/* holdfast-witness — the third voter: never holds, and links nothing that a node needs.
 *
 * Happy path: the station runs, with nothing added to it.
 * Failure modes: those of the station. */
#include "../agent/peer/station.h"

int main(int argc, char **argv)
{
    struct station_program program = {
        .name = "holdfast-witness",
        .first_line = "holdfast-witness - the third voter of the pair",
        .witness = true,
    };
    return station_run(&program, argc, argv);
}
